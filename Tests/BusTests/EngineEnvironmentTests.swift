import Bus
import BusTesting
import Logging
import ServiceLifecycle
import Synchronization
import Testing

private struct Stop: Error {}

private struct Greet: Worker {
  static let retry: RetryPolicy? = RetryPolicy(attempts: 1)
  let name: String
  func work(_ run: Run<AsyncStream<String>.Continuation>) async throws { run.services.yield("hello \(name)") }
}

/// One engine and one client, as they are in each environment: only the configuration differs.
@Suite(.timeLimit(.minutes(1))) struct EngineEnvironmentTests {
  private static let quiet = Logger(label: "bus.test", factory: { _ in SwiftLogNoOpLogHandler() })

  /// What the worker and the middleware of an engine say of three events, one of which middleware stops.
  private func conversation(_ configuration: BusConfiguration) async throws -> [String] {
    let (lines, said) = AsyncStream<String>.makeStream()
    let engine = Engine(
      "hello", services: said, configuration: configuration, logger: EngineEnvironmentTests.quiet,
      middleware: [
        .mapping("old form") { event, _ in
          event.data = JSONValue.object(["name": .string(try event["old_name"])]).bytes
        },
        .working("guard") { job, next in
          if job.inputs["name"] == "Eve" {
            said.yield("stopped Eve")
            throw Stop()
          }
          return try await next()
        },
      ]
    ) { Subscription("user_created", from: .beginning) { event in Greet(name: try event["name"]) } }
    let running = Task { try await engine.run() }
    let client = try BusClient(configuration, logger: EngineEnvironmentTests.quiet)
    if case .inline(let bus) = configuration.environment {
      while !bus.engines.contains("hello") { await Task.yield() }
    }
    for name in ["Ada", "Eve", "Bob"] { client.publish("user_created", ["old_name": .string(name)]) }
    var heard: [String] = []
    for await line in lines {
      heard.append(line)
      if heard.count == 3 { break }
    }
    await client.stop()
    running.cancel()
    try await running.value
    return heard.sorted()
  }

  @Test func `S3-2 QB15 engine and client do the same on a busd and inline`() async throws {
    let expected = ["hello Ada", "hello Bob", "stopped Eve"]
    var inline = try BusConfiguration(environment: ["BUS_SERVICE": "test"])
    inline.environment = .inline(InlineBus())
    #expect(try await conversation(inline) == expected)
    let remote = try await InProcessBus.run { bus in try await conversation(bus.configuration()) }
    #expect(remote == expected)
  }

  @Test func `an engine of a suppressed process runs, does nothing, and ends`() async throws {
    var configuration = try BusConfiguration(environment: ["BUS_SERVICE": "test"])
    configuration.environment = .suppress
    let engine = Engine("hello", configuration: configuration, logger: EngineEnvironmentTests.quiet) {}
    let group = ServiceGroup(services: [engine], logger: EngineEnvironmentTests.quiet)
    let running = Task { try await group.run() }
    await group.triggerGracefulShutdown()
    try await running.value
  }
}
