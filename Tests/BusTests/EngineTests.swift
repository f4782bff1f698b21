import Bus
import BusTesting
import Logging
import ServiceLifecycle
import Synchronization
import Testing

/// What workers tell, one line after the other, for the test to wait for.
private final class Diary: Sendable {
  private let stream: AsyncStream<String>
  private let lines: AsyncStream<String>.Continuation
  private let doors = Mutex<[String: AsyncStream<Void>.Continuation]>([:])

  init() { (stream, lines) = AsyncStream.makeStream() }

  func write(_ line: String) { lines.yield(line) }

  /// The next lines, in the order in which they were written.
  func next(_ count: Int) async -> [String] {
    var found: [String] = []
    for await line in stream {
      found.append(line)
      if found.count == count { break }
    }
    return found
  }

  /// Waits until the door is opened, or the task cancelled.
  func wait(at door: String) async {
    let (stream, continuation) = AsyncStream<Void>.makeStream()
    doors.withLock { $0[door] = continuation }
    write("at \(door)")
    for await _ in stream {}
  }

  func open(_ door: String) { doors.withLock { $0.removeValue(forKey: door) }?.finish() }
}

private struct Greet: Worker {
  let userID: Int
  var queueLock: LockKey? { LockKey(userID) }

  func isNeeded(_ run: Run<Diary>) async throws -> Bool { userID != 0 }

  func work(_ run: Run<Diary>) async throws {
    let tenant = BusContext.current.values["tenant"]?.text ?? "none"
    run.services.write("greeted \(userID) for \(tenant)")
    publish("user_greeted", ["id": userID.jsonValue])
  }
}

private struct Chain: Worker {
  let length: Int
  func work(_ run: Run<Diary>) async throws {
    run.services.write("chain \(length)")
    if length > 1 { try await run.bus?.enqueue(Chain(length: length - 1)) }
  }
}

private struct Stumble: Worker {
  static let retry: RetryPolicy? = RetryPolicy(attempts: 3, base: .zero)
  let how: String
  func work(_ run: Run<Diary>) async throws {
    run.services.write("\(how) \(run.attempt)")
    switch how {
    case "retry" where run.attempt < 3: throw Retry(after: .zero, "not yet")
    case "give up": throw GiveUp("it was never issued")
    default: break
    }
  }
}

private struct Hold: Worker {
  let door: String
  func work(_ run: Run<Diary>) async throws {
    await run.services.wait(at: door)
    try Task.checkCancellation()
    run.services.write("through \(door)")
  }
}

