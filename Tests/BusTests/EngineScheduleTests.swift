import BusTesting
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import Bus

private final class Beats: Sendable {
  private let stream: AsyncStream<JobID>
  private let found: AsyncStream<JobID>.Continuation

  init() { (stream, found) = AsyncStream.makeStream() }

  func add(_ id: JobID) { found.yield(id) }
  func next() async -> JobID? { await stream.first { _ in true } }
}

private struct Tick: Worker {
  let number: Int
  func work(_ run: Run<Beats>) async throws { run.services.add(run.job) }
}

/// Goes on for as long as it likes, in the life of one job.
private struct Nap: Worker {
  static var retry: RetryPolicy? { RetryPolicy(attempts: 1) }
  func work(_ run: Run<Beats>) async throws {
    run.services.add(run.job)
    throw Snooze(for: .milliseconds(1))
  }
}

private struct Month: Worker {
  func work(_ run: Run<Beats>) async throws {
    run.services.add(run.job)
    throw try Snooze(untilNext: "0 9 1 * *", in: "Europe/Paris")
  }
}

/// Schedules that stand in Swift, and jobs that put themselves off.
@Suite(.timeLimit(.minutes(5)))
struct EngineScheduleTests {
  private func engine(_ beats: Beats, _ schedules: [Schedule<Beats>]) -> Engine<Beats> {
    Engine("clock", services: beats, logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() }) {
      Workers(Tick.self, Nap.self, Month.self)
      for schedule in schedules { schedule }
    }
  }

  /// Runs engines while the body goes on.
  private func with(
    _ engines: [Engine<Beats>], _ body: @Sendable @escaping () async throws -> Void
  ) async throws {
    var logger = Logger(label: "group")
    logger.logLevel = .critical
    let group = ServiceGroup(services: engines, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      try await body()
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }

  private func configured(
    _ bus: InProcessBus, _ beats: Beats, _ schedules: [Schedule<Beats>]
  ) throws -> Engine<Beats> {
    let logger = Logger(label: "t") { _ in SwiftLogNoOpLogHandler() }
    return Engine("clock", services: beats, configuration: try bus.configuration(), logger: logger) {
      Workers(Tick.self, Nap.self, Month.self)
      for schedule in schedules { schedule }
    }
  }

  private func schedules(_ client: BusClient) async throws -> [JSONValue] {
    guard case .array(let list)? = try await client.ask("schedules", [:])["schedules"] else { return [] }
    return list
  }

  private func forget(_ name: String, _ client: BusClient) async throws {
    let reply = try await client.link.request(timeout: .seconds(10)) {
      .change(request: $0, what: "forget_schedule", parameters: ["name": .string(name)])
    }
    guard case .changed = reply else { throw BusClient.unexpected(reply) }
  }

  @Test func `QB12 each due time of a schedule in Swift runs once, with two processes`() async throws {
    let beats = Beats()
    try await InProcessBus.run { bus in
      let tick = Schedule("tick", every: .seconds(1), catchUp: .all) { Tick(number: 7) }
      try await with([try configured(bus, beats, [tick]), try configured(bus, beats, [tick])]) {
        let ids = [await beats.next(), await beats.next(), await beats.next()].compactMap { $0?.time?.microseconds }
        #expect(ids.count == 3 && ids.map { $0 % 1_000_000 } == [0, 0, 0])
        #expect(Set(ids).count == 3)
      }
    }
  }

  @Test func `a schedule that no binary declares any more stops, and can be removed`() async throws {
    let beats = Beats()
    try await InProcessBus.run { bus in
      let client = try BusClient(bus.configuration())
      let tick = Schedule("tick", every: .seconds(86_400)) { Tick(number: 7) }
      let tock = Schedule("tock", cron: "0 8 * * mon-fri", timeZone: "Europe/Paris") { Tick(number: 8) }
      try await with([try configured(bus, beats, [tick, tock])]) {
        while try await schedules(client).count < 2 { await Task.yield() }
      }
      let both = try await schedules(client)
      #expect(both.map { $0["declared_by"] } == ["binary", "binary"])
      #expect(both.last?["when"] == "0 8 * * mon-fri Europe/Paris")
      await #expect(throws: BusError.self) { try await forget("clock/tick", client) }
      try await with([try configured(bus, beats, [tock])]) {
        while try await schedules(client).first?["undeclared_at"] == nil { await Task.yield() }
      }
      let list = try await schedules(client)
      #expect(list.first?["next"] == [] && list.last?["undeclared_at"] == nil)
      _ = try await forget("clock/tick", client)
      let left = try await schedules(client)
      #expect(left.map { $0["name"] } == ["clock/tock"])
      await client.stop()
    }
  }

  @Test func `the topology's schedule of a name takes the binary's place`() async throws {
    let beats = Beats()
    let topology = """
      version: 1
      engines:
        clock:
          binary: clock
          schedules:
            tick: { every: 1d, worker: Tick, inputs: { number: 1 } }
      """
    try await InProcessBus.run(topology: topology) { bus in
      let client = try BusClient(bus.configuration())
      try await with([try configured(bus, beats, [Schedule("tick", every: .seconds(1)) { Tick(number: 7) }])]) {
        while try await schedules(client).first?["overrides"] == nil { await Task.yield() }
      }
      let list = try await schedules(client)
      #expect(list.count == 1 && list.first?["when"] == "every 1d" && list.first?["declared_by"] == "topology")
      await client.stop()
    }
  }

  @Test func `a schedule that cannot be keeps its engine from running, and says where and why`() async throws {
    let engine = engine(
      Beats(),
      [
        Schedule("early", cron: "0 25 * * *") { Tick(number: 1) },
        Schedule("far", cron: "@daily", timeZone: "Mars/Olympus") { Tick(number: 1) },
        Schedule("often", every: .milliseconds(5)) { Tick(number: 1) },
        Schedule("twice", every: .seconds(5)) { Tick(number: 1) },
        Schedule("twice", every: .seconds(5)) { Tick(number: 1) },
      ])
    let problems = engine.problems
    #expect(problems.count == 4)
    #expect(problems[0] == "two schedules are named \"twice\": give one another name")
    #expect(problems[1].hasPrefix("schedule \"early\": \"0 25 * * *\" fails at column 3: "), "\(problems[1])")
    #expect(
      problems[2].hasPrefix("schedule \"far\": \"Mars/Olympus\" fails at column 1: there is no such time zone; see "))
    #expect(problems[3].contains("shorter than a second"))
    await #expect(throws: BusError.self) { try await engine.run() }
  }

  @Test func `--bus-describe lists schedules, their workers among the engine's`() throws {
    let engine = Engine("clock", services: Beats()) {
      Schedule("tick", cron: "@hourly", queue: "slow") { Tick(number: 7) }
    }
    #expect(
      engine.declaration.schedules == [.init(name: "tick", when: "@hourly UTC", worker: "Tick", queue: "slow")])
    #expect(engine.declaration.workers.map(\.name) == ["Tick"])
    #expect(try EngineDeclaration(json: engine.declaration.json) == engine.declaration)
  }

  // MARK: Jobs that put themselves off

  @Test func `TR8 a worker that always snoozes is one job for ever, whatever its attempts`() async throws {
    let beats = Beats()
    try await InProcessBus.run { bus in
      let client = try BusClient(bus.configuration())
      try await with([try configured(bus, beats, [])]) {
        let outcome = try await client.enqueue(Nap(), engine: "clock")
        for _ in 0..<40 {
          let id = await beats.next()
          #expect(id == outcome.job)
        }
        let job = try #require(try await client.ask("job", ["id": outcome.job.jsonValue])["job"])
        #expect(job["dead"] == nil && job["failures"] == [])
        #expect(job["attempts"].flatMap { Int64(jsonValue: $0) }.map { $0 <= 1 } == true)
      }
      await client.stop()
    }
  }

  @Test func `TR8 a job that snoozes until the first of the month is due then, on that zone's clock`() async throws {
    let beats = Beats()
    try await InProcessBus.run { bus in
      let client = try BusClient(bus.configuration())
      try await with([try configured(bus, beats, [])]) {
        let outcome = try await client.enqueue(Month(), engine: "clock")
        let id = await beats.next()
        #expect(id == outcome.job)
        var due: Timestamp?
        while due == nil {
          let job = try #require(try await client.ask("job", ["id": outcome.job.jsonValue])["job"])
          due = try job["due_at"].flatMap { String(jsonValue: $0) }.map { try Timestamp($0) }
        }
        let text = try #require(due).description
        #expect(text.contains("-01T07:00:0") || text.contains("-01T08:00:0"), "\(text)")
      }
      await client.stop()
    }
  }
}
