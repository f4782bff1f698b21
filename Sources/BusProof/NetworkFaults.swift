import Foundation

extension Runner {
  /// The longest that a client may need to be back once it can: libzmq tries each two seconds, and gives up a try that
  /// is not answered after three; then it says hello.
  private static let longestReturn = Duration.seconds(12)

  /// A bed whose busd and crew are on two sides of a cable.
  func measureNetwork(
    _ fault: FaultName, _ faults: (Bed, Network, inout FaultReport, inout Chance) async throws -> Void,
    judging judge: (Evidence, inout FaultReport) -> Void = { _, _ in }
  ) async throws -> FaultReport {
    if let obstacle = Network.obstacle() { return .skipped(fault, obstacle) }
    return try await measure(fault) { bed, report, chance in
      let network = try await Network(in: bed.directory)
      bed.network = network
      let door = try await Door(bed, address: Network.address, port: 5570)
      bed.daemon.prefix = network.place(.busd).prefix
      bed.daemon.arguments = door.arguments
      bed.place = network.place(.crew, like: door.place())
      try await bed.startBusd()
      try bed.startCrew()
      try await Wait.until(within: .seconds(60), "events are acknowledged through the cable") {
        bed.acknowledgedCount() > 0 && bed.watchedCount() > 0
      }
      try await faults(bed, network, &report, &chance)
    } judging: {
      judge($0, &$1)
    }
  }

  /// Nothing passes either way, until both sides have noticed. Somebody publishes on busd's side all the time: what the
  /// watchers on the other missed meanwhile is replayed to them.
  func partition() async throws -> FaultReport {
    var cuts: [ClosedRange<UInt64>] = []
    return try await measureNetwork(.partition) { bed, network, report, chance in
      // Enough that it fills what the system holds back for a connection: what is full is not asked for a sign of life.
      bed.padding = 4000
      let near = try bed.start(.publisher, at: network.place(.busd, like: bed.place))
      bed.padding = 0
      var times = ReturnTimes()
      for _ in 0..<faultCount(.partition) {
        try await Wait.milliseconds(chance.number(300...1500))
        let begin = History.stamp
        try await network.cut()
        try await times.detect(network)
        try await Wait.milliseconds(chance.number(0...2000))
        cuts.append(begin...History.stamp)
        try await times.heal(network, bed, near, within: Runner.longestReturn)
        report.breaches += try bed.revive()
        report.cycles += 1
      }
      report.figures += times.figures
    } judging: { evidence, report in
      report.figures.append("\(evidence.replayedCount(cuts)) events of the other side were replayed to the watchers")
    }
  }

  /// One side is gone, or deaf, and the other is not told.
  func halfOpen() async throws -> FaultReport {
    try await measureNetwork(.halfOpen) { bed, network, report, chance in
      var times = ReturnTimes()
      for cycle in 0..<faultCount(.halfOpen) {
        try await Wait.milliseconds(chance.number(300...1500))
        let kind = ["busd deaf", "crew deaf", "crew killed", "busd killed"][cycle % 4]
        switch kind {
        case "busd deaf":
          try await network.cut([.input])
          try await times.detect(network)
        case "crew deaf":
          try await network.cut([.output])
          try await times.detect(network)
        case "crew killed":
          try await network.cut()
          for role in Bed.Role.allCases { try await bed.replace(role, at: 0) }
          try await Wait.milliseconds(chance.number(0...2000))
        default:
          try await network.cut()
          try await bed.busd?.kill9()
          try await bed.startBusd()
          try await Wait.milliseconds(chance.number(0...2000))
        }
        try await times.heal(network, bed, nil, within: Runner.longestReturn)
        report.breaches += try bed.revive()
        report.actions[kind, default: 0] += 1
        report.cycles += 1
      }
      report.figures += times.figures
    }
  }

  /// Each fifth packet is lost, either way, for a while.
  func lossyNetwork() async throws -> FaultReport {
    try await measureNetwork(.loss) { bed, network, report, _ in
      report.figures += try await rates(bed, "with a fifth of all packets lost") {
        try await network.lose(percent: 20)
      }
      try await network.heal()
      report.breaches += try bed.revive()
      report.cycles = 1
    }
  }

  /// The network takes less than what is published, for a while: the rest waits in the outboxes.
  func narrowNetwork() async throws -> FaultReport {
    try await measureNetwork(.narrow) { bed, network, report, _ in
      bed.padding = 500
      for _ in 0..<2 { try bed.start(.publisher) }
      report.figures += try await rates(bed, "through 256 kbit/s") { try await network.narrow(kilobits: 256) }
      try await network.widen()
      report.breaches += try bed.revive()
      report.cycles = 1
    }
  }

  /// How many events a second are acknowledged, before and while something is wrong.
  private func rates(_ bed: Bed, _ words: String, _ fault: () async throws -> Void) async throws -> [String] {
    var counts = [bed.acknowledgedCount()]
    try await Wait.milliseconds(5000)
    counts.append(bed.acknowledgedCount())
    try await fault()
    try await Wait.milliseconds(15_000)
    counts.append(bed.acknowledgedCount())
    let (before, during) = ((counts[1] - counts[0]) / 5, (counts[2] - counts[1]) / 15)
    return ["acknowledged \(during) events a second \(words), \(before) without"]
  }
}

/// How long both sides needed to see that they are apart, and to be together again.
struct ReturnTimes {
  private var detected: [Network.Side: [Int]] = [:]
  private var returned: [Int] = []

  /// Waits until neither side believes in a connection any more.
  mutating func detect(_ network: Network) async throws {
    let begin = ContinuousClock.now
    var missing = Set(Network.Side.allCases)
    func unaware(_ network: Network) -> String {
      missing.map { "the side of \($0.rawValue), \(network.connections($0).joined(separator: ", "))," }.joined(
        separator: " ")
    }
    try await Wait.until(within: .seconds(60), "\(unaware(network)) notices that nothing comes through the cable") {
      for side in missing where network.connections(side).isEmpty {
        missing.remove(side)
        detected[side, default: []].append(ReturnTimes.milliseconds(since: begin))
      }
      return missing.isEmpty
    }
  }

  /// Lets everything pass again, and waits until the crew's events are acknowledged.
  mutating func heal(
    _ network: Network, _ bed: Bed, _ near: UInt64?, within limit: Duration
  ) async throws {
    let acknowledged = bed.acknowledgedCount(except: near)
    try await network.heal()
    let begin = ContinuousClock.now
    try await Wait.until(within: limit, "the crew comes back by itself") {
      bed.acknowledgedCount(except: near) > acknowledged
    }
    returned.append(ReturnTimes.milliseconds(since: begin))
  }

  /// The times in words.
  var figures: [String] {
    var lines: [String] = []
    for side in Network.Side.allCases {
      guard let times = detected[side]?.sorted(), let longest = times.last else { continue }
      let half = times[times.count / 2]
      lines.append("the side of \(side.rawValue) noticed within p50 \(half) ms, at most \(longest) ms")
    }
    let times = returned.sorted()
    if let longest = times.last {
      lines.append("the crew was back within p50 \(times[times.count / 2]) ms, at most \(longest) ms")
    }
    return lines
  }

  static func milliseconds(since begin: ContinuousClock.Instant) -> Int {
    Int((ContinuousClock.now - begin) / .milliseconds(1))
  }
}
