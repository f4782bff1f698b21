import BusProtocol
import Logging
import Synchronization
import Testing

@testable import Bus

/// What the test's workers tell, and what they wait for.
private final class Probe: Sendable {
  struct State {
    var worked: [String] = []
    var gates: [String: [CheckedContinuation<Void, Never>]] = [:]
    var open: Set<String> = []
    var cancelled: [String] = []
    var leaseLost: [Bool] = []
    var running = 0
    var mostRunning = 0
  }
  let state = Mutex(State())

  var cancelled: [String] { state.withLock { $0.cancelled } }
  var worked: [String] { state.withLock { $0.worked } }
  var leaseLost: [Bool] { state.withLock { $0.leaseLost } }

  func tell(_ text: String) { state.withLock { $0.worked.append(text) } }

  /// Waits until the gate is opened or the task cancelled.
  func wait(at gate: String) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOpen = state.withLock { state in
          if state.open.contains(gate) || Task.isCancelled { return true }
          state.gates[gate, default: []].append(continuation)
          return false
        }
        if isOpen { continuation.resume() }
      }
    } onCancel: {
      open(gate)
    }
  }

  func open(_ gate: String) {
    let waiting = state.withLock { state in
      state.open.insert(gate)
      return state.gates.removeValue(forKey: gate) ?? []
    }
    for continuation in waiting { continuation.resume() }
  }
}

private struct Note: Worker {
  var userID: Int
  var size: String
  static let defaults: JSONObject = ["size": "s"]
  func isNeeded(_ run: Run<Probe>) async throws -> Bool { userID != 0 }
  func work(_ run: Run<Probe>) async throws { run.services.tell("\(userID)\(size)") }
}

private struct Fail: Worker {
  enum How: String, Codable, CaseIterable { case plain, retry, giveUp }
  struct Boom: Error {}
  var how: How
  func work(_ run: Run<Probe>) async throws {
    switch how {
    case .plain: throw Boom()
    case .retry: throw Retry(after: .seconds(30), "busy")
    case .giveUp: throw GiveUp("never")
    }
  }
}

private struct Wait: Worker {
  var gate: String
  func work(_ run: Run<Probe>) async throws {
    let services = run.services
    services.state.withLock {
      $0.running += 1
      $0.mostRunning = max($0.mostRunning, $0.running)
    }
    services.tell("begun \(gate)")
    await services.wait(at: gate)
    services.state.withLock {
      $0.running -= 1
      if Task.isCancelled {
        $0.cancelled.append(gate)
        $0.leaseLost.append(run.isLeaseLost)
      }
    }
    services.open(Task.isCancelled ? "cancelled \(gate)" : "ended \(gate)")
    try Task.checkCancellation()
  }
}

private struct Plain: Worker {
  func work(_ run: Run<Void>) async throws {}
}

