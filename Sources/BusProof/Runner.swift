import BusProtocol
import Foundation

/// Runs the faults, one kind after the other, and hands out a report for each.
struct Runner {
  let options: ProofOptions
  private var chance: Chance

  init(_ options: ProofOptions) {
    self.options = options
    chance = Chance(options.seed)
  }

  /// How many faults of the kind there are to be.
  func faultCount(_ fault: FaultName) -> Int { options.cycles ?? fault.usualCount }

  /// Runs what was asked for; each report is told as soon as it is there.
  func run(telling tell: (JSONObject) -> Void) async throws -> [JSONObject] {
    var reports: [JSONObject] = []
    for fault in options.faults where !Stop.isAsked {
      var runner = self
      // Each kind begins with chance of its own, so that it does the same alone and among others.
      runner.chance = Chance(options.seed &+ UInt64(fault.rawValue.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) }))
      let report = try await runner.run(fault).json(seed: options.seed)
      tell(report)
      reports.append(report)
    }
    return reports
  }

  private func run(_ fault: FaultName) async throws -> FaultReport {
    switch fault {
    case .kill: try await kill()
    case .powerExt4: try await power(.powerExt4, "ext4")
    case .powerXfs: try await power(.powerXfs, "xfs")
    case .disk: try await fullDisk()
    case .syncFails: try await failingSync()
    case .syncSlow: try await slowSync()
    case .crashSpool: try await crash(.crashSpool)
    case .crashStore: try await crash(.crashStore)
    case .descriptors: try await fewDescriptors()
    case .memory: try await littleMemory()
    case .clock: try await clockJumps()
    case .partition: try await partition()
    case .halfOpen: try await halfOpen()
    case .loss: try await lossyNetwork()
    case .narrow: try await narrowNetwork()
    case .rescueProcess: try await rescueOfProcesses()
    case .rescueSupervisor: try await rescueOfSupervisors()
    case .rescueMachine: try await rescueOfMachines()
    case .storm: try await storm()
    case .idle: try await idleSubscribers()
    case .slow: try await slowSubscribers()
    case .hostile: try await hostileBytes()
    case .strangers: try await strangers()
    case .recovery: try await recovery()
    }
  }

  /// Runs one kind of fault on a bed of its own, lets everything come to its end, and judges.
  func measure(
    _ fault: FaultName, _ faults: (Bed, inout FaultReport, inout Chance) async throws -> Void,
    judging judge: (Evidence, inout FaultReport) -> Void = { _, _ in },
    cleaning clean: () async throws -> Void = {}
  ) async throws -> FaultReport {
    let begin = ContinuousClock.now
    let bed = try Bed(fault.rawValue)
    var report = FaultReport(fault.rawValue)
    var chance = chance
    do {
      try await faults(bed, &report, &chance)
      let evidence = try await bed.settle()
      note(evidence, &report)
      judge(evidence, &report)
    } catch {
      report.breaches.append("\(error)")
    }
    report.restarts = Array(bed.restarts.dropFirst())
    report.seconds = Int((ContinuousClock.now - begin) / .seconds(1))
    do {
      try await bed.stopAll()
      try await clean()
    } catch {
      report.breaches.append("\(error)")
    }
    try bed.clear(keeping: options.keepsDirectories || !report.holds)
    return report
  }

  private func note(_ evidence: Evidence, _ report: inout FaultReport) {
    (report.acknowledged, report.published) = (evidence.acknowledgedCount, evidence.published.count)
    report.runs = evidence.runCount
    let waits = evidence.waits
    if let longest = waits.last {
      report.figures.append("acknowledged within p50 \(waits[waits.count / 2]) ms, at most \(longest) ms")
    }
    if !evidence.dead.isEmpty { report.figures.append("dead jobs \(evidence.dead.count)") }
    report.verdict = Verdict(evidence, maximumAttempts: ProofEngine.maximumAttempts)
  }
}
