import Foundation

/// A call of the system at which busd is killed.
struct CrashSite: Equatable {
  var call: String
  /// Which of the calls it is, counted from busd's start, in the thread that makes it.
  var number: Int
  /// Only calls on these files count; all of them when there are none.
  var files: [String] = []

  /// What stands before busd, so that it is killed there. The tracer is a process of its own.
  var prefix: [String] {
    [Runner.tracer, "-D", "-f", "-o", "/dev/null"] + files.flatMap { ["-P", $0] } + [
      "-e", "trace=\(call)", "-e", "inject=\(call):signal=SIGKILL:when=\(number)",
    ]
  }

  /// One after the other of each call.
  static func sweep(_ calls: [String], _ numbers: ClosedRange<Int>) -> [CrashSite] {
    numbers.flatMap { number in calls.map { CrashSite(call: $0, number: number) } }
  }

  /// So many of them, from all of the sweep.
  static func spread(_ sites: [CrashSite], _ count: Int) -> [CrashSite] {
    count >= sites.count ? sites : (0..<count).map { sites[$0 * sites.count / count] }
  }
}

extension Runner {
  /// busd is killed at its first, second, third … write, sync and rename, of its spool or of its store: when it makes
  /// them, while it works, and when the spool goes on with another file.
  func crash(_ fault: FaultName) async throws -> FaultReport {
    if hasNoTracer { return .skipped(fault, "there is no strace") }
    let isSpool = fault == .crashSpool
    let making =
      isSpool
      ? CrashSite.sweep(["rename", "fallocate"], 1...1) + CrashSite.sweep(["fsync", "pwrite64"], 1...2)
      : CrashSite.sweep(["fdatasync", "pwrite64"], 1...10)
    let working = CrashSite.sweep(["pwrite64", "fdatasync"], 1...40)
    let turning = isSpool ? CrashSite.sweep(["rename", "fallocate", "fsync"], 1...4) : []
    let share = { (sites: [CrashSite]) in
      CrashSite.spread(sites, max(1, faultCount(fault) * sites.count / (making.count + working.count + turning.count)))
    }
    return try await measure(fault) { bed, report, chance in
      for site in share(making) { try await crash(whileMaking: site, bed, &report) }
      try await bed.startBusd()
      try bed.startCrew()
      for site in share(working) {
        var site = site
        site.files = isSpool ? try bed.lastSegments() : bed.storeFiles
        try await crash(at: site, bed, &report)
      }
      if isSpool {
        // Large events in small files, so that one is full soon.
        bed.daemon.arguments = ["--segment-mib", "1"]
        bed.padding = 8000
        for index in 0..<2 { try await bed.replace(.publisher, at: index) }
        for site in share(turning) { try await crash(at: site, bed, &report) }
      }
      bed.daemon.prefix = []
      try await bed.busd?.kill9()
      try await bed.startBusd()
      report.breaches += try bed.revive()
    }
  }

  /// busd makes its directory, is killed meanwhile, and has to find its way with what is there.
  private func crash(whileMaking site: CrashSite, _ bed: Bed, _ report: inout FaultReport) async throws {
    try await bed.busd?.kill9()
    try? FileManager.default.removeItem(atPath: bed.stateDirectory)
    try await crash(at: site, bed, &report) { $0.text.contains("busd ready") }
    bed.daemon.prefix = []
    try await bed.startBusd()
  }

  private func crash(
    at site: CrashSite, _ bed: Bed, _ report: inout FaultReport, isOver: (Child) -> Bool = { _ in false }
  ) async throws {
    try await bed.busd?.kill9()
    bed.daemon.prefix = site.prefix
    let busd = try bed.launchBusd()
    // Seldom it does less than is waited for: then it is killed anywhere. Publishers may need two seconds to be back.
    let deadline = ContinuousClock.now + .seconds(6)
    while busd.isRunning, ContinuousClock.now < deadline {
      if isOver(busd) { break }
      try await Wait.milliseconds(3)
    }
    let wasReached = !busd.isRunning
    if wasReached, try await busd.end() != 128 + SIGKILL {
      report.breaches.append("busd ended by itself before \(site.call) \(site.number): \(busd.text.suffix(300))")
    }
    report.actions[wasReached ? site.call : "\(site.call) not reached", default: 0] += 1
    report.cycles += 1
    report.breaches += try bed.revive()
  }
}

extension Bed {
  fileprivate var storeFiles: [String] { ["", "-wal", "-journal"].map { "\(stateDirectory)/jobs.db\($0)" } }

  /// The file of the spool that is written to, under both names that it may have.
  fileprivate func lastSegments() throws -> [String] {
    let spool = "\(stateDirectory)/spool"
    let names = try FileManager.default.contentsOfDirectory(atPath: spool).filter { $0.hasSuffix(".seg") }
    return names.max().map { ["\(spool)/\($0)", "\(spool)/\($0).tmp"] } ?? []
  }
}
