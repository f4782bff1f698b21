import Bus
import Testing

// What the article "Environments" shows.

struct EnvironmentsExample {
  private let services = SearchServices()

  @Test func `what is suppressed goes nowhere`() async throws {
    var configuration = try BusConfiguration(environment: ["BUS_SERVICE": "test"])
    configuration.environment = .suppress
    let bus = try BusClient(configuration)
    bus.with {
      BusEnvironment.with(.suppress) {
        publish("user_changed", ["id": 42])
      }
    }
    #expect(bus.suppressedCount == 1)
  }

  @Test func `what is published inline is worked by whoever waits`() async throws {
    var configuration = try BusConfiguration(environment: ["BUS_SERVICE": "test"])
    let inline = InlineBus()
    try await inline.add(makeSearch(services))
    configuration.environment = .inline(inline)
    let bus = try BusClient(configuration)
    bus.publish("user_changed", ["id": 42])
    try await inline.drain()
    try await bus.publish("user_changed", ["id": 43]).stored()
    #expect(services.index.all == ["user 42", "user 43"])

    configuration.fallbacks = [.inline(inline), .discard]
    bus.publish("page_viewed", ["page": "/"], fallbacks: [.discard])

    configuration.middleware = [
      .publishing("tenant") { event in event.context.values["tenant"] = 7 },
      .mapping("old form") { event, _ in
        if event.topic == "user_renamed" { event.data = Array(#"{"id": 42}"#.utf8) }
      },
      .working("timing") { job, next in
        let start = ContinuousClock.now
        let outcome = try await next()
        print(job.worker, outcome.word, ContinuousClock.now - start)
        return outcome
      },
    ]
    try await BusClient(configuration).publish("user_changed", ["id": 44]).stored()
    #expect(services.index.all.last == "user 44")
  }
}

extension BusClient {
  /// The body with this client as the task's.
  @discardableResult
  fileprivate func with<R>(_ body: () -> R) -> R {
    BusClient.$current.withValue(self) { body() }
  }
}
