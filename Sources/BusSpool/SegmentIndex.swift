internal import BusProtocol

// The side file of a full segment ("BUSIDX01"), after the log id:
//   base u64 · salt u32 · last offset u64 · last time i64 · end u64
//   number of marks u32, each: offset u64 · time i64 · position u64
//   number of topics u32, each: text · time of the newest event i64

/// What stands in a full segment, so that opening and searching need not read it.
struct SegmentIndex {
  private static let magic: UInt64 = 0x3130_5844_4953_5542

  var segment: Segment
  /// When each topic was last written in this segment.
  var topics: [String: Timestamp]

  init(_ segment: Segment, topics: [String: Timestamp]) {
    self.segment = segment
    self.topics = topics
  }

  /// The file's bytes.
  var bytes: [UInt8] {
    var writer = SideFileWriter(log: segment.header.log)
    writer.put(segment.base.rawValue)
    writer.put(segment.header.salt)
    writer.put(segment.last.rawValue)
    writer.put(segment.lastTime.microseconds)
    writer.put(UInt64(segment.end))
    writer.put(UInt32(segment.marks.count))
    for mark in segment.marks {
      writer.put(mark.offset.rawValue)
      writer.put(mark.time.microseconds)
      writer.put(UInt64(mark.position))
    }
    writer.put(UInt32(topics.count))
    for (topic, time) in topics {
      writer.put(topic)
      writer.put(time.microseconds)
    }
    return writer.bytes(magic: SegmentIndex.magic)
  }

  /// What the file says of its segment's first page; nil when it is damaged. The moment is not known to it.
  static func header(_ bytes: [UInt8]) -> SegmentHeader? {
    guard var reader = SideFileReader(bytes, magic: magic), let base = reader.offset(),
      let salt = reader.number(UInt32.self), reader.offset() != nil, let time = reader.time()
    else { return nil }
    return SegmentHeader(log: reader.log, salt: salt, base: base, createdAt: time)
  }

  /// Reads the file; nil when it is damaged or not of this segment.
  init?(_ bytes: [UInt8], of header: SegmentHeader) {
    guard var reader = SideFileReader(bytes, magic: SegmentIndex.magic), reader.log == header.log,
      reader.offset() == header.base, reader.number() == header.salt, let last = reader.offset(),
      let lastTime = reader.time(), let end = reader.number(UInt64.self), let markCount = reader.number(UInt32.self)
    else { return nil }
    segment = Segment(header)
    segment.last = last
    segment.lastTime = lastTime
    segment.end = Int(clamping: end)
    for _ in 0..<markCount {
      guard let offset = reader.offset(), let time = reader.time(), let position = reader.number(UInt64.self) else {
        return nil
      }
      segment.marks.append(Segment.Mark(offset: offset, time: time, position: Int(clamping: position)))
    }
    guard let topicCount = reader.number(UInt32.self) else { return nil }
    topics = [:]
    for _ in 0..<topicCount {
      guard let topic = reader.text(), let time = reader.time() else { return nil }
      topics[topic] = time
    }
  }
}
