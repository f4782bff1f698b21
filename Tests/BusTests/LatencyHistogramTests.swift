import Testing

@testable import Bus

struct LatencyHistogramTests {
  private func histogram(_ microseconds: some Sequence<Int>) -> LatencyHistogram {
    var histogram = LatencyHistogram()
    for number in microseconds { histogram.record(.microseconds(number)) }
    return histogram
  }

  @Test func `a percentile is at most 3 percent above what was measured`() throws {
    let histogram = histogram((1...10_000).shuffled())
    for share in [0.001, 0.01, 0.5, 0.9, 0.99, 0.999, 1] {
      let said = try #require(histogram.quantile(share)) / .microseconds(1)
      let measured = 10_000 * share
      #expect(said >= measured && said <= measured * 1.032, "\(share): \(said)")
    }
    #expect(histogram.minimum == .microseconds(1) && histogram.maximum == .microseconds(10_000))
    #expect(histogram.count == 10_000)
  }

  @Test func `one value is each percentile, exactly`() {
    let histogram = histogram([1234])
    for share in [-1, 0, 0.5, 1, 7] { #expect(histogram.quantile(share) == .microseconds(1234)) }
  }

  @Test func `without any there is nothing to say`() {
    let histogram = LatencyHistogram()
    #expect(histogram.quantile(0.5) == nil && histogram.minimum == nil && histogram.maximum == nil)
    #expect(histogram.rows.isEmpty)
  }

  @Test func `what no clock should give does no harm`() {
    var histogram = LatencyHistogram()
    for duration in [Duration.seconds(-3), .zero, .nanoseconds(1), .seconds(Int64.max), .nanoseconds(Int64.max)] {
      histogram.record(duration)
    }
    #expect(histogram.minimum == .zero && histogram.maximum == .nanoseconds(Int64.max))
    #expect(histogram.rows.map(\.count).reduce(0, +) == 5)
  }

  @Test func `two are one after a merge`() {
    var both = histogram(1...500)
    both.merge(histogram(501...1000))
    let one = histogram(1...1000)
    #expect(both.count == one.count && both.rows == one.rows && both.quantile(0.7) == one.quantile(0.7))
    #expect(both.minimum == one.minimum && both.maximum == one.maximum)
  }

  @Test func `rows are at 1, 2, 5 and 10, from the first to the last that has any`() {
    let rows = histogram([3, 3, 4, 15, 900]).rows
    #expect(rows.map { $0.upTo / .microseconds(1) } == [5, 10, 20, 50, 100, 200, 500, 1000])
    #expect(rows.map(\.count) == [3, 0, 1, 0, 0, 0, 0, 1])
  }
}