@Suite(.timeLimit(.minutes(1))) struct `An engine on a connection` {
  private let busd = FakeBusd()
  private let probe = Probe()

  private func start(
    concurrency: Int? = 4, wiring: EngineWiring? = nil, lease: Duration = .seconds(15),
    @EngineBuilder<Probe> _ declarations: () -> EngineDeclarations<Probe>
  ) -> EngineRunner<Probe> {
    let surroundings = RunSurroundings(
      engine: "search", bus: nil, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    let runner = EngineRunner(
      declarations(), services: probe, concurrency: concurrency, port: busd.port, surroundings: surroundings)
    busd.connect(runner, wiring: wiring, lease: lease)
    return runner
  }

  private func job(_ number: UInt64, _ worker: some Worker) throws -> NewJob {
    try JobDraft(worker).job(
      id: JobID(high: 7, low: number), engine: "search", queue: nil, cause: JobCause(),
      askedAt: Timestamp(microseconds: 0))
  }

  @Test func `an event becomes a job with its cause, the job runs, and is finished`() async throws {
    let runner = start {
      Subscription("user_*") { event in Note(userID: try event["id"], size: "l") }
    }
    busd.publish("user_changed", ["id": 42])
    busd.publish("order_paid", ["id": 43])
    busd.publish("user_created", ["id": 0])
    #expect(await busd.until { $0.results.count == 2 })
    let (jobs, results) = busd.state.withLock { ($0.jobs, $0.results) }
    #expect(jobs.map(\.cause.offset) == [Offset(1), Offset(3)])
    #expect(jobs[0].cause.subscription == SubscriptionName(engine: "search", name: "user_any"))
    #expect(jobs[0].cause.event == event("user_changed", offset: 1).id)
    #expect(jobs[0].inputs == ["userID": 42, "size": "l"])
    #expect(Set(results.map(\.outcome)) == [.done, .notNeeded])
    #expect(probe.worked == ["42l"])
    await runner.stop(grace: .seconds(5))
  }

  @Test func `TR1 S4-1 an old payload gets defaults, a newer one's extra inputs are passed over`() async throws {
    let runner = start { Workers(Note.self) }
    var old = try job(1, Note(userID: 1, size: "x"))
    old.inputs = ["userID": 1]
    var new = old
    new.id = JobID(high: 7, low: 2)
    new.inputs = ["userID": 2, "size": "m", "colour": ["red"]]
    var broken = old
    broken.id = JobID(high: 7, low: 3)
    broken.inputs = ["userID": "3"]
    busd.enqueue([old, new, broken])
    #expect(await busd.until { $0.results.count == 3 })
    #expect(Set(probe.worked) == ["1s", "2m"])
    let failed = busd.state.withLock { $0.results.first { $0.id.low == 3 } }
    guard case .failed(let error, nil) = failed?.outcome else {
      Issue.record("\(String(describing: failed))")
      return
    }
    #expect(error.contains("the inputs of Note cannot be read: \"userID\": expected a whole number"))
    await runner.stop(grace: .seconds(5))
  }

  @Test func `what a worker throws becomes its outcome`() async throws {
    let runner = start { Workers(Fail.self) }
    busd.enqueue([
      try job(1, Fail(how: .plain)), try job(2, Fail(how: .retry)), try job(3, Fail(how: .giveUp)),
      try job(4, Note(userID: 1, size: "s")),
    ])
    #expect(await busd.until { $0.results.count == 4 })
    let outcomes = Dictionary(
      uniqueKeysWithValues: busd.state.withLock { $0.results }.map { ($0.id.low, $0.outcome) })
    #expect(outcomes[1] == .failed(error: "Boom: Boom()", retryAfter: nil))
    #expect(outcomes[2] == .failed(error: "busy", retryAfter: .seconds(30)))
    #expect(outcomes[3] == .dead(error: "never"))
    #expect(outcomes[4] == .unknownWorker)
    await runner.stop(grace: .seconds(5))
  }

  @Test func `a worker without services runs in an engine that has some`() async throws {
    let runner = start {
      Workers(Plain.self)
      Subscription("plain") { _ in Plain() }
    }
    busd.publish("plain")
    #expect(await busd.until { $0.results.map(\.outcome) == [.done] })
    await runner.stop(grace: .seconds(5))
  }

  @Test func `I18 a lost lease cancels the run, and its result is dropped`() async throws {
    let runner = start(lease: .seconds(3)) { Workers(Wait.self) }
    busd.enqueue([try job(1, Wait(gate: "a"))])
    #expect(await busd.until { $0.leases.count == 1 })
    let id = JobID(high: 7, low: 1)
    busd.state.withLock { $0.lostJobs = [id] }
    await probe.wait(at: "cancelled a")
    #expect(probe.cancelled == ["a"])
    #expect(probe.leaseLost == [true])
    await runner.stop(grace: .seconds(5))
    #expect(busd.state.withLock { $0.results }.isEmpty)
  }

  @Test func `I24 stopping returns what waits, and lets what runs end`() async throws {
    let runner = start(concurrency: 1) { Workers(Wait.self) }
    busd.enqueue([try job(1, Wait(gate: "a"))])
    #expect(await busd.until { $0.leases.count == 1 })
    // What busd sent beyond the hands: as after a prefetch.
    busd.state.withLock { $0.leases[JobID(high: 7, low: 2)] = 99 }
    let second = try job(2, Wait(gate: "b"))
    busd.push(
      .jobs([
        Assignment(
          id: second.id, token: 99, attempt: 1, queue: second.queue, worker: second.worker, inputs: second.inputs,
          cause: second.cause)
      ]))
    async let stopped: Void = runner.stop(grace: .seconds(20))
    #expect(await busd.until { $0.results == [JobResult(id: second.id, token: 99, outcome: .returned)] })
    #expect(busd.state.withLock { $0.hands?.concurrency } == 0)
    probe.open("a")
    await stopped
    #expect(busd.state.withLock { $0.results.map(\.outcome) } == [.returned, .done])
    #expect(probe.worked == ["begun a"])
  }

  @Test func `a run that outlasts the grace is cancelled and goes back`() async throws {
    let runner = start { Workers(Wait.self) }
    busd.enqueue([try job(1, Wait(gate: "a"))])
    #expect(await busd.until { $0.leases.count == 1 })
    await runner.stop(grace: .milliseconds(20))
    #expect(busd.state.withLock { $0.results.map(\.outcome) } == [.returned])
    #expect(probe.leaseLost == [false])
  }

  @Test func `no more jobs run at once than there are hands, and each runs`() async throws {
    let wiring = EngineWiring(
      queues: [EngineWiring.Queue(name: "fast", priority: 1)], subscriptions: [], concurrency: 3)
    let runner = start(concurrency: nil, wiring: wiring) { Workers(Wait.self) }
    probe.open("x")
    busd.enqueue(try (1...500).map { try job($0, Wait(gate: "x")) })
    #expect(await busd.until { $0.results.count == 500 })
    #expect(probe.state.withLock { $0.mostRunning } <= 3)
    #expect(Set(busd.state.withLock { $0.results.map(\.id) }).count == 500)
    #expect(busd.state.withLock { $0.hands?.queues } == [QueueName(engine: "search", name: "fast")])
    await runner.stop(grace: .seconds(5))
  }

  @Test func `P4 many events in batches, each once and in order, over refused commits and lost leases`() async throws {
    let runner = start { Subscription("n") { event in Note(userID: try event["id"], size: "s") } }
    busd.state.withLock {
      let busy = Refusal(code: "busy", message: "", retryAfter: .milliseconds(5))
      $0.refusals = [busy, busy, Refusal(code: "stale_lease", message: "")]
    }
    for number in 1...3000 { busd.publish("n", ["id": .integer(Int64(number))]) }
    #expect(await busd.until { $0.cursors.values.first == Offset(3000) })
    let isInOrder = busd.state.withLock { $0.jobs.map(\.cause.offset?.rawValue) } == (1...3000).map { UInt64($0) }
    #expect(isInOrder)
    #expect(Set(busd.state.withLock { $0.jobs.map(\.id) }).count == 3000)
    #expect(busd.state.withLock { $0.commits.count } < 1000)
    await runner.stop(grace: .seconds(5))
  }

  @Test func `P4 stretches without a wanted event may be left out between two others`() async throws {
    busd.state.withLock { $0.eventsPerStretch = 1 }
    for number in 1...30 { busd.publish(number % 10 == 0 ? "n" : "other", ["id": .integer(Int64(number))]) }
    let runner = start { Subscription("n") { event in Note(userID: try event["id"], size: "s") } }
    #expect(await busd.until { $0.results.count == 3 })
    #expect(busd.state.withLock { $0.jobs.map(\.cause.offset?.rawValue) } == [10, 20, 30])
    await runner.stop(grace: .seconds(5))
  }

  @Test func `a subscription that the topology turns off is not wished for, and one is sent to its queue`() async throws
  {
    let wiring = EngineWiring(
      queues: [EngineWiring.Queue(name: "slow", priority: 1)],
      subscriptions: [
        EngineWiring.Subscription(name: "off", isEnabled: false), EngineWiring.Subscription(name: "on", queue: "slow"),
      ], concurrency: 3)
    let runner = start(wiring: wiring) {
      Subscription("a", named: "off") { _ in Note(userID: 1, size: "s") }
      Subscription("a", named: "on") { _ in Note(userID: 2, size: "s") }
    }
    busd.publish("a")
    #expect(await busd.until { $0.results.count == 1 })
    #expect(busd.state.withLock { Array($0.tokens.keys.map(\.name)) } == ["on"])
    #expect(busd.state.withLock { $0.jobs.map(\.queue.name) } == ["slow"])
    await runner.stop(grace: .seconds(5))
  }

  @Test func `an event that cannot be mapped is passed over, not in the way`() async throws {
    let runner = start { Subscription("n") { event in Note(userID: try event["id"], size: "s") } }
    busd.publish("n", ["id": "text"])
    busd.publish("n", ["id": 2])
    #expect(await busd.until { $0.results.count == 1 })
    #expect(busd.state.withLock { $0.jobs.map(\.cause.offset) } == [Offset(2)])
    await runner.stop(grace: .seconds(5))
  }
}
