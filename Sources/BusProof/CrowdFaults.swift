import Foundation

extension Runner {
  func path(_ bed: Bed, _ socket: String) -> String { "\(bed.directory)/run/busd.\(socket).ipc" }

  /// Two thousand clients come back at once when busd does.
  func storm() async throws -> FaultReport {
    let count = 2000
    guard FileLimit.raise() > count * 2 else { return .skipped(.storm, "too few descriptors: ulimit -n \(count * 4)") }
    return try await measure(.storm) { bed, report, chance in
      bed.daemon.arguments = ["--segment-mib", "4"]
      try await bed.startBusd()
      try bed.startCrew()
      var slowest = 0
      var crowd = try connect(count, to: path(bed, "requests"))
      for _ in 0..<faultCount(.storm) {
        try await Wait.milliseconds(chance.number(200...600))
        try await bed.busd?.kill9()
        crowd = []
        try await bed.startBusd()
        let begin = ContinuousClock.now
        crowd = try connect(count, to: path(bed, "requests"))
        slowest = max(slowest, Int((ContinuousClock.now - begin) / .milliseconds(1)))
        report.breaches += try bed.revive()
        report.cycles += 1
      }
      report.figures.append("\(crowd.count) clients are back within \(slowest) ms")
      if slowest > 30_000 { report.breaches.append("the last client was back after \(slowest) ms") }
    }
  }

  func connect(_ count: Int, to path: String, subscribing prefix: String? = nil) throws -> [RawPeer] {
    try (0..<count).map { number in
      for _ in 0..<20 {
        guard let peer = RawPeer(path), peer.shakeHands(as: prefix == nil ? "DEALER" : "SUB") else { continue }
        guard let prefix else { return peer }
        if peer.subscribe(prefix) { return peer }
      }
      throw ProofError("client \(number) of \(count) finds nobody at \(path)")
    }
  }

  /// Thousands of subscribers who want what never comes, and one that wants everything and reads nothing.
  func idleSubscribers() async throws -> FaultReport {
    let count = faultCount(.idle)
    guard FileLimit.raise() > count + 500 else {
      return .skipped(.idle, "too few descriptors: ulimit -n \(count + 500)")
    }
    return try await measure(.idle) { bed, report, _ in
      try await bed.startBusd()
      let before = bed.busd?.residentMegabytes ?? 0
      let crowd = try connect(count, to: path(bed, "live"), subscribing: "nothing")
      let slow = try connect(1, to: path(bed, "live"), subscribing: "")
      try bed.startCrew()
      bed.pause = 1
      try await Wait.milliseconds(5000)
      let after = bed.busd?.residentMegabytes ?? 0
      report.cycles = crowd.count + slow.count
      report.figures.append("busd has \(after) MB with \(crowd.count) idle subscribers, \(before) MB without")
      report.breaches += try bed.revive()
    }
  }

  /// busd may have 64 descriptors, and a hundred clients who say nothing take them.
  func fewDescriptors() async throws -> FaultReport {
    try await measure(.descriptors) { bed, report, _ in
      bed.daemon.prefix = ["/bin/sh", "-c", "ulimit -n 64 && exec \"$@\"", "sh"]
      bed.daemon.arguments = ["--segment-mib", "4"]
      try await bed.startBusd()
      try bed.startCrew()
      var (slowest, endCount) = (0, 0)
      for _ in 0..<faultCount(.descriptors) {
        try await Wait.milliseconds(500)
        var crowd = (0..<100).compactMap { _ in RawPeer(path(bed, "requests")) }
        try await Wait.milliseconds(2000)
        crowd = []
        let (begin, acknowledged) = (ContinuousClock.now, bed.acknowledgedCount())
        // The listener of libzmq 4.3.4 ends its process when it can accept nobody: whoever supervises busd starts it again.
        if bed.busd?.isRunning == false {
          endCount += 1
          try await bed.startBusd()
        }
        try await Wait.until(within: .seconds(60), "events are acknowledged again, \(crowd.count) clients later") {
          bed.acknowledgedCount() > acknowledged
        }
        slowest = max(slowest, Int((ContinuousClock.now - begin) / .milliseconds(1)))
        report.breaches += try bed.revive()
        report.cycles += 1
      }
      report.figures.append(
        "acknowledges again within \(slowest) ms of the last client's end; libzmq ended busd \(endCount) times")
    }
  }
}
