import Foundation

extension Runner {
  static let tracer = "/usr/bin/strace"

  var hasNoTracer: Bool { !FileManager.default.isExecutableFile(atPath: Runner.tracer) }

  /// What stands before busd so that its syncs are not what they should be. The tracer is a process of its own: what is
  /// killed is busd.
  private func tracing(_ injection: String) -> [String] {
    [
      Runner.tracer, "-D", "-f", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e",
      "inject=fdatasync,fsync:\(injection)",
    ]
  }

  /// A sync fails: busd ends with status 74, acknowledges nothing more, and is started again.
  func failingSync() async throws -> FaultReport {
    if hasNoTracer { return .skipped(.syncFails, "there is no strace") }
    return try await measure(.syncFails) { bed, report, chance in
      try await bed.startBusd()
      try bed.startCrew()
      for _ in 0..<faultCount(.syncFails) {
        bed.busd?.signal(SIGTERM)
        try await bed.busd?.end()
        // The first ones are those of the start itself.
        bed.daemon.prefix = tracing("error=EIO:when=\(chance.number(30...300))")
        try await bed.startBusd()
        bed.daemon.prefix = []
        guard let status = try await bed.busd?.end(within: .seconds(90)) else { break }
        if status != 74 { report.breaches.append("busd ended with \(status) after a failed sync, not with 74") }
        report.breaches += try bed.revive()
        report.cycles += 1
        try await bed.startBusd()
        try await Wait.milliseconds(100)
      }
    }
  }

  /// Each sync takes a tenth of a second: everything is slower, and nothing else.
  func slowSync() async throws -> FaultReport {
    if hasNoTracer { return .skipped(.syncSlow, "there is no strace") }
    return try await measure(.syncSlow) { bed, report, chance in
      bed.daemon.prefix = tracing("delay_enter=100000")
      try await bed.startBusd()
      bed.daemon.prefix = []
      try bed.startCrew()
      try await Wait.milliseconds(4000)
      report.breaches += try bed.revive()
      report.cycles = 1
    }
  }
}
