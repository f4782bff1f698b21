package import BusProtocol

/// Decides what a listener may believe: live events when nothing was missed, reading from the spool when something was.
///
/// It is complete through an offset: everything wanted up to there was delivered. At each mark it compares how many
/// events of the wanted topics came with how many there were. Never a silent gap, never an event twice, always in
/// order.
package struct LiveFollower {
  /// What to do.
  package enum Action: Equatable {
    /// Hand on: records one behind the other, in which only what lies behind `after` counts.
    case deliver(after: Offset, through: Offset, records: [[UInt8]], missing: ClosedRange<UInt64>?)
    /// Ask busd for what follows the offset; the answer comes to ``answered(_:)`` or ``readFailed()``.
    case read(after: Offset)
    /// The log is another one: offsets mean nothing here any more.
    case logChanged
  }

  /// A live message: events of one topic that followed each other.
  private struct Arrival {
    var topic: [UInt8]
    var records: [UInt8]
    var first: Offset
    var last: Offset
    var count = 0
  }

  /// More than this between two marks is not kept: it is read from the spool instead.
  static let maximumBufferByteCount = 64 << 20

  let filter: TopicFilter
  package private(set) var through: Offset
  private var log: LogID?
  private var buffer: [Arrival] = []
  private var bufferByteCount = 0
  /// Whether all that came since the last mark is in the buffer.
  private var isBufferWhole = true
  private var isReading = false
  /// The listener has enough for now: what comes meanwhile is read later.
  private var isHeld = false
  /// The highest offset that is known to be on disk.
  private var head: Offset
  private var announced: Offset

  package init(patterns: [TopicPattern], after: Offset) {
    filter = TopicFilter(patterns)
    through = after
    announced = after
    head = after
  }

  /// A session began: where the log ends, and which one it is.
  package mutating func sessionBegan(log: LogID, head: Offset) -> Action? {
    if let known = self.log, known != log { return .logChanged }
    self.log = log
    self.head = max(self.head, head)
    return readIfBehind()
  }

  /// busd says how far it is, where nothing comes live.
  mutating func headMoved(to head: Offset) -> Action? {
    self.head = max(self.head, head)
    return readIfBehind()
  }

  /// Events came live; they count once their mark has come.
  package mutating func received(topic: [UInt8], records: [UInt8]) throws(ProtocolError) {
    guard filter.wants(topic[...]) else { return }
    guard !isReading, !isHeld, bufferByteCount + records.count <= LiveFollower.maximumBufferByteCount else {
      dropBuffer()
      isBufferWhole = false
      return
    }
    guard let arrival = try LiveFollower.arrival(topic: topic, records: records) else { return }
    buffer.append(arrival)
    bufferByteCount += records.count
  }

  private static func arrival(topic: [UInt8], records: [UInt8]) throws(ProtocolError) -> Arrival? {
    var arrival: Arrival?
    var position = 0
    while position < records.count {
      let header = try RecordHeader(records.span.bytes, at: position)
      position += header.recordByteCount
      guard header.offset > arrival?.last ?? .zero, position <= records.count else {
        throw ProtocolError(.badMessage, "the live events at \(header.offset) are out of order or cut short")
      }
      if arrival == nil {
        arrival = Arrival(topic: topic, records: records, first: header.offset, last: header.offset)
      }
      arrival?.last = header.offset
      arrival?.count += 1
    }
    return arrival
  }

  /// A batch is over.
  package mutating func received(_ mark: Mark) -> Action? {
    defer {
      dropBuffer()
      isBufferWhole = true
    }
    if let log, mark.log != log { return .logChanged }
    log = mark.log
    head = max(head, mark.through)
    guard mark.through > through else { return mark.counts.isEmpty ? announce() : nil }
    guard !isReading, !isHeld else { return nil }
    guard mark.after <= through, isComplete(mark) else { return readIfBehind() }
    let fresh = buffer.filter { $0.last > through }
    through = mark.through
    guard !fresh.isEmpty else { return mark.counts.isEmpty ? announce() : nil }
    // Stretches join: what lies between the last one and this batch held nothing that was wanted.
    defer { announced = through }
    return .deliver(after: announced, through: through, records: fresh.map(\.records), missing: nil)
  }

  /// Whether each wanted event of the batch is in the buffer. Only those whose offsets lie in the batch count: one that
  /// came late, from before, would make up for one that is lost.
  private func isComplete(_ mark: Mark) -> Bool {
    guard isBufferWhole else { return false }
    var counts: [[UInt8]: Int] = [:]
    var last = Offset.zero
    for arrival in buffer {
      guard arrival.first > last else { return false }
      last = arrival.last
      guard arrival.last > mark.after else { continue }
      guard arrival.first > mark.after, arrival.last <= mark.through else { return false }
      counts[arrival.topic, default: 0] += arrival.count
    }
    return mark.counts.allSatisfy { topic, count in
      let bytes = Array(topic.utf8)
      return !filter.wants(bytes[...]) || counts[bytes, default: 0] == count
    }
  }

  /// Says how far it is although nothing was wanted: the listener's cursor moves too.
  private mutating func announce() -> Action? {
    guard announced < through, !isReading, !isHeld else { return nil }
    defer { announced = through }
    return .deliver(after: announced, through: through, records: [], missing: nil)
  }

  /// busd answered a read.
  package mutating func answered(_ chunk: EventsChunk) -> [Action] {
    isReading = false
    head = max(head, chunk.head)
    guard chunk.through > through || chunk.missing != nil else { return [] }
    let before = announced
    through = max(through, chunk.through)
    announced = through
    let delivery = Action.deliver(
      after: before, through: through, records: chunk.records.isEmpty ? [] : [chunk.records],
      missing: chunk.missing)
    return [delivery] + (readIfBehind().map { [$0] } ?? [])
  }

  /// A read was not answered, or refused: it is asked again at the next sign of life, or of none.
  package mutating func readFailed() { isReading = false }

  /// Nothing comes live, not even heartbeats: reading shows whether there was anything.
  package mutating func wasSilent() -> Action? {
    guard !isReading, !isHeld else { return nil }
    isReading = true
    return .read(after: through)
  }

  /// The listener has enough; or it has room again, and what was missed meanwhile is read.
  package mutating func hold(_ isHeld: Bool) -> Action? {
    self.isHeld = isHeld
    return isHeld ? nil : readIfBehind()
  }

  private mutating func readIfBehind() -> Action? {
    guard through < head, !isReading, !isHeld else { return nil }
    isReading = true
    return .read(after: through)
  }

  private mutating func dropBuffer() {
    buffer = []
    bufferByteCount = 0
  }
}
