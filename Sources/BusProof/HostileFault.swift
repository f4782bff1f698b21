import Foundation

extension Runner {
  /// What busd may grow by under all attacks together.
  private static var mostMegabytes: Int { 64 }
  /// The descriptors that they may take at any moment.
  private static var mostDescriptors: Int { 512 }

  /// Bytes that are no ZMTP, or too much of it, at each of busd's sockets, while the others work.
  func hostileBytes() async throws -> FaultReport {
    try await measure(.hostile) { bed, report, chance in
      bed.daemon.arguments = ["--segment-mib", "4"]
      try await bed.startBusd()
      try bed.startCrew()
      try await attack(bed, .hostile, &report, &chance) { chance in
        let socket = ["requests", "live", "intake"][chance.number(0...2)]
        return RawPeer("\(bed.directory)/run/busd.\(socket).ipc")
      }
    }
  }

  /// The same at doors that ask for keys, half of it behind CURVE's own greeting; and programs with a key that busd does
  /// not know, which publish and ask for jobs. The checker looks for events that nobody of the crew has published.
  func strangers() async throws -> FaultReport {
    try await measure(.strangers) { bed, report, chance in
      // Below the ports that the system gives to connections.
      let port = 10_000 + Int(getpid()) % 7000 * 3
      let door = try await Door(bed, address: "127.0.0.1", port: port)
      bed.daemon.arguments = door.arguments
      bed.place = door.place()
      try await bed.startBusd()
      try bed.startCrew()
      let unknown = door.place(key: "stranger")
      for words in [
        ["publish", "stranger", "{}"], ["enqueue", "proof.Apply", #"{"event":1}"#],
        ["queues", "pause", "proof/default"],
      ] {
        let (code, text) = try await bed.bus(words + ["--timeout", "2s"], at: unknown)
        if code == 0 { report.breaches.append("bus \(words[0]) went well with an unknown key: \(text)") }
        report.actions["bus \(words[0])", default: 0] += 1
      }
      try await attack(bed, .strangers, &report, &chance) { chance in
        RawPeer(port: port + chance.number(0...2), speaksCurve: chance.isPercent(50))
      }
    }
  }

  private func attack(
    _ bed: Bed, _ fault: FaultName, _ report: inout FaultReport, _ chance: inout Chance,
    _ connect: (inout Chance) -> RawPeer?
  ) async throws {
    try await Wait.until(within: .seconds(60), "events are acknowledged") { bed.acknowledgedCount() > 0 }
    let before = bed.busd?.residentMegabytes ?? 0
    let descriptorsBefore = bed.busd?.descriptorCount ?? 0
    var (most, silent): (Int, [RawPeer]) = (0, [])
    for _ in 0..<faultCount(fault) {
      guard let peer = connect(&chance) else {
        guard bed.busd?.isRunning == true else { throw ProofError("busd ended: \(bed.busd?.text.suffix(300) ?? "")") }
        continue
      }
      report.actions[attack(peer, &chance), default: 0] += 1
      report.cycles += 1
      // Some stay and say nothing.
      if chance.isPercent(5) { silent.append(peer) }
      if silent.count > 50 { silent.removeFirst() }
      guard report.cycles % 100 == 0 else { continue }
      most = max(most, (bed.busd?.descriptorCount ?? 0) - descriptorsBefore)
      try await Wait.milliseconds(5)
    }
    let after = bed.busd?.residentMegabytes ?? 0
    report.figures.append("busd has \(after) MB after it, \(before) MB before, and at most \(most) descriptors more")
    if after >= before + Runner.mostMegabytes { report.breaches.append("busd grew from \(before) to \(after) MB") }
    if most > Runner.mostDescriptors { report.breaches.append("busd had \(most) descriptors more than before") }
    guard bed.busd?.isRunning == true else { throw ProofError("busd ended: \(bed.busd?.text.suffix(300) ?? "")") }
    let acknowledged = bed.acknowledgedCount()
    try await Wait.until(within: .seconds(30), "events are acknowledged after the attacks") {
      bed.acknowledgedCount() > acknowledged
    }
    report.breaches += try bed.revive()
  }

  /// One attack; what it was.
  private func attack(_ peer: RawPeer, _ chance: inout Chance) -> String {
    func garbage(_ count: ClosedRange<Int>, _ chance: inout Chance) -> [UInt8] {
      (0..<chance.number(count)).map { _ in UInt8(truncatingIfNeeded: chance.next()) }
    }
    switch chance.number(0...(peer.speaksCurve ? 8 : 7)) {
    case 0:
      peer.send(garbage(1...300, &chance))
      return "garbage"
    case 1:
      peer.send(Array("GET / HTTP/1.1\r\nHost: bus\r\nAccept: */*\r\n\r\n".utf8))
      return "http"
    case 2:
      var greeting = peer.greeting
      greeting[chance.number(0...63)] ^= UInt8(1 << chance.number(0...7))
      peer.send(greeting + garbage(0...100, &chance))
      return "bad greeting"
    case 3:
      peer.send(Array(peer.greeting.prefix(chance.number(1...63))))
      return "half a greeting"
    case 4:
      guard peer.shakeHands(as: "DEALER") else { return "refused" }
      peer.send(garbage(1...2000, &chance))
      return "garbage frames"
    case 5:
      guard peer.shakeHands(as: "DEALER") else { return "refused" }
      // A frame of eight gigabytes is announced.
      peer.send([2, 0, 0, 0, 2, 0, 0, 0, 0] + garbage(1...100, &chance))
      return "huge frame"
    case 6:
      guard peer.shakeHands(as: "DEALER") else { return "refused" }
      let frame: [UInt8] = [1, 200] + [UInt8](repeating: 7, count: 200)
      for _ in 0..<chance.number(1...200) where !peer.send(frame) { break }
      return "endless message"
    case 8:
      guard peer.greet() else { return "refused" }
      // CURVE's first word, with a box that no key opens.
      peer.send([4, 200] + [5] + Array("HELLO".utf8) + [1, 0] + [UInt8](repeating: 0, count: 72))
      peer.send(garbage(120...120, &chance))
      return "forged hello"
    default:
      guard peer.shakeHands(as: ["SUB", "PUB", "REQ", "PAIR", "XX"][chance.number(0...4)]) else { return "refused" }
      peer.send([0, 255] + garbage(255...255, &chance))
      return "other socket"
    }
  }
}