@Suite(.timeLimit(.minutes(1))) struct `An engine on a real busd` {
  /// Runs the engine beside the body, and ends it gracefully.
  private static func with(
    _ engine: Engine<Diary>, _ body: () async throws -> Void
  ) async throws {
    let group = ServiceGroup(services: [engine], logger: silent)
    let running = Task { try await group.run() }
    do { try await body() } catch {
      await group.triggerGracefulShutdown()
      throw error
    }
    await group.triggerGracefulShutdown()
    try await running.value
  }

  /// How many jobs busd may send to processes of the engine, as it knows at the moment.
  private static func hands(_ client: BusClient) async throws -> Int {
    guard case .array(let queues)? = try await client.ask("queues")["queues"] else { return 0 }
    return queues.compactMap { $0["hands"].flatMap { Int(jsonValue: $0) } }.reduce(0, +)
  }

  private static func engine(_ diary: Diary, _ bus: InProcessBus) throws -> Engine<Diary> {
    Engine("test", services: diary, configuration: try bus.configuration(service: "test"), logger: silent) {
      Subscription("user_*", from: .beginning) { event in
        if event.topic == "user_changed" { Greet(userID: try event["id"]) }
      }
      Workers(Chain.self, Stumble.self, Hold.self)
    }
  }

  @Test func `an event leads to work, and all that follows knows its cause and context`() async throws {
    try await InProcessBus.run { bus in
      let diary = Diary()
      let client = try BusClient(try bus.configuration(service: "shop"), logger: silent)
      try await client.whileRunning {
        let first = BusContext.with(["tenant": 7]) { client.publish("user_changed", ["id": 42]) }
        client.publish("user_changed", ["id": 0])
        try await Self.with(try Self.engine(diary, bus)) {
          #expect(await diary.next(1) == ["greeted 42 for 7"])
          var events = client.events(["user_greeted"], from: .beginning).makeAsyncIterator()
          let greeted = try #require(try await events.next())
          guard case .job? = greeted.headers.causation else {
            Issue.record("\(greeted)")
            return
          }
          #expect(greeted.headers.correlation == CorrelationID(high: first.id.high, low: first.id.low))
          #expect(greeted.headers.context == ["tenant": 7])
          #expect(greeted.headers.source?.hasPrefix("test/") == true)
        }
      }
    }
  }

  @Test func `TR5 equal waiting jobs are merged, and a job enqueues the next of its engine`() async throws {
    try await InProcessBus.run { bus in
      let diary = Diary()
      let client = try BusClient(try bus.configuration(service: "shop"), logger: silent)
      try await client.whileRunning {
        let first = try await client.enqueue(Greet(userID: 1), engine: "test")
        #expect(try await client.enqueue(Greet(userID: 1), engine: "test") == .merged(into: first.job))
        #expect(try await client.enqueue(Greet(userID: 2), engine: "test").job != first.job)
        _ = try await client.enqueue(Greet(userID: 3), engine: "test", at: .now + .hours(24))
        let error = await #expect(throws: BusError.self) { try await client.enqueue(Greet(userID: 1)) }
        #expect(error?.message.contains("Greet names no engine") == true)
        try await Self.with(try Self.engine(diary, bus)) {
          #expect(Set(await diary.next(2)) == ["greeted 1 for none", "greeted 2 for none"])
          _ = try await client.enqueue(Chain(length: 3), engine: "test")
          #expect(await diary.next(3) == ["chain 3", "chain 2", "chain 1"])
        }
      }
    }
  }

  @Test func `what a worker throws decides whether it runs again`() async throws {
    try await InProcessBus.run { bus in
      let diary = Diary()
      let client = try BusClient(try bus.configuration(service: "shop"), logger: silent)
      try await client.whileRunning {
        try await Self.with(try Self.engine(diary, bus)) {
          _ = try await client.enqueue(Stumble(how: "retry"), engine: "test")
          #expect(await diary.next(3) == ["retry 1", "retry 2", "retry 3"])
          let dead = try await client.enqueue(Stumble(how: "give up"), engine: "test").job
          #expect(await diary.next(1) == ["give up 1"])
          _ = try await client.enqueue(Chain(length: 1), engine: "test")
          #expect(await diary.next(1) == ["chain 1"])
          let job = try Job(json: try await client.ask("job", ["id": dead.jsonValue])["job"] ?? .null)
          #expect(job.state == .dead)
          #expect(job.failures.map(\.error) == ["it was never issued"])
        }
      }
    }
  }

  @Test func `I24 a graceful end lets what runs end, and leaves the rest for the next process`() async throws {
    try await InProcessBus.run { bus in
      let diary = Diary()
      let client = try BusClient(try bus.configuration(service: "shop"), logger: silent)
      try await client.whileRunning {
        let group = ServiceGroup(services: [try Self.engine(diary, bus)], logger: silent)
        let running = Task { try await group.run() }
        let held = try await client.enqueue(Hold(door: "a"), engine: "test").job
        #expect(await diary.next(1) == ["at a"])
        await group.triggerGracefulShutdown()
        while try await Self.hands(client) > 0 {}
        let waiting = try await client.enqueue(Chain(length: 1), engine: "test").job
        diary.open("a")
        #expect(await diary.next(1) == ["through a"])
        try await running.value
        let state = try await client.ask("job", ["id": held.jsonValue])["job"]?["state"]
        #expect(state == "done")
        try await Self.with(try Self.engine(diary, bus)) {
          #expect(await diary.next(1) == ["chain 1"])
        }
        let attempts = try await client.ask("job", ["id": waiting.jsonValue])["job"]?["attempts"]
        #expect(attempts == 1)
      }
    }
  }

  @Test func `P4 the subscription of a process that ends is run by another, from where it was`() async throws {
    try await InProcessBus.run { bus in
      let diary = Diary()
      let client = try BusClient(try bus.configuration(service: "shop"), logger: silent)
      try await client.whileRunning {
        var greeted: [String] = []
        for round in 0..<3 {
          try await Self.with(try Self.engine(diary, bus)) {
            try await Self.with(try Self.engine(diary, bus)) {
              for number in 1...20 { client.publish("user_changed", ["id": (round * 100 + number).jsonValue]) }
              greeted += await diary.next(20)
            }
            client.publish("user_changed", ["id": (round * 100 + 99).jsonValue])
            greeted += await diary.next(1)
          }
        }
        let expected = (0..<3).flatMap { round in (Array(1...20) + [99]).map { "greeted \(round * 100 + $0) for none" }
        }
        #expect(greeted.sorted() == expected.sorted())
      }
    }
  }

  @Test func `a declaration is what is printed, and comes back`() throws {
    let engine = Engine("search") {
      Subscription("user_*", named: "users", queue: "fast") { _ in
        IndexUser(userID: 1)
        SendMail(to: "")
      }
    }
    let text =
      #"{"engine":"search","subscriptions":[{"name":"users","patterns":["user_*"],"queue":"fast"}],"#
      + #""workers":[{"name":"IndexUser","queue":"default","inputs":["userID"]},"#
      + #"{"name":"SendMail","queue":"mail","inputs":["to"]}]}"#
    #expect(engine.declaration.json.text == text)
    #expect(try EngineDeclaration(json: JSONParser.parse(text.utf8)) == engine.declaration)
  }

  @Test func `QB8 an engine with two subscriptions of one name says so instead of running`() async {
    let engine = Engine("search") {
      Subscription("a") { _ in IndexUser(userID: 1) }
      Subscription("a") { _ in IndexUser(userID: 2) }
    }
    let error = await #expect(throws: BusError.self) { try await engine.run() }
    #expect(error?.help == "two subscriptions are named \"a\": name one of them with named:")
  }

  @Test func `services may be waited for`() async throws {
    let engine = Engine("test", makingServices: { () async throws -> Diary in throw CancellationError() }) {
      Workers(Chain.self)
    }
    #expect(engine.declaration.workers.map(\.name) == ["Chain"])
  }
}

let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
