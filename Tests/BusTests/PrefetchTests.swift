import Testing

@testable import Bus

private let zero = ContinuousClock.now

@Suite struct PrefetchTests {
  /// After runs of one length; enough of them to forget the others.
  private func note(_ duration: Duration, _ prefetch: inout Prefetch, after seconds: Int) {
    for _ in 1...100 { prefetch.note(duration) }
    prefetch.decide(now: zero + .seconds(seconds))
  }

  @Test func `the shorter the runs, the more are held`() {
    var prefetch = Prefetch(maximum: 512)
    #expect(prefetch.count(for: 10) == 0)
    note(.milliseconds(1), &prefetch, after: 0)
    #expect(prefetch.count(for: 10) == 160)
    note(.microseconds(50), &prefetch, after: 1)
    #expect(prefetch.count(for: 2) == 128)
    #expect(prefetch.count(for: 10) == 512, "no more than the most")
  }

  @Test func `what is held shrinks at once, and grows once a second`() {
    var prefetch = Prefetch(maximum: 512)
    note(.microseconds(50), &prefetch, after: 0)
    #expect(prefetch.count(for: 1) == 64)
    note(.milliseconds(5), &prefetch, after: 0)
    #expect(prefetch.count(for: 1) == 16, "between short and long nothing ends")
    note(.microseconds(50), &prefetch, after: 0)
    #expect(prefetch.count(for: 1) == 16)
    note(.microseconds(50), &prefetch, after: 1)
    #expect(prefetch.count(for: 1) == 64)
    note(.milliseconds(30), &prefetch, after: 1)
    #expect(prefetch.count(for: 1) == 0)
  }

  @Test func `runs between short and long begin nothing`() {
    var prefetch = Prefetch(maximum: 512)
    note(.milliseconds(5), &prefetch, after: 0)
    #expect(prefetch.count(for: 10) == 0)
  }
}
