import Foundation

extension Runner {
  /// The power of busd's disk goes while it works; the services' outboxes are elsewhere, as they are on other machines.
  func power(_ fault: FaultName, _ kind: String) async throws -> FaultReport {
    if let obstacle = LoopDisk.obstacle(kind) { return .skipped(fault, obstacle) }
    var disk: LoopDisk?
    let report = try await measure(fault) { bed, report, chance in
      var loop = try await LoopDisk(kind, in: bed.directory)
      disk = loop
      bed.stateDirectory = "\(loop.mountPoint)/state"
      bed.daemon.arguments = ["--segment-mib", "1", "--reserve-mib", "8"]
      bed.pause = 5
      try await bed.startBusd()
      try bed.startCrew()
      for _ in 0..<faultCount(fault) {
        // Mostly there is something to lose; else the cut meets busd wherever it is, also before anybody is back.
        let acknowledged = bed.acknowledgedCount()
        let waits = chance.isPercent(80)
        try await Wait.milliseconds(chance.number(waits ? 0...200 : 0...400))
        if waits {
          try await Wait.until(within: .seconds(60), "events are acknowledged after a cut") {
            bed.acknowledgedCount() > acknowledged
          }
        }
        report.breaches += try bed.revive()
        try await cut(&loop, bed)
        report.cycles += 1
      }
    } cleaning: {
      try await disk?.unmount()
    }
    return report
  }

  /// busd is stopped first: an acknowledgement must not cross with the cut, which would be the runner's own doing.
  private func cut(_ disk: inout LoopDisk, _ bed: Bed) async throws {
    bed.busd?.signal(SIGSTOP)
    try await Wait.milliseconds(30)
    try await disk.cutPower()
    try await bed.busd?.kill9()
    try await disk.unmount()
    try await disk.move()
    try await disk.mount()
    try await bed.startBusd()
  }
}
