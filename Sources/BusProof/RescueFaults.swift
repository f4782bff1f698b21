import Foundation

extension Runner {
  /// The longest that a job may wait when the supervisor of its killed process lives.
  private static let longest = 2000
  /// The longest when nobody is left to tell: the lease and a second.
  private static let longestAlone = 16_000

  /// The process of a running job is killed; its supervisor and the other processes live.
  func rescueOfProcesses() async throws -> FaultReport {
    try await measure(.rescueProcess) { bed, report, chance in
      try await bed.startBusd()
      try bed.startCrew(workers: 0)
      let supervisor = try bed.supervise("rescue", count: 4)
      var times: [Int] = []
      for number in 1...max(1, faultCount(.rescueProcess)) {
        let hold = try await bed.hold(UInt64(number))
        try await Wait.milliseconds(chance.number(0...300))
        let begin = History.stamp
        Glibc.kill(Int32(hold.process), SIGKILL)
        times.append(try await bed.rescue(UInt64(number), since: begin))
        report.breaches += try bed.revive()
        report.cycles += 1
      }
      note(times, within: Runner.longest, &report)
      guard supervisor.isRunning else { throw ProofError("the supervisor ended: \(supervisor.text.suffix(300))") }
    }
  }

  /// A supervisor and all its processes are killed at once; another supervisor's processes take over.
  func rescueOfSupervisors() async throws -> FaultReport {
    try await measure(.rescueSupervisor) { bed, report, chance in
      try await bed.startBusd()
      try bed.startCrew(workers: 0)
      var supervisors = [try bed.supervise("one", count: 2), try bed.supervise("two", count: 2)]
      var times: [Int] = []
      for number in 1...max(1, faultCount(.rescueSupervisor)) {
        let hold = try await bed.hold(UInt64(number))
        try await Wait.milliseconds(chance.number(500...1000))
        guard let index = supervisors.firstIndex(where: { $0.children.contains(Int32(hold.process)) }) else {
          throw ProofError("process \(hold.process) belongs to no supervisor")
        }
        let processes = supervisors[index].children
        let begin = History.stamp
        supervisors[index].signal(SIGKILL)
        for process in processes { Glibc.kill(process, SIGKILL) }
        times.append(try await bed.rescue(UInt64(number), since: begin))
        try await bed.dismiss(supervisors[index])
        supervisors[index] = try bed.supervise(index == 0 ? "one" : "two", count: 2)
        report.cycles += 1
      }
      note(times, within: Runner.longestAlone, &report)
    }
  }

  private func note(_ times: [Int], within limit: Int, _ report: inout FaultReport) {
    let sorted = times.sorted()
    guard let longest = sorted.last else { return }
    let (half, most) = (sorted[sorted.count / 2], sorted[min(sorted.count - 1, sorted.count * 99 / 100)])
    report.figures.append(
      "from the kill to the job's next start p50 \(half) ms, p99 \(most) ms, at most \(longest) ms, "
        + "\(times.count) times")
    if most > limit { report.breaches.append("a job waited \(most) ms for its next start, which may be \(limit) ms") }
  }

  /// The machine of workers is gone: nothing comes through its cable any more, no connection is closed. Workers on busd's
  /// side take over.
  func rescueOfMachines() async throws -> FaultReport {
    try await measureNetwork(.rescueMachine) { bed, network, report, chance in
      let near = network.place(.busd, like: bed.place)
      var times: [Int] = []
      for number in 1...max(1, faultCount(.rescueMachine)) {
        _ = try await bed.hold(UInt64(number), at: near)
        try bed.start(.worker, at: near)
        try await Wait.milliseconds(chance.number(2000...3000))
        let begin = History.stamp
        try await network.cut()
        let far = bed.crew[.worker, default: []].prefix(2)
        for child in far { try await child.kill9() }
        times.append(try await bed.rescue(UInt64(number), since: begin))
        try await network.heal()
        // From here on the workers are on the far side again.
        for child in bed.crew[.worker, default: []].dropFirst(2) {
          child.signal(SIGTERM)
          try await child.end()
        }
        bed.crew[.worker] = []
        for _ in 0..<2 { try bed.start(.worker) }
        report.breaches += try bed.revive()
        report.cycles += 1
      }
      note(times, within: Runner.longestAlone, &report)
    }
  }
}

extension Bed {
  /// Starts a supervisor with processes of workers.
  func supervise(_ name: String, count: Int) throws -> Child {
    let child = try launch(
      "bus", ["work", "-n", "\(count)", "--name", name, "--", Child.path("BusProof"), "worker"],
      at: equipped(place, .worker), log: "supervisor")
    crew[.worker, default: []].append(child)
    return child
  }

  /// One of the crew that has ended, or is to, is none of it any more.
  func dismiss(_ child: Child) async throws {
    try await child.kill9()
    for role in Role.allCases { crew[role]?.removeAll { $0 === child } }
  }

  /// Asks for a job that runs until its process is killed, and waits until it runs.
  func hold(_ number: UInt64, at place: Place? = nil) async throws -> Evidence.Hold {
    let (code, text) = try await bus(["enqueue", "proof.Hold", #"{"number":\#(number)}"#], at: place)
    guard code == 0 else { throw ProofError("bus enqueue: \(text)") }
    try await Wait.until(within: .seconds(60), "held job \(number) runs") { !holds(number).isEmpty }
    return holds(number)[0]
  }

  /// Waits until the held job runs again; after how many milliseconds that was.
  func rescue(_ number: UInt64, since begin: UInt64) async throws -> Int {
    try await Wait.until(within: .seconds(60), "held job \(number) runs elsewhere") { holds(number).count > 1 }
    return Int(holds(number)[1].stamp - begin) / 1000
  }
}
