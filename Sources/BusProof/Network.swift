import Foundation

/// Two networks with a cable between them: busd is in the one, the crew in the other. The cable can be cut, on one side
/// too, can lose packets, and can be thin. The networks are those of two programs that sleep: nothing has to be cleaned up.
final class Network {
  /// A side of the cable.
  enum Side: String, CaseIterable { case busd, crew }

  /// What becomes of packets at busd's end of the cable.
  enum Direction: String, CaseIterable { case input, output }

  static let address = "10.77.0.1"
  private static let cable = "proof0"
  private let directory: String
  private var sleepers: [Side: Child] = [:]

  /// Makes both networks; throws with the reason where the machine does not allow it.
  init(in directory: String) async throws {
    self.directory = directory
    let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
    for side in Side.allCases {
      let child = try Child(
        "/usr/bin/unshare", ["--net", "/usr/bin/sleep", "7200"], environment: [:],
        log: "\(directory)/log/network-\(side.rawValue).log")
      sleepers[side] = child
      try await Wait.until(within: .seconds(30), "there is a network: \(child.text)") {
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(child.id)/ns/net")
        return (link != nil && link != own) || !child.isRunning
      }
    }
    guard let busd = sleepers[.busd], let crew = sleepers[.crew] else { return }
    try await run(
      "/usr/sbin/ip",
      words("link add \(Network.cable) netns \(busd.id) type veth peer name \(Network.cable) netns \(crew.id)"))
    for (side, address) in [(Side.busd, Network.address), (.crew, "10.77.0.2")] {
      for line in ["addr add \(address)/24 dev \(Network.cable)", "link set \(Network.cable) up", "link set lo up"] {
        try await run(at: side, "/usr/sbin/ip", words(line))
      }
    }
  }

  /// Why a machine cannot do this; nil when it can.
  static func obstacle() -> String? {
    guard getuid() == 0 else { return "it needs root, to make networks" }
    let missing = ["/usr/sbin/ip", "/usr/sbin/nft", "/usr/sbin/tc", "/usr/bin/nsenter", "/usr/bin/unshare"].first {
      !FileManager.default.isExecutableFile(atPath: $0)
    }
    return missing.map { "there is no \($0) (packages iproute2, nftables, util-linux)" }
  }

  /// Where a program is that is to be on this side; else as another place is.
  func place(_ side: Side, like other: Bed.Place = Bed.Place()) -> Bed.Place {
    let prefix = ["/usr/bin/nsenter", "--net=/proc/\(sleepers[side]?.id ?? 0)/ns/net"]
    return Bed.Place(prefix: prefix, environment: other.environment)
  }

  /// Nothing passes any more, in these directions as busd sees it. Nobody is told.
  func cut(_ directions: [Direction] = Direction.allCases) async throws { try await filter(directions, "drop") }

  /// So many packets in a hundred are lost, either way.
  func lose(percent: Int) async throws {
    try await filter(Direction.allCases, "numgen random mod 100 < \(percent) drop")
  }

  /// Everything passes again.
  func heal() async throws { try await run(at: .busd, "/usr/sbin/nft", ["flush ruleset"]) }

  /// The cable takes so many kilobits a second, either way.
  func narrow(kilobits: Int) async throws {
    for side in Side.allCases {
      try await run(
        at: side, "/usr/sbin/tc",
        words("qdisc add dev \(Network.cable) root tbf rate \(kilobits)kbit burst 16kb latency 400ms"))
    }
  }

  /// It takes what comes.
  func widen() async throws {
    for side in Side.allCases {
      try await run(at: side, "/usr/sbin/tc", words("qdisc del dev \(Network.cable) root"))
    }
  }

  /// The connections through the cable in which one side believes, by their own ports and what they have not sent yet:
  /// proc(5), tcp, state 01.
  func connections(_ side: Side) -> [String] {
    let path = "/proc/\(sleepers[side]?.id ?? 0)/net/tcp"
    let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    // Addresses are hexadecimal and begin with the last byte: ….77.10.
    let other = side == .busd ? "02004D0A" : "01004D0A"
    return text.split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count > 4, fields[2].hasPrefix(other), fields[3] == "01" else { return nil }
      let port = fields[1].split(separator: ":").last.flatMap { Int($0, radix: 16) } ?? 0
      let unsent = fields[4].split(separator: ":").first.flatMap { Int($0, radix: 16) } ?? 0
      return "port \(port) with \(unsent) bytes to send"
    }
  }

  private func filter(_ directions: [Direction], _ rule: String) async throws {
    var text = "flush ruleset; add table inet proof;"
    for direction in directions {
      let interface = direction == .input ? "iifname" : "oifname"
      text += " add chain inet proof \(direction.rawValue)"
      text += " { type filter hook \(direction.rawValue) priority 0; policy accept; };"
      text += " add rule inet proof \(direction.rawValue) \(interface) \(Network.cable) \(rule);"
    }
    try await run(at: .busd, "/usr/sbin/nft", [text])
  }

  private func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }

  private func run(at side: Side, _ program: String, _ arguments: [String]) async throws {
    let prefix = place(side).prefix
    try await run(prefix[0], prefix.dropFirst() + [program] + arguments)
  }

  private func run(_ program: String, _ arguments: [String]) async throws {
    let (code, text) = try await Child.run(program, arguments, in: directory)
    guard code == 0 else { throw ProofError("\(program) \(arguments.joined(separator: " ")): \(text)") }
  }
}
