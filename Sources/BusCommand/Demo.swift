internal import ArgumentParser
internal import BusProtocol
internal import BusSupervisor
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The shop on a real bus: changes and invoices in, one worker killed, then the result held against the truth.
struct Demo: Sendable {
  let bed: DevBed
  let shop: String
  let environment: [String: String]
  private let pids = ProcessNumbers()

  init(_ bed: DevBed, shop: String) {
    self.bed = bed
    self.shop = shop
    environment = bed.environment.merging(["SHOP_DATA": "\(bed.stateDirectory)/shop"]) { $1 }
  }

  /// Who runs now, by name: the supervisor's notices tell.
  private final class ProcessNumbers: Sendable {
    private let numbers = Mutex<[String: Int32]>([:])
    func note(_ process: String, _ pid: Int32) { numbers.withLock { $0[process] = pid } }
    func of(_ process: String) -> Int32? { numbers.withLock { $0[process] } }
  }

  /// Runs the bus and its engines while the story is told; true when the result is right.
  func run(_ definitions: [ProcessDefinition]) async throws -> Bool {
    let (wishes, wish) = AsyncStream<StopWish>.makeStream()
    let (ready, isReady) = AsyncStream<Void>.makeStream()
    let pids = pids
    let all = ProcessEnvironment.all.merging(environment) { $1 }
    let supervisor = Supervisor(definitions, environment: all) { line in
      switch line {
      case .output(DevBed.daemonName, let text) where text.hasPrefix(DevBed.readyPrefix): isReady.finish()
      case .output(let process, let text): Output.say("\(process) | \(text)")
      case .notice(let process, .started(let pid)): pids.note(process, pid)
      case .notice(let process, .restarting(let end, _, _, _)):
        Output.say("         \(process) \(end), and is started again")
      case .notice: break
      }
    }
    return try await withThrowingTaskGroup(of: Bool?.self) { group in
      group.addTask {
        if case .failed(let process) = await supervisor.run(until: wishes) {
          isReady.finish()
          throw CommandError(
            .processFailed, "\(process) ended before it was ready", where: process, help: "its own words stand above")
        }
        return nil
      }
      group.addTask {
        for await _ in ready {}
        defer { wish.yield(.gracefully) }
        return try await tell()
      }
      var isRight: Bool?
      for try await result in group { isRight = isRight ?? result }
      return isRight ?? false
    }
  }

  // MARK: The story

  private func tell() async throws -> Bool {
    let begin = ContinuousClock.now
    let data = "\(bed.stateDirectory)/changes.ndjson"
    try await shop("data", data)
    try say("bus      up: busd, and the engines account, search and billing")
    try await untilSubscribed()
    try say("publish  20,000 changes of 2,000 users, read from \(data); 300 invoices, asked for twice each")
    async let changes: Void = shop("apply", data)
    async let invoices: Void = shop("invoice", "300")
    try await killOneWorker()
    try await changes
    try await invoices
    try await untilDrained()
    try await report(took: .now - begin)
    return try await check()
  }

  private func say(_ line: String) throws { try Output.write(lines: [line]) }

  private func shop(_ arguments: String...) async throws {
    let definition = ProcessDefinition(name: "shop", executable: shop, arguments: arguments)
    let all = ProcessEnvironment.all.merging(environment) { $1 }
    let end = await OneRun.run(definition, environment: all) { Output.say("shop | \($0)") }
    guard end == .exited(0) else {
      throw CommandError(
        .processFailed, "shop \(arguments.joined(separator: " ")) \(end)", where: shop,
        help: "its own words stand above")
    }
  }

  /// In the middle of the work: as soon as some jobs are done and others are not.
  private func killOneWorker() async throws {
    try await until("some work is done") { queues in queues.contains { $0.name == "search/default" && $0.done >= 200 } }
    guard let pid = pids.of("search.1") else { return }
    kill(pid, SIGKILL)
    try say("kill -9  search.1 (pid \(pid)), in the middle of its work")
  }

  private func untilDrained() async throws {
    try await until("all work is done") { queues in queues.allSatisfy { $0.open == 0 } }
    // What was published last may not have come to its subscription yet.
    try await eventually { bus in
      let head = bus["head"]
      return try bus.members("subscriptions").list("subscriptions") { $0["cursor"] == head }.allSatisfy { $0 }
    }
    try await until("all work is done") { queues in queues.allSatisfy { $0.open == 0 } }
  }

  private func check() async throws -> Bool {
    let all = ProcessEnvironment.all.merging(environment) { $1 }
    let definition = ProcessDefinition(name: "shop", executable: shop, arguments: ["check"])
    let lines = Mutex<[String]>([])
    let end = await OneRun.run(definition, environment: all) { line in lines.withLock { $0.append(line) } }
    try Output.write(lines: lines.withLock { $0 })
    try say(end == .exited(0) ? "result   equal to the truth" : "result   NOT equal to the truth")
    return end == .exited(0)
  }

  // MARK: Looking

  private struct Queue {
    let name: String
    let open: Int
    let done: Int
    let merged: Int
  }

  private func queues() async throws -> [Queue] {
    let answer = try await ask("queues")
    return try answer.members("queues").list("queues") { (json) throws(ProtocolError) in
      let queue = try json.members("queue")
      var open = 0
      for state in ["ready", "scheduled", "blocked", "running", "parked"] {
        open += try queue.read(state, as: Int.self)
      }
      return Queue(
        name: try queue.string("queue"), open: open, done: try queue.read("done"), merged: try queue.read("merged"))
    }
  }

  private func ask(_ about: String) async throws -> JSONValue {
    let options = try ConnectionOptions.parse(["--endpoint", environment["BUS_ENDPOINT"] ?? ""])
    return try await Connection.with(options) { bus in try await bus.ask(about) }
  }

  private func untilSubscribed() async throws {
    try await eventually { answer in
      let seats = try answer.members("subscriptions").list("subscriptions") { $0["process"] ?? .null }
      return !seats.isEmpty && seats.allSatisfy { $0 != .null }
    }
  }

  private func eventually(_ holds: (JSONValue) throws -> Bool) async throws {
    while try !holds(try await ask("subscriptions")) { try await Task.sleep(for: .milliseconds(50)) }
  }

  private func until(_ fact: String, _ holds: ([Queue]) -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(300)
    while try await !holds(queues()) {
      guard ContinuousClock.now < deadline else {
        throw CommandError(
          .noAnswer, "not within five minutes: \(fact)", where: environment["BUS_ENDPOINT"] ?? "", help: "bus queues")
      }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  private func report(took duration: Duration) async throws {
    let queues = try await queues()
    let status = try await ask("status")
    let (done, merged) = (queues.map(\.done).reduce(0, +), queues.map(\.merged).reduce(0, +))
    let seconds = (duration.inSeconds * 10).rounded() / 10
    try say(
      "done     \(status["head"]?.text ?? "?") events, \(done) jobs in \(seconds) s; the locks saved \(merged) runs")
    for queue in queues { try say("         \(queue.name): \(queue.done) runs, \(queue.merged) saved") }
  }
}
