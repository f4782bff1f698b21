import BusProtocol
import Logging
import Synchronization
import Testing

@testable import Bus

/// What workers wrote, and the time that the bus is told.
private final class Diary: Sendable {
  private let written = Mutex<[String]>([])
  private let time = Mutex(Timestamp(microseconds: 1_700_000_000_000_000))
  var lines: [String] { written.withLock { $0 } }
  var now: Timestamp { time.withLock { $0 } }
  func write(_ line: String) { written.withLock { $0.append(line) } }
  func advance(by duration: Duration) { time.withLock { $0 = $0 + duration } }
}

private struct Broken: Error {}

private struct Index: Worker {
  let userID: Int
  var queueLock: LockKey? { LockKey(userID) }
  func isNeeded(_ run: Run<Diary>) async throws -> Bool { userID != 0 }
  func work(_ run: Run<Diary>) async throws {
    guard userID > 0 else { throw Broken() }
    run.services.write("index \(userID)")
    publish("user_indexed", ["id": userID.jsonValue])
  }
}

private struct Mail: Worker {
  let userID: Int
  var priority: Int { 5 }
  func work(_ run: Run<Diary>) async throws {
    run.services.write("mail \(userID) because of \(run.cause.topic?.text ?? "nothing")")
  }
}

private struct Loop: Worker {
  func work(_ run: Run<Diary>) async throws { try await run.bus?.enqueue(Loop(), engine: "search") }
}

struct InlineBusTests {
  private let diary = Diary()
  private let bus: InlineBus
  private let configuration: BusConfiguration

  init() throws {
    bus = InlineBus(InlineMemory(), pace: .atOnce, now: { [diary] in diary.now }, maximumRunCount: 1000)
    var configuration = try BusConfiguration(environment: ["BUS_SERVICE": "shop"])
    configuration.environment = .inline(bus)
    self.configuration = configuration
  }

  private func engine() -> Engine<Diary> {
    Engine("search", services: diary, configuration: configuration, logger: LinesOfLog().logger()) {
      Subscription("user_changed") { event in Index(userID: try event["id"]) }
      Subscription("user_indexed") { event in Mail(userID: try event["id"]) }
      Workers(Loop.self)
    }
  }

  private func client() async throws -> BusClient {
    try await bus.add(engine())
    return try BusClient(configuration, logger: LinesOfLog().logger())
  }

  @Test func `S3-2 awaiting a publication does its work and what follows from it, without a busd`() async throws {
    let client = try await client()
    let receipt = client.publish("user_changed", ["id": 42])
    #expect(receipt.taker == .inline)
    #expect(diary.lines.isEmpty)
    try await receipt.stored()
    #expect(diary.lines == ["index 42", "mail 42 because of user_indexed"])
  }

  @Test func `S3-2 what a worker throws is thrown to whoever drains, as it was thrown`() async throws {
    let client = try await client()
    client.publish("user_changed", ["id": -1])
    client.publish("user_changed", ["id": 7])
    let failure = await #expect(throws: WorkFailure.self) { try await bus.drain() }
    #expect(failure?.failures.map(\.what) == ["search.Index"])
    #expect(failure?.failures.first?.error is Broken)
    #expect(diary.lines.first == "index 7")
    try await bus.drain()
    let error = await #expect(throws: BusError.self) { try await client.publish("user_changed", ["id": -1]).stored() }
    #expect(error?.code == "job_failed")
  }

  @Test func `a mapping that throws is thrown to whoever drains`() async throws {
    let client = try await client()
    client.publish("user_changed", ["id": "text"])
    let failure = await #expect(throws: WorkFailure.self) { try await bus.drain() }
    #expect(failure?.failures.map(\.what) == ["search/user_changed"])
  }

  @Test func `a bus that nobody has any more ends, with its engines`() async throws {
    weak var gone: InlineBus?
    do {
      let bus = InlineBus()
      gone = bus
      var configuration = configuration
      configuration.environment = .inline(bus)
      try await bus.add(Engine("search", services: diary, configuration: configuration) { Workers(Loop.self) })
      #expect(gone != nil)
    }
    #expect(gone == nil)
  }

  @Test func `an enqueue does the work before it returns, and work that is not needed is no failure`() async throws {
    let client = try await client()
    try await client.enqueue(Index(userID: 3), engine: "search")
    try await client.enqueue(Index(userID: 0), engine: "search")
    #expect(diary.lines == ["index 3", "mail 3 because of user_indexed"])
  }

  @Test func `an equal job that waits takes the wish`() async throws {
    let client = try await client()
    for _ in 0..<3 { client.publish("user_changed", ["id": 42]) }
    try await bus.drain()
    #expect(diary.lines == ["index 42", "mail 42 because of user_indexed"])
  }

