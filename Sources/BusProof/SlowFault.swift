import Foundation

extension Runner {
  /// So many subscribers want everything and read nothing.
  private static let slowCount = 20
  /// Each window of the comparison, in milliseconds.
  private static let window = 5000

  /// Subscribers that read nothing come and go: publishers' acknowledgements take as long with them as without.
  func slowSubscribers() async throws -> FaultReport {
    var (without, with): ([ClosedRange<UInt64>], [ClosedRange<UInt64>]) = ([], [])
    return try await measure(.slow) { bed, report, _ in
      bed.pause = 8
      bed.padding = 300
      try await bed.startBusd()
      try bed.startCrew()
      try await Wait.milliseconds(2000)
      for _ in 0..<(2 * max(1, faultCount(.slow))) {
        without.append(try await window())
        var crowd = try connect(Runner.slowCount, to: path(bed, "live"), subscribing: "")
        with.append(try await window())
        report.cycles += crowd.count
        crowd = []
        try await Wait.milliseconds(500)
      }
      report.breaches += try bed.revive()
    } judging: { evidence, report in
      compare(evidence.waits(in: without), evidence.waits(in: with), &report)
    }
  }

  private func window() async throws -> ClosedRange<UInt64> {
    let begin = History.stamp
    try await Wait.milliseconds(Runner.window)
    return begin...History.stamp
  }

  private func compare(_ before: [Int], _ after: [Int], _ report: inout FaultReport) {
    guard before.count > 100, after.count > 100 else {
      report.breaches.append("too few events to compare: \(before.count) and \(after.count)")
      return
    }
    func percentile(_ sorted: [Int]) -> Int { sorted[sorted.count * 99 / 100] }
    let (without, with) = (percentile(before), percentile(after))
    report.figures.append(
      "acknowledged within p99 \(with) µs with \(Runner.slowCount) slow subscribers, \(without) µs without")
    // Below a few milliseconds it is the machine that is measured.
    if with >= 2 * without, with > 10_000 {
      report.breaches.append("slow subscribers made acknowledgements take \(with) µs instead of \(without)")
    }
  }
}
