import Foundation

extension Runner {
  /// What busd has when it is killed.
  private static let eventCount = 1_000_000
  private static let jobCount = 100_000
  /// From its start to its service, in milliseconds: what is promised of a release build.
  private static let longest = 1000

  /// busd is killed with a full spool and a full store, and serves again.
  func recovery() async throws -> FaultReport {
    try await measure(.recovery) { bed, report, chance in
      try await bed.startBusd()
      try await fill(bed)
      try bed.startCrew()
      try await Wait.until(within: .seconds(60), "events are acknowledged") { bed.acknowledgedCount() > 0 }
      var times: [Int] = []
      for _ in 0..<faultCount(.recovery) {
        try await Wait.milliseconds(chance.number(500...1500))
        try await bed.busd?.kill9()
        let acknowledged = bed.acknowledgedCount()
        let begin = ContinuousClock.now
        try await bed.startBusd()
        try await Wait.until(within: .seconds(60), "events are acknowledged again") {
          bed.acknowledgedCount() > acknowledged
        }
        times.append(Int((ContinuousClock.now - begin) / .milliseconds(1)))
        report.breaches += try bed.revive()
        report.cycles += 1
      }
      note(times.sorted(), bed.restarts.dropFirst().max() ?? 0, &report)
    } judging: { evidence, report in
      let missing = Runner.eventCount - evidence.fillers
      if missing != 0 { report.breaches.append("\(missing) of the filler's events are not in the spool") }
    }
  }

  private func fill(_ bed: Bed) async throws {
    let place = Bed.Place(environment: ["PROOF_EVENTS": "\(Runner.eventCount)", "PROOF_JOBS": "\(Runner.jobCount)"])
    let filler = try bed.launch("BusProof", ["filler"], at: place, log: "filler")
    let status = try await filler.end(within: .seconds(900))
    guard status == 0 else { throw ProofError("the filler ended with \(status): \(filler.text.suffix(300))") }
  }

  private func note(_ times: [Int], _ ready: Int, _ report: inout FaultReport) {
    guard let longest = times.last else { return }
    report.figures.append(
      "with \(Runner.eventCount) events and \(Runner.jobCount) waiting jobs ready within \(ready) ms, acknowledges within "
        + "p50 \(times[times.count / 2]) ms, at most \(longest) ms of its start")
    #if DEBUG
      report.figures.append("a debug build, of which no time is asked")
    #else
      if ready >= Runner.longest { report.breaches.append("busd needed \(ready) ms to be ready") }
    #endif
  }
}
