import Foundation

extension Runner {
  /// So many clients at most press on busd's memory.
  private static let crowd = 3000

  /// busd gets no more memory than it has, and thousands of clients come: it is refused some by the system, or killed.
  /// Whoever supervises it starts it again, with room.
  func littleMemory() async throws -> FaultReport {
    guard FileLimit.raise() > Runner.crowd * 2 else {
      return .skipped(.memory, "too few descriptors: ulimit -n \(Runner.crowd * 2)")
    }
    let group = MemoryGroup()
    return try await measure(.memory) { bed, report, chance in
      if group == nil { report.figures.append("no control group for memory: only the address space was limited") }
      bed.daemon.arguments = ["--segment-mib", "4"]
      bed.daemon.prefix = group?.prefix ?? []
      // Swift's runtime would print where it was when it ended, which needs memory, and might take as long as it likes.
      bed.daemon.environment = ["SWIFT_BACKTRACE": "enable=no"]
      try await bed.startBusd()
      try bed.startCrew()
      var slowest = 0
      for cycle in 0..<faultCount(.memory) {
        try await Wait.milliseconds(chance.number(300...800))
        let kind = try await press(bed, cycle % 2 == 0 ? group : nil)
        report.actions[kind, default: 0] += 1
        try group?.limit(megabytes: nil)
        let acknowledged = bed.acknowledgedCount()
        if bed.busd?.isRunning == false { slowest = max(slowest, try await bed.startBusd()) }
        try await Wait.until(within: .seconds(60), "events are acknowledged again") {
          bed.acknowledgedCount() > acknowledged
        }
        report.breaches += try bed.revive()
        report.cycles += 1
      }
      report.figures.append("ready again at most \(slowest) ms after it was started")
      if slowest >= 1000 { report.breaches.append("busd needed \(slowest) ms to be ready again") }
    } cleaning: {
      group?.remove()
    }
  }

  /// Limits busd's memory to what it has, lets clients come until it ends or has borne them all; what became of it.
  private func press(_ bed: Bed, _ group: MemoryGroup?) async throws -> String {
    guard let busd = bed.busd else { return "nobody" }
    let name = group == nil ? "address space" : "resident memory"
    if let group { try group.limitToUse() } else { try await limitAddressSpace(of: busd, bed) }
    var peers: [RawPeer] = []
    let path = path(bed, "requests")
    while busd.isRunning, peers.count < Runner.crowd {
      guard let peer = RawPeer(path), peer.shakeHands(as: "DEALER") else { break }
      peers.append(peer)
    }
    // Who is short of memory may be so a moment later.
    for _ in 0..<100 where busd.isRunning { try await Wait.milliseconds(5) }
    guard busd.isRunning else {
      let status = try await busd.end()
      return "\(name): ended with \(status)"
    }
    if group == nil {
      // Its address space cannot be widened by who is not root: it is started anew.
      try await busd.kill9()
      return "\(name): bore \(peers.count == Runner.crowd ? "all" : "some") clients, killed"
    }
    return "\(name): bore \(peers.count == Runner.crowd ? "all" : "some") clients"
  }

  private func limitAddressSpace(of busd: Child, _ bed: Bed) async throws {
    let bytes = (busd.addressMegabytes + 1) << 20
    let (code, text) = try await Child.run(
      "/usr/bin/prlimit", ["--pid", "\(busd.id)", "--as=\(bytes)"], in: bed.directory)
    guard code == 0 else { throw ProofError("cannot limit busd's address space: \(text)") }
  }
}

/// A control group (version 1) that limits the memory of what is started in it.
struct MemoryGroup {
  private let path = "/sys/fs/cgroup/memory/bus-proof-\(getpid())"

  /// Nil where the machine has none, or does not let this user make one.
  init?() {
    guard getuid() == 0, FileManager.default.fileExists(atPath: "/sys/fs/cgroup/memory/memory.limit_in_bytes"),
      mkdir(path, 0o755) == 0
    else { return nil }
  }

  /// What stands before a program that is to be in it.
  var prefix: [String] { ["/bin/sh", "-c", "echo $$ > \(path)/cgroup.procs && exec \"$@\"", "sh"] }

  /// Limits the group; nil for no limit.
  func limit(megabytes: Int?) throws {
    guard write(megabytes.map { $0 << 20 } ?? -1) else { throw ProofError("cannot limit the memory of \(path)") }
  }

  /// Limits the group to what its programs have, less what the system can take back.
  func limitToUse() throws {
    let text = String(decoding: FileManager.default.contents(atPath: "\(path)/memory.stat") ?? Data(), as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix("rss ") }
    let resident = line?.split(separator: " ").compactMap { Int($0) }.first ?? 0
    // The kernel counts some of its own, and refuses a limit below what it cannot take back.
    for extra in [2, 4, 8, 16, 32] where write(resident + extra << 20) { return }
    throw ProofError("cannot limit the memory of \(path) to \(resident) bytes and a few more")
  }

  func remove() { rmdir(path) }

  private func write(_ bytes: Int) -> Bool {
    let file = open("\(path)/memory.limit_in_bytes", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    let text = "\(bytes)"
    return Glibc.write(file, text, text.utf8.count) == text.utf8.count
  }
}
