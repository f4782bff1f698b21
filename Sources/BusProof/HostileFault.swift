import Foundation

extension Runner {
  /// Bytes that are no ZMTP, or too much of it, at each of busd's sockets, while the others work.
  func hostileBytes() async throws -> FaultReport {
    try await measure("hostile") { bed, report, chance in
      bed.daemon.arguments = ["--segment-mib", "4"]
      try await bed.startBusd()
      try bed.startCrew()
      try await Wait.milliseconds(500)
      let before = bed.busd?.residentMegabytes ?? 0
      var silent: [RawPeer] = []
      for _ in 0..<(options.cycles ?? 2000) {
        let socket = ["requests", "live", "intake"][chance.number(0...2)]
        guard let peer = RawPeer("\(bed.directory)/run/busd.\(socket).ipc") else {
          guard bed.busd?.isRunning == true else { throw ProofError("busd ended: \(bed.busd?.text.suffix(300) ?? "")") }
          continue
        }
        report.actions[attack(peer, &chance), default: 0] += 1
        report.cycles += 1
        // Some stay and say nothing.
        if chance.isPercent(5) { silent.append(peer) }
        if silent.count > 50 { silent.removeFirst() }
        if report.cycles % 100 == 0 { try await Wait.milliseconds(5) }
      }
      let after = bed.busd?.residentMegabytes ?? 0
      report.figures.append("busd has \(after) MB after it, \(before) MB before")
      if after > before + 128 { report.breaches.append("busd grew from \(before) to \(after) MB") }
      guard bed.busd?.isRunning == true else { throw ProofError("busd ended: \(bed.busd?.text.suffix(300) ?? "")") }
      let acknowledged = bed.acknowledgedCount()
      try await Wait.until(within: .seconds(30), "events are acknowledged after the attacks") {
        bed.acknowledgedCount() > acknowledged
      }
      report.breaches += try bed.revive()
    }
  }

  /// One attack; what it was.
  private func attack(_ peer: RawPeer, _ chance: inout Chance) -> String {
    func garbage(_ count: ClosedRange<Int>, _ chance: inout Chance) -> [UInt8] {
      (0..<chance.number(count)).map { _ in UInt8(truncatingIfNeeded: chance.next()) }
    }
    switch chance.number(0...7) {
    case 0:
      peer.send(garbage(1...300, &chance))
      return "garbage"
    case 1:
      peer.send(Array("GET / HTTP/1.1\r\nHost: bus\r\nAccept: */*\r\n\r\n".utf8))
      return "http"
    case 2:
      var greeting = RawPeer.greeting
      greeting[chance.number(0...63)] ^= UInt8(1 << chance.number(0...7))
      peer.send(greeting + garbage(0...100, &chance))
      return "bad greeting"
    case 3:
      peer.send(Array(RawPeer.greeting.prefix(chance.number(1...63))))
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
    default:
      guard peer.shakeHands(as: ["SUB", "PUB", "REQ", "PAIR", "XX"][chance.number(0...4)]) else { return "refused" }
      peer.send([0, 255] + garbage(255...255, &chance))
      return "other socket"
    }
  }
}
