import BusProtocol
import BusStore
import Testing

@Suite struct RetryBudgetTests {
  private let start = Timestamp(microseconds: 1_700_000_000_000_000)

  @Test func `a burst at once, the others one by one, each promised a moment of its own`() throws {
    let rate = try RateLimit("60/m burst 3")
    var budget = RetryBudget()
    var slots: [Timestamp] = []
    for waiting in 0..<10 {
      slots.append(budget.slot(rate, waiting: waiting, at: start))
      budget.take(rate, waiting: waiting, at: start)
    }
    #expect(slots == [0, 0, 0, 1, 2, 3, 4, 5, 6, 7].map { start + .seconds($0) })
    #expect(budget.slot(rate, waiting: 0, at: start + .seconds(3600)) == start + .seconds(3600), "rested")
  }

  @Test(arguments: ["1/s", "100/m", "7/h burst 7", "1000000/s", "1/d"])
  func `no span as long as the rate's gets more than count and burst, whenever they come`(_ text: String) throws {
    let rate = try RateLimit(text)
    var random = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: 0...UInt64.max, using: &random)
    var state = seed
    var (budget, now, slots) = (RetryBudget(), start, [Timestamp]())
    for _ in 0..<min(3 * rate.count, 2000) {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      now = now + .microseconds(Int64(state >> 40) % max(1, rate.per.duration.inMicroseconds / 5))
      let waiting = slots.count { $0 > now }
      let slot = budget.slot(rate, waiting: waiting, at: now)
      #expect(slot >= now && slot >= slots.last ?? start, "seed \(seed)")
      budget.take(rate, waiting: waiting, at: now)
      slots.append(slot)
    }
    for (index, first) in slots.enumerated() where index + rate.count + rate.burst < slots.count {
      #expect(slots[index + rate.count + rate.burst] - first >= rate.per.duration, "seed \(seed)")
    }
  }

  @Test(arguments: [Int64.min, -1, 0, 1, .max])
  func `whatever was kept, and whatever the clock says, there is a moment`(_ kept: Int64) throws {
    for text in ["1/d", "1000000/s burst 1000000", "1/d burst 1"] {
      let rate = try RateLimit(text)
      for now in [Timestamp(microseconds: .min), start, Timestamp(microseconds: .max)] {
        for waiting in [Int.min, 0, 5, 1_000_000_000] {
          var budget = RetryBudget(restedAt: kept)
          #expect(budget.slot(rate, waiting: waiting, at: now) >= now)
          budget.take(rate, waiting: waiting, at: now)
        }
      }
    }
  }

  @Test func `a clock that was set back closes it for no longer than those take who wait`() throws {
    let rate = try RateLimit("60/m burst 1")
    var budget = RetryBudget()
    for waiting in 0..<5 { budget.take(rate, waiting: waiting, at: start) }
    let earlier = start - .seconds(86_400)
    #expect(budget.slot(rate, waiting: 4, at: earlier) <= earlier + .seconds(5))
  }
}