  @Test func `a wish that may run earlier makes the job that waits run earlier`() async throws {
    let client = try await client()
    let first = try await client.enqueue(Index(userID: 1), engine: "search", in: .seconds(60))
    #expect(
      try await client.enqueue(Index(userID: 1), engine: "search", in: .seconds(10)) == .merged(into: first.job))
    diary.advance(by: .seconds(10))
    try await bus.drain()
    #expect(diary.lines.first == "index 1")
  }

  @Test func `the higher priority goes first, and of equal ones the first`() async throws {
    let client = try await client()
    for id in [1, 2] { client.publish("user_changed", ["id": .integer(Int64(id))]) }
    client.publish("user_indexed", ["id": 9])
    try await bus.drain()
    #expect(diary.lines.first == "mail 9 because of user_indexed")
    #expect(diary.lines.filter { $0.hasPrefix("index") } == ["index 1", "index 2"])
  }

  @Test func `jobs and events to come wait for their time`() async throws {
    let client = try await client()
    try await client.enqueue(Index(userID: 1), engine: "search", in: .seconds(60))
    try await client.publish("user_indexed", ["id": 2], in: .seconds(30))
    let id = try await client.publish("user_indexed", ["id": 3], in: .seconds(30))
    #expect(try await client.withdraw([id]) == [id])
    try await bus.drain()
    #expect(diary.lines.isEmpty)
    diary.advance(by: .seconds(30))
    try await bus.drain()
    #expect(diary.lines == ["mail 2 because of user_indexed"])
    diary.advance(by: .seconds(30))
    try await bus.drain()
    #expect(diary.lines.dropFirst().first == "index 1")
  }

  @Test func `a job that no engine here can run is parked, and says why`() async throws {
    let client = try await client()
    guard case .parked(_, let reason) = try await client.enqueue("Other", engine: "billing", [:]) else {
      Issue.record("the job was not parked")
      return
    }
    #expect(reason == "no engine in this process has the worker billing.Other")
  }

  @Test func `inputs that JSON cannot carry are refused as busd would refuse them`() async throws {
    let client = try await client()
    let error = await #expect(throws: BusError.self) {
      try await client.enqueue("Index", engine: "search", ["text": .string(String(repeating: "x", count: 300_000))])
    }
    #expect(error?.code == "too_large")
    #expect(client.publish("user_changed", bytes: [UInt8](repeating: 32, count: 100 << 20)).taker == .refused)
  }

  @Test func `work that asks for itself for ever ends with an error`() async throws {
    let client = try await client()
    let error = await #expect(throws: BusError.self) { try await client.enqueue(Loop(), engine: "search") }
    #expect(error?.code == "inline")
  }

  @Test func `what nobody drains is bounded`() async throws {
    let manual = InlineBus(InlineMemory(), pace: .whenDrained, now: { [diary] in diary.now })
    var configuration = configuration
    configuration.environment = .inline(manual)
    try await manual.add(engine())
    let client = try BusClient(configuration, logger: LinesOfLog().logger())
    for id in 0..<InlineMemory.maximumCount { client.publish("user_changed", ["id": .integer(Int64(id))]) }
    #expect(client.refusedEventCount == 0)
    client.publish("user_changed", ["id": -5])
    #expect(client.refusedEventCount == 1)
  }

  @Test func `S3-2 an engine that runs in the process does the work as it comes, and ends`() async throws {
    let (written, write) = AsyncStream<Int>.makeStream()
    let engine = Engine("echo", services: write, configuration: configuration, logger: LinesOfLog().logger()) {
      Subscription("said") { event in Echo(number: try event["number"]) }
    }
    let running = Task { try await engine.run() }
    let client = try BusClient(configuration, logger: LinesOfLog().logger())
    while !bus.engines.contains("echo") { await Task.yield() }
    client.publish("said", ["number": 7])
    for await number in written {
      #expect(number == 7)
      break
    }
    running.cancel()
    try await running.value
    #expect(bus.engines.isEmpty)
  }

  @Test func `QB13 a task's scope sends a remote client's publications to the inline bus`() async throws {
    let directory = try TemporaryDirectory()
    let client = try BusClient(makeConfiguration(directory), logger: LinesOfLog().logger())
    try await bus.add(engine())
    try await BusEnvironment.with(.inline(bus)) { try await client.publish("user_changed", ["id": 8]).stored() }
    #expect(diary.lines.first == "index 8")
    await client.stop()
  }
}

private struct Echo: Worker {
  let number: Int
  func work(_ run: Run<AsyncStream<Int>.Continuation>) async throws { run.services.yield(number) }
}
