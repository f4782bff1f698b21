import Foundation

extension Runner {
  private var clockLibrary: String? {
    ["x86_64-linux-gnu", "aarch64-linux-gnu"].map { "/usr/lib/\($0)/faketime/libfaketime.so.1" }.first {
      FileManager.default.fileExists(atPath: $0)
    }
  }

  /// busd's wall clock jumps by up to a day, away from everybody else's; nobody's lease ends by it, and nothing runs twice.
  func clockJumps() async throws -> FaultReport {
    guard let library = clockLibrary else { return .skipped(.clock, "there is no libfaketime (package faketime)") }
    return try await measure(.clock) { bed, report, chance in
      let file = "\(bed.directory)/clock"
      func set(_ seconds: Int) throws {
        try Data("\(seconds < 0 ? "" : "+")\(seconds)\n".utf8).write(to: URL(filePath: file))
      }
      try set(0)
      // Workers sleep, and under this library a sleep may take half a minute: theirs stays right, busd's jumps.
      bed.daemon.environment = [
        "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": file, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_NO_CACHE": "1",
      ]
      try await bed.startBusd()
      try bed.startCrew()
      for _ in 0..<faultCount(.clock) {
        try await Wait.milliseconds(chance.number(300...900))
        let jump = [30, -30, 3600, -3600, 86_400, -86_400][chance.number(0...5)]
        try set(jump)
        report.actions["\(jump) s", default: 0] += 1
        report.cycles += 1
        report.breaches += try bed.revive()
      }
      try set(0)
      try await Wait.milliseconds(1000)
      let attempt = bed.highestAttempt()
      if attempt > 1 { report.breaches.append("a job had attempt \(attempt): a jump of the clock cost it one") }
    }
  }
}
