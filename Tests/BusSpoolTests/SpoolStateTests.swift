import BusProtocol
import Testing

@testable import BusSpool

struct SpoolStateTests {
  private static let header = SegmentHeader(
    log: LogID(high: 1, low: 2), salt: 3, base: Offset(4), createdAt: Bench.start)

  private func state(_ count: Int) -> SpoolState {
    var state = SpoolState()
    for number in 1...count {
      let time = Bench.start + .seconds(number)
      _ = state.number("topic_\(number % 50)", at: Offset(UInt64(number)), time)
      state.take(UInt64(number), of: PublisherID(high: 1, low: UInt64(number % 70)), time)
    }
    state.commit()
    return state
  }

  @Test func `the side file gives back the state`() throws {
    let state = state(1000)
    let bytes = state.bytes(log: LogID(high: 1, low: 2), base: Offset(4))
    let read = try #require(SpoolState(bytes, of: SpoolStateTests.header))
    #expect(read.topics == state.topics && read.publishers == state.publishers)
    for position in stride(from: 0, to: bytes.count, by: 13) {
      var flipped = bytes
      flipped[position] ^= 8
      #expect(SpoolState(flipped, of: SpoolStateTests.header) == nil)
      #expect(SpoolState(Array(bytes.prefix(position)), of: SpoolStateTests.header) == nil)
    }
  }

  @Test func `a roll back undoes what was appended since the commit`() {
    var state = state(100)
    let before = state
    for number in 1...100 {
      _ = state.number("topic_\(number)", at: Offset(200), Bench.start)
      state.take(UInt64(1000 + number), of: PublisherID(high: UInt64(number % 3), low: 5), Bench.start)
    }
    state.rollBack()
    #expect(state.topics == before.topics && state.publishers == before.publishers)
  }

  @Test func `publishers beyond the limit are forgotten after a week, never sooner`() {
    var state = SpoolState()
    for number in 1...20 {
      state.take(1, of: PublisherID(high: 0, low: UInt64(number)), Bench.start + .days(number))
    }
    var within = state
    within.evict(SpoolState.Limits(publishers: 20), now: Bench.start + .days(30))
    #expect(within.publishers.count == 20)
    state.evict(SpoolState.Limits(publishers: 5), now: Bench.start + .days(20))
    #expect(Set(state.publishers.keys.map(\.low)) == Set(13...20))
  }

  @Test func `a topic that was forgotten goes on above its number`() {
    var state = SpoolState()
    for number in 1...30 {
      for _ in 0..<number { _ = state.number("topic_\(number)", at: Offset(UInt64(number)), Bench.start) }
    }
    state.evict(SpoolState.Limits(topics: 20), now: Bench.start)
    #expect(state.topics.count == 18 && state.topics["topic_13"] != nil)
    #expect(state.number("topic_12", at: Offset(31), Bench.start) == 13)
    #expect(state.number("topic_30", at: Offset(32), Bench.start) == 31)
  }
}

extension SpoolState {
  mutating func number(_ topic: String, at offset: Offset, _ time: Timestamp) -> UInt64 {
    number(Array(topic.utf8)[...], at: offset, time)
  }
}
