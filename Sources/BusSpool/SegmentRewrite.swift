internal import BusProtocol

/// Writes a segment anew out of what was saved. In the place of each event that is lost it puts one that says so: the
/// offsets have no holes, none is given twice, and nobody who reads on passes a loss in silence.
struct SegmentRewrite {
  /// The topic of what stands where an event is lost. Its data says which: `{"offset":15}`.
  static let topic = "event_lost"

  private(set) var segment: Segment
  private let file: DiskFile
  private var encoder = SegmentEncoder()
  private var group: [UInt8] = []
  private let random: () -> UInt64
  private let now: Timestamp

  init(
    _ header: SegmentHeader, in directory: SpoolDirectory, after time: Timestamp, now: Timestamp,
    random: @escaping () -> UInt64
  ) throws(SpoolError) {
    file = try directory.put(header.bytes, as: SpoolDirectory.segmentName(header.base))
    segment = Segment(header)
    segment.lastTime = time
    (self.now, self.random) = (now, random)
  }

  /// Appends a record that was saved, in the form of the wire.
  mutating func append(_ record: RecordHeader, _ bytes: [UInt8]) throws(SpoolError) {
    group.append(contentsOf: bytes)
    segment.last = record.offset
    segment.lastTime = max(segment.lastTime, record.recordedAt)
    if group.count >= 1 << 20 { try write() }
  }

  /// Puts the news of their loss where events were, up to an offset.
  ///
  /// - Parameter sequence: that of the last such news; moved on.
  mutating func fill(through end: Offset, sequence: inout UInt64) throws(SpoolError) {
    while segment.last < end {
      let offset = segment.last.next
      sequence += 1
      let (record, bytes) = try news(of: offset, sequence)
      try append(record, bytes)
    }
  }

  private func news(of offset: Offset, _ sequence: UInt64) throws(SpoolError) -> (RecordHeader, [UInt8]) {
    do throws(ProtocolError) {
      var event = Event(
        id: EventID(at: now, random: (random(), random())), topic: try Topic(SegmentRewrite.topic),
        data: Array("{\"offset\":\(offset.rawValue)}".utf8), time: now)
      (event.offset, event.sequence, event.recordedAt) = (offset, sequence, segment.lastTime)
      var bytes: [UInt8] = []
      try Record.append(event, to: &bytes)
      return (try RecordHeader(bytes.span.bytes), bytes)
    } catch {
      throw SpoolError(.badRecord, "the loss of event \(offset) cannot be written: \(error)")
    }
  }

  /// Brings all of it to disk.
  mutating func finish() throws(SpoolError) {
    try write()
    try file.sync()
  }

  private mutating func write() throws(SpoolError) {
    guard !group.isEmpty else { return }
    encoder.encode(group, at: segment.place())
    try file.write(encoder.buffer.span.bytes.extracting(first: encoder.byteCount), at: segment.end)
    segment.extend(
      to: encoder.last, at: encoder.lastTime, byteCount: encoder.byteCount, marks: encoder.marks)
    group.removeAll(keepingCapacity: true)
  }
}
