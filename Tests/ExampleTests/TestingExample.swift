import Bus
import BusTesting
import Testing

// What the article "Testing" shows.

func makeSearch(_ services: SearchServices) -> Engine<SearchServices> {
  Engine("search", services: services) {
    Subscription("user_changed") { event in IndexUser(userID: try event["id"]) }
  }
}

struct TestingExample {
  @Test func `a worker by itself needs no bus`() async throws {
    let services = SearchServices()
    try await IndexUser(userID: 42).work(Run(services: services))
    #expect(services.index.all == ["user 42"])
  }

  @Test func `a user who changed is indexed once`() async throws {
    let services = SearchServices()
    let bus = try TestBus()
    try await bus.add(makeSearch(services))

    await bus.run { for _ in 0..<3 { publish("user_changed", ["id": 42]) } }
    try bus.expectPublished("user_changed", times: 3) { try $0["id"] == 42 }
    try bus.expectEnqueued(IndexUser.self, lock: LockKey(42), times: 1)
    try bus.expectMerged(IndexUser.self, lock: LockKey(42), times: 2)

    try await bus.drain()
    #expect(services.index.all == ["user 42"])

    try await bus.client.enqueue(IndexUser(userID: 7), engine: "search", in: .seconds(86_400))
    #expect(try bus.holder(ofQueueLock: LockKey(7), of: IndexUser.self)?.state == .scheduled)
    try await bus.advance(by: .seconds(86_400))
    try bus.expectEnqueued(IndexUser.self, lock: LockKey(7))
    #expect(try bus.jobs("IndexUser", state: .done).count == 2)

    try await bus.expectIdempotent(IndexUser(userID: 42)) { Set(services.index.all) }
  }

  @Test func `a real busd runs in the test's process`() async throws {
    try await InProcessBus.run { bus in
      let client = try BusClient(bus.configuration())
      try await client.whileRunning { try await client.publish("user_changed", ["id": 42]).stored() }
    }
  }
}
