import BusProtocol
import Testing

@testable import BusBroker

@Suite struct MarkPaceTests {
  let log = LogID(high: 1, low: 2)
  let start = ContinuousClock.now

  private func mark(_ after: UInt64, _ through: UInt64, _ topic: String = "user_changed") -> Mark {
    Mark(log: log, after: Offset(after), through: Offset(through), counts: [topic: Int(through - after)])
  }

  @Test func `a mark of few events goes at once, and so does the one behind it`() {
    var pace = MarkPace()
    for number in 0..<10 as Range<UInt64> {
      let one = mark(number * 99, (number + 1) * 99)
      #expect(pace.take(one, listeners: 1, now: start) == one)
      #expect(pace.deadline == nil)
    }
  }

  @Test func `behind many events batches gather until they have cost 10 us each, and one mark tells of all`() {
    var pace = MarkPace()
    #expect(pace.take(mark(0, 300), listeners: 1, now: start) == mark(0, 300))
    #expect(pace.deadline == start + .milliseconds(3))
    #expect(pace.take(mark(300, 310), listeners: 1, now: start + .milliseconds(1)) == nil)
    #expect(pace.take(mark(310, 315, "order_paid"), listeners: 1, now: start + .milliseconds(2)) == nil)
    #expect(pace.take(mark(315, 316), listeners: 1, now: start + .milliseconds(2)) == nil)
    #expect(pace.due(listeners: 1, now: start + .milliseconds(2)) == nil)
    let all = pace.due(listeners: 1, now: start + .milliseconds(3))
    let counts = ["user_changed": 11, "order_paid": 5]
    #expect(all == Mark(log: log, after: Offset(300), through: Offset(316), counts: counts))
    #expect(pace.due(listeners: 1, now: start + .milliseconds(4)) == nil, "it was told once")
    #expect(pace.take(mark(316, 317), listeners: 1, now: start + .milliseconds(4)) == mark(316, 317))
  }

  @Test func `no mark waits for more than 10 ms, however many events the last one had`() {
    var pace = MarkPace()
    #expect(pace.take(mark(0, 1 << 40), listeners: 1, now: start) != nil)
    #expect(pace.deadline == start + .milliseconds(10))
    // The timer was late: the batch that comes meanwhile takes what waits with it.
    #expect(pace.take(mark(0, 5), listeners: 1, now: start + .milliseconds(9)) == nil)
    #expect(pace.take(mark(5, 9), listeners: 1, now: start + .milliseconds(10)) == mark(0, 9))
  }

  @Test(arguments: [(0, 10), (5, 10), (6, 12), (10, 20), (25, 50), (100_000, 50), (Int.max, 50)])
  func `the more processes hear it, the longer a mark may wait`(listeners: Int, longest: Int) {
    var pace = MarkPace()
    #expect(pace.take(mark(0, 1 << 40), listeners: listeners, now: start) != nil)
    #expect(pace.deadline == start + .milliseconds(longest))
    #expect(pace.take(mark(0, 300), listeners: listeners, now: start + .milliseconds(longest)) != nil)
    #expect(pace.deadline == start + .milliseconds(longest + 3), "few events are told of soon, however many hear it")
  }

  @Test func `a closing busd tells at once what waits and what comes`() {
    var pace = MarkPace()
    _ = pace.take(mark(0, 1000), listeners: 1, now: start)
    #expect(pace.take(mark(1000, 1001), listeners: 1, now: start) == nil)
    #expect(pace.close(now: start) == mark(1000, 1001))
    #expect(pace.take(mark(1001, 9000), listeners: 1, now: start) == mark(1001, 9000))
    #expect(pace.take(mark(9000, 9001), listeners: 1, now: start) == mark(9000, 9001))
  }
}
