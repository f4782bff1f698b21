import BusProtocol
import Testing

@testable import Bus

/// A listener against a log: whatever is lost, late or doubled, it gets every wanted event once, in order, without gaps.
struct LiveFollowerTests {
  let log = LogID(high: 1, low: 1)

  private func record(_ offset: UInt64, topic: Topic = "wanted") throws -> [UInt8] {
    var event = Event(
      id: EventID(high: 0, low: offset), topic: topic, data: [123, 125], time: Timestamp(microseconds: 1))
    event.offset = Offset(offset)
    var bytes: [UInt8] = []
    try Record.append(event, to: &bytes)
    return bytes
  }

  private func follower(after: UInt64 = 0, head: UInt64 = 0) -> LiveFollower {
    var follower = LiveFollower(patterns: ["wanted"], after: Offset(after))
    #expect(follower.sessionBegan(log: log, head: Offset(head)) == (head > after ? .read(after: Offset(after)) : nil))
    return follower
  }

  private func mark(_ after: UInt64, _ through: UInt64, _ wanted: Int = 0, other: Int = 0) -> Mark {
    var counts: [String: Int] = [:]
    if wanted > 0 { counts["wanted"] = wanted }
    if other > 0 { counts["other"] = other }
    return Mark(log: log, after: Offset(after), through: Offset(through), counts: counts)
  }

  @Test func `a whole batch is delivered at its mark`() throws {
    var follower = follower()
    let bytes = try record(1)
    try follower.received(topic: Array("wanted".utf8), records: bytes)
    #expect(
      follower.received(mark(0, 1, 1)) == .deliver(after: .zero, through: Offset(1), records: [bytes], missing: nil))
  }

  @Test func `stretches join also where batches between them held nothing that was wanted`() throws {
    var follower = follower()
    #expect(follower.received(mark(0, 5, other: 5)) == nil)
    let bytes = try record(6)
    try follower.received(topic: Array("wanted".utf8), records: bytes)
    #expect(
      follower.received(mark(5, 6, 1)) == .deliver(after: .zero, through: Offset(6), records: [bytes], missing: nil))
  }

  @Test func `a heartbeat moves the listener over what it did not want`() {
    var follower = follower()
    #expect(follower.received(mark(0, 5, other: 5)) == nil)
    #expect(follower.received(mark(5, 5)) == .deliver(after: .zero, through: Offset(5), records: [], missing: nil))
    #expect(follower.received(mark(5, 5)) == nil)
  }

  @Test func `I12 a missed event, a missed mark and a late join are read`() throws {
    var missed = follower()
    try missed.received(topic: Array("wanted".utf8), records: try record(1))
    #expect(missed.received(mark(0, 2, 2)) == .read(after: .zero))
    var skipped = follower()
    #expect(skipped.received(mark(3, 4, 1)) == .read(after: .zero))
    var late = follower(after: 2, head: 9)
    #expect(late.received(mark(9, 10, 1)) == nil, "one read at a time")
    let chunk = EventsChunk(through: Offset(10), head: Offset(10), records: [])
    #expect(
      late.answered(chunk) == [.deliver(after: Offset(2), through: Offset(10), records: [], missing: nil)])
  }

  @Test func `what came twice or belongs to an old batch is not delivered again`() throws {
    var follower = follower()
    let bytes = try record(1)
    try follower.received(topic: Array("wanted".utf8), records: bytes)
    _ = follower.received(mark(0, 1, 1))
    try follower.received(topic: Array("wanted".utf8), records: bytes)
    #expect(follower.received(mark(0, 1, 1)) == nil)
  }

  @Test func `a batch of which a part came while reading is read, not believed`() throws {
    var follower = follower(head: 3)
    try follower.received(topic: Array("wanted".utf8), records: try record(4))
    _ = follower.answered(EventsChunk(through: Offset(3), head: Offset(3), records: []))
    try follower.received(topic: Array("wanted".utf8), records: try record(5))
    #expect(follower.received(mark(3, 5, 2)) == .read(after: Offset(3)))
  }

  @Test func `a held listener keeps nothing, and reads when it has room again`() throws {
    var follower = follower()
    #expect(follower.hold(true) == nil)
    try follower.received(topic: Array("wanted".utf8), records: try record(1))
    #expect(follower.received(mark(0, 1, 1)) == nil)
    #expect(follower.hold(false) == .read(after: .zero))
  }

  @Test func `another log is said, not followed`() {
    var follower = follower()
    let other = Mark(log: LogID(high: 2, low: 2), after: .zero, through: Offset(1), counts: [:])
    #expect(follower.received(other) == .logChanged)
  }
}
