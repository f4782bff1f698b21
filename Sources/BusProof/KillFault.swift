import Foundation

extension Runner {
  /// SIGKILL and SIGSTOP, of whoever it may be, while all work.
  func kill() async throws -> FaultReport {
    try await measure(.kill) { bed, report, chance in
      bed.daemon.arguments = ["--segment-mib", "4"]
      try await bed.startBusd()
      try bed.startCrew()
      for _ in 0..<faultCount(.kill) {
        try await Wait.milliseconds(chance.number(20...250))
        report.breaches += try bed.revive()
        let action = try await strike(bed, &chance)
        report.actions[action, default: 0] += 1
        report.cycles += 1
      }
    }
  }

  /// One fault: half of them meet busd.
  private func strike(_ bed: Bed, _ chance: inout Chance) async throws -> String {
    let isStopped = chance.isPercent(30)
    let pause = isStopped ? chance.number(20...600) : 0
    let goesOn = isStopped && chance.isPercent(50)
    let role = [Bed.Role.publisher, .worker, .worker, .watcher][chance.number(0...3)]
    let (isBusd, choice) = (chance.isPercent(50), chance.number(0...99))
    let members = bed.crew[role, default: []]
    let index = members.isEmpty ? 0 : choice % members.count
    guard let victim = isBusd ? bed.busd : members[index] else { throw ProofError("nobody is there to be killed") }
    let name = isBusd ? "busd" : role.rawValue
    if isStopped {
      victim.signal(SIGSTOP)
      try await Wait.milliseconds(pause)
    }
    if goesOn {
      victim.signal(SIGCONT)
      return "\(name) stopped"
    }
    if isBusd {
      try await victim.kill9()
      try await bed.startBusd()
    } else {
      try await bed.replace(role, at: index)
    }
    return "\(name) killed"
  }
}
