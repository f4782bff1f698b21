import Foundation

extension Runner {
  /// busd's file system fills up to the last byte that others may have, and has room again.
  func fullDisk() async throws -> FaultReport {
    guard getuid() == 0 else { return .skipped(.disk, "it needs root, to mount a file system in memory") }
    var mountPoint: String?
    return try await measure(.disk) { bed, report, chance in
      let disk = "\(bed.directory)/disk"
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
      let (code, text) = try await Child.run(
        "/usr/bin/mount", ["-t", "tmpfs", "-o", "size=96m", "none", disk], in: bed.directory)
      guard code == 0 else { throw ProofError("mount: \(text)") }
      mountPoint = disk
      bed.stateDirectory = "\(disk)/state"
      bed.daemon.arguments = ["--segment-mib", "4", "--reserve-mib", "16"]
      try await bed.startBusd()
      try bed.startCrew()
      var resumed: [Int] = []
      for _ in 0..<faultCount(.disk) {
        try await Wait.milliseconds(chance.number(200...600))
        resumed.append(try await fill(disk, bed, &report))
        report.breaches += try bed.revive()
        report.cycles += 1
      }
      report.figures.append("acknowledges again within \(resumed.max() ?? 0) ms of there being room")
    } cleaning: {
      if let mountPoint { _ = try await Child.run("/usr/bin/umount", [mountPoint], in: "/tmp") }
    }
  }

  /// Fills the disk up to busd's reserve, and empties it; after how many milliseconds events are taken again.
  private func fill(_ disk: String, _ bed: Bed, _ report: inout FaultReport) async throws -> Int {
    let ballast = "\(disk)/ballast"
    var space = statvfs()
    guard statvfs(disk, &space) == 0 else { throw ProofError("cannot look at the room of \(disk)") }
    // A few MiB into the reserve: appends are refused, jobs can still be ended.
    let free = Int(space.f_bavail) * Int(space.f_frsize) - (12 << 20)
    guard free > 0 else { throw ProofError("the disk of the fault is full already") }
    let file = open(ballast, O_WRONLY | O_CREAT, 0o600)
    guard file >= 0, posix_fallocate(file, 0, free) == 0 else { throw ProofError("cannot fill \(disk)") }
    close(file)
    // Acknowledgements stop; what came with the first look at the room is still through.
    var last = -1
    try await Wait.until(within: .seconds(60), "acknowledgements stop on a full disk") {
      let now = bed.acknowledgedCount()
      defer { last = now }
      try await Wait.milliseconds(400)
      return now == last
    }
    guard bed.busd?.isRunning == true else {
      report.breaches.append("busd ended on a full disk: \(bed.busd?.text.suffix(300) ?? "")")
      throw ProofError("busd must not end on a full disk")
    }
    try FileManager.default.removeItem(atPath: ballast)
    let begin = ContinuousClock.now
    try await Wait.until(within: .seconds(60), "acknowledgements go on when there is room") {
      bed.acknowledgedCount() > last
    }
    return Int((ContinuousClock.now - begin) / .milliseconds(1))
  }
}
