import Testing

@testable import ZeroMQ

/// The timers of a thread, without a thread.
struct TimerQueueTests {
  private let start = ContinuousClock.now

  private func queue(_ delays: [Int]) -> TimerQueue {
    var queue = TimerQueue()
    for (index, delay) in delays.enumerated() {
      queue.insert(.init(id: TimerID(rawValue: UInt64(index)), deadline: start + .milliseconds(delay)) {})
    }
    return queue
  }

  @Test func `the soonest comes first, equal ones as they were set`() {
    var queue = queue([5, 1, 5, 3, 1])
    var order: [UInt64] = []
    while let entry = queue.popDue(at: start + .milliseconds(5)) { order.append(entry.id.rawValue) }
    #expect(order == [1, 4, 3, 0, 2])
  }

  @Test func `only what is due comes out`() {
    var queue = queue([5, 1])
    #expect(queue.popDue(at: start)?.id.rawValue == nil)
    #expect(queue.popDue(at: start + .milliseconds(1))?.id.rawValue == 1)
    #expect(queue.popDue(at: start + .milliseconds(4))?.id.rawValue == nil)
    #expect(queue.count == 1)
  }

  @Test func `what was removed does not come out, and is removed once`() {
    var queue = queue([5, 1])
    #expect(queue.remove(TimerID(rawValue: 1))?.id.rawValue == 1)
    #expect(queue.remove(TimerID(rawValue: 1))?.id.rawValue == nil)
    #expect(queue.popDue(at: start + .seconds(1))?.id.rawValue == 0)
  }

  @Test func `the wait is rounded up, bounded, and without end when nothing is set`() {
    #expect(TimerQueue().timeout { start } == -1)
    #expect(queue([7]).timeout { start } == 7)
    #expect(queue([7]).timeout { start + .nanoseconds(1) } == 7)
    #expect(queue([7]).timeout { start + .nanoseconds(6_999_999) } == 1)
    #expect(queue([7]).timeout { start + .milliseconds(8) } == 0)
    #expect(queue([Int(Int32.max)]).timeout { start } <= 3_601_000)
  }
}
