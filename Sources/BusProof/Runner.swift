import Foundation

/// Runs the faults, one kind after the other, and hands out a report for each.
struct Runner {
  let options: ProofOptions
  private var chance: Chance

  init(_ options: ProofOptions) {
    self.options = options
    chance = Chance(options.seed)
  }

  mutating func run() async throws -> [FaultReport] {
    var reports: [FaultReport] = []
    for fault in options.faults where !Stop.isAsked {
      // Each kind begins with chance of its own, so that it does the same alone and among others.
      chance = Chance(options.seed &+ UInt64(fault.rawValue.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) }))
      reports += try await run(fault)
    }
    return reports
  }

  private func run(_ fault: FaultName) async throws -> [FaultReport] {
    switch fault {
    case .kill: [try await kill()]
    case .power: [try await power("ext4"), try await power("xfs")]
    case .disk: [try await fullDisk()]
    case .sync: [try await failingSync(), try await slowSync()]
    case .descriptors: [try await fewDescriptors()]
    case .clock: [try await clockJumps()]
    case .storm: [try await storm()]
    case .idle: [try await idleSubscribers()]
    case .hostile: [try await hostileBytes()]
    }
  }

  /// Runs one kind of fault on a bed of its own, lets everything come to its end, and judges.
  func measure(
    _ name: String, _ faults: (Bed, inout FaultReport, inout Chance) async throws -> Void,
    cleaning clean: () async throws -> Void = {}
  ) async throws -> FaultReport {
    let begin = ContinuousClock.now
    let bed = try Bed(name)
    var report = FaultReport(name)
    var chance = chance
    do {
      try await faults(bed, &report, &chance)
      let evidence = try await bed.settle()
      (report.acknowledged, report.published) = (evidence.acknowledgedCount, evidence.published.count)
      report.runs = evidence.runCount
      let waits = evidence.waits
      if let longest = waits.last {
        report.figures.append("acknowledged within p50 \(waits[waits.count / 2]) ms, at most \(longest) ms")
      }
      if !evidence.dead.isEmpty { report.figures.append("dead jobs \(evidence.dead.count)") }
      let verdict = Verdict(evidence, maximumAttempts: ProofEngine.maximumAttempts)
      report.verdict = verdict
    } catch {
      report.breaches.append("\(error)")
    }
    report.restarts = Array(bed.restarts.dropFirst())
    report.seconds = Int((ContinuousClock.now - begin) / .seconds(1))
    try await bed.stopAll()
    try await clean()
    try bed.clear(keeping: options.keepsDirectories || !report.holds)
    return report
  }
}
