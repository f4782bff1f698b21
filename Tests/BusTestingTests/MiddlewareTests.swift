import Bus
import BusTesting
import Synchronization
import Testing

private final class Log: Sendable {
  private let written = Mutex<[String]>([])
  var lines: [String] { written.withLock { $0 } }
  func write(_ line: String) { written.withLock { $0.append(line) } }
}

private struct Stop: Error {}
private struct Own: Error {}

private struct Greet: Worker {
  let name: String
  func isNeeded(_ run: Run<Log>) async throws -> Bool { name != "nobody" }
  func work(_ run: Run<Log>) async throws {
    run.services.write(
      "hello \(name) of \(BusContext.current.values["tenant"].flatMap { String(jsonValue: $0) } ?? "none")")
    if name == "Own" { throw Own() }
    publish("greeted", ["name": .string(name)])
  }
}

private func name(of event: OutgoingEvent) throws -> String {
  try event.json["name"].flatMap { String(jsonValue: $0) } ?? ""
}

struct MiddlewareTests {
  private let log = Log()

  /// A bus with an engine and a client that both have the middleware.
  private func make(_ middleware: [Middleware]) async throws -> (bus: TestBus, client: BusClient) {
    let bus = try TestBus()
    let log = log
    try await bus.add(
      Engine("hello", services: log, configuration: try bus.configuration(), middleware: middleware) {
        Subscription("user_created", where: ["kind": .absent]) { event in Greet(name: try event["name"]) }
      })
    var configuration = try bus.configuration()
    configuration.middleware = middleware
    return (bus, try BusClient(configuration))
  }

  @Test func `QB15 publications go through the chain in its order, with what it changes`() async throws {
    let (bus, client) = try await make([
      .publishing("first") { event in
        event.context.values["tenant"] = "acme"
        event.replaceData(with: ["name": .string(try name(of: event) + "!")])
      },
      .publishing("second") { event in
        event.replaceData(with: ["name": .string(try name(of: event) + "?")])
      },
    ])
    client.publish("user_created", ["name": "Ada"])
    try await bus.drain()
    #expect(log.lines == ["hello Ada!? of acme"])
    // The worker's own publication goes through the engine's chain.
    try bus.expectPublished("greeted") { try $0["name"] == "Ada!?!?" }
    #expect(BusContext.current.values["tenant"] == nil)
  }

  @Test func `QB15 publishing middleware that throws stops the event, of now or of later, and is counted`() async throws
  {
    let (bus, client) = try await make([.publishing("guard") { _ in throw Stop() }])
    let receipt = client.publish("user_created", ["name": "Ada"])
    let error = await #expect(throws: BusError.self) { try await receipt.stored() }
    #expect(error?.code == "middleware")
    #expect(error?.message.contains("guard stopped event user_created") == true)
    await #expect(throws: BusError.self) { try await client.publish("user_created", in: .seconds(5)) }
    #expect(client.middlewareFailureCount == 2)
    #expect(client.refusedEventCount == 1)
    try bus.expectPublished("user_created", times: 0)
    #expect(try bus.announcements.isEmpty)
  }

  @Test func `QB15 an event to come goes through the chain, which sees when it comes`() async throws {
    let (bus, client) = try await make([
      .publishing("later") { $0.replaceData(with: ["at": .string("\($0.dueAt.map { "\($0)" } ?? "now")")]) }
    ])
    try await client.publish("reminded", in: .seconds(5))
    #expect(
      try bus.announcements.map { String(decoding: $0.data, as: UTF8.self) } == [
        #"{"at":"2026-01-01T00:00:05.000000Z"}"#
      ])
  }

  @Test func `QB15 mapping middleware gives an old event its new form, before conditions are asked`() async throws {
    let (bus, client) = try await make([
      .mapping("upcast") { event, subscription in
        #expect(subscription.description == "hello/user_created")
        event.data = JSONValue.object(["name": .string(try event["old_name"])]).bytes
      }
    ])
    client.publish("user_created", ["old_name": "Ada", "kind": 1])
    client.publish("other")
    try await bus.drain()
    #expect(log.lines == ["hello Ada of none"])
  }

  @Test func `QB15 mapping middleware that throws stops the mapping`() async throws {
    let (bus, client) = try await make([.mapping("guard") { _, _ in throw Stop() }])
    client.publish("user_created", ["name": "Ada"])
    let failure = await #expect(throws: WorkFailure.self) { try await bus.drain() }
    #expect(failure?.failures.first?.error is Stop)
    #expect(bus.wishes.isEmpty)
  }

  @Test func `QB15 working middleware goes around the run, the first one outermost`() async throws {
    let log = log
    let (bus, client) = try await make(
      ["outer", "inner"].map { name in
        .working(name) { job, next in
          log.write("\(name) begins \(job.worker)")
          let outcome = try await next()
          log.write("\(name) ends \(outcome.word)")
          return outcome
        }
      })
    client.publish("user_created", ["name": "Ada"])
    client.publish("user_created", ["name": "nobody"])
    try await bus.drain()
    #expect(
      log.lines == [
        "outer begins Greet", "inner begins Greet", "hello Ada of none", "inner ends done", "outer ends done",
        "outer begins Greet", "inner begins Greet", "inner ends not_needed", "outer ends not_needed",
      ])
  }

  @Test func `QB15 working middleware that throws stops the run and is counted, what it passes on is not`() async throws
  {
    let counts = Mutex<[Int]>([])
    let (bus, _) = try await make([
      .working("count") { _, next in
        defer { counts.withLock { $0.append(BusClient.current?.middlewareFailureCount ?? -1) } }
        return try await next()
      },
      .working("guard") { job, next in
        if job.inputs["name"] == "Ada" { throw Stop() }
        return try await next()
      },
    ])
    for name in ["Own", "Ada", "Eve"] {
      try await bus.client.enqueue("Greet", engine: "hello", ["name": .string(name)])
    }
    let failure = await #expect(throws: WorkFailure.self) { try await bus.drain() }
    #expect(failure?.failures.map { "\(type(of: $0.error))" } == ["Own", "Stop"])
    #expect(counts.withLock { $0 } == [0, 1, 1])
    #expect(log.lines == ["hello Own of none", "hello Eve of none"])
  }
}
