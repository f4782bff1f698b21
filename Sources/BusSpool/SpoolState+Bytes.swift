internal import BusProtocol

// The side file of the state as of a segment's start ("BUSSTA01"), after the log id:
//   base u64 · forgotten sequence u64
//   number of topics u32, each: text · sequence u64 · offset u64 · time i64
//   number of publishers u32, each: id (two halves) · sequence u64 · time i64

extension SpoolState {
  private static let magic: UInt64 = 0x3130_4154_5353_5542

  /// The file's bytes.
  func bytes(log: LogID, base: Offset) -> [UInt8] {
    var writer = SideFileWriter(log: log)
    writer.put(base.rawValue)
    writer.put(forgottenSequence)
    writer.put(UInt32(topics.count))
    for (topic, entry) in topics {
      writer.put(topic)
      writer.put(entry.sequence)
      writer.put(entry.offset.rawValue)
      writer.put(entry.time.microseconds)
    }
    writer.put(UInt32(publishers.count))
    for (publisher, entry) in publishers {
      writer.put(publisher.high)
      writer.put(publisher.low)
      writer.put(entry.sequence)
      writer.put(entry.time.microseconds)
    }
    return writer.bytes(magic: SpoolState.magic)
  }

  /// Reads the file; nil when it is damaged or of another segment.
  init?(_ bytes: [UInt8], of header: SegmentHeader) {
    guard var reader = SideFileReader(bytes, magic: SpoolState.magic), reader.log == header.log,
      reader.offset() == header.base, let forgotten = reader.number(UInt64.self)
    else { return nil }
    self.init()
    forgottenSequence = forgotten
    guard readTopics(from: &reader), readPublishers(from: &reader) else { return nil }
  }

  private mutating func readTopics(from reader: inout SideFileReader) -> Bool {
    guard let count = reader.number(UInt32.self) else { return false }
    for _ in 0..<count {
      guard let topic = reader.text(), let sequence = reader.number(UInt64.self), let offset = reader.offset(),
        let time = reader.time()
      else { return false }
      topics[topic] = TopicEntry(sequence: sequence, offset: offset, time: time)
    }
    return true
  }

  private mutating func readPublishers(from reader: inout SideFileReader) -> Bool {
    guard let count = reader.number(UInt32.self) else { return false }
    for _ in 0..<count {
      guard let high = reader.number(UInt64.self), let low = reader.number(UInt64.self),
        let sequence = reader.number(UInt64.self), let time = reader.time()
      else { return false }
      publishers[PublisherKey(high: high, low: low)] = PublisherEntry(sequence: sequence, time: time)
    }
    return true
  }
}
