import Bus
import BusTesting
import Synchronization
import Testing

/// Runs what the documents show, on a real bus in this process.
struct ExampleTests {
  @Test func `the README's engine keeps its index in step with what is published`() async throws {
    try await InProcessBus.run { bus in
      let services = SearchServices()
      let engine = Engine("search", services: services, configuration: try bus.configuration(service: "search")) {
        Subscription("user_changed") { event in IndexUser(userID: try event["id"]) }
      }
      let client = try BusClient(bus.configuration())
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await engine.run() }
        try await client.whileRunning {
          // The subscription begins with what is published from now on: it has to be there first.
          try await eventually {
            guard case .string? = try await client.ask("subscriptions")["subscriptions"]?[0]?["process"] else {
              return false
            }
            return true
          }
          publish("user_changed", ["id": 42])
          try await eventually { services.index.documents.withLock { $0 } == ["user 42"] }
        }
        group.cancelAll()
      }
    }
  }

  @Test func `what the article publishes is on disk, and its context with it`() async throws {
    try await InProcessBus.run { bus in
      let client = try BusClient(bus.configuration())
      try await client.whileRunning {
        try await EventsExample.publishing(client)
        EventsExample.publishingInContext()
        try await EventsExample.publishingLater(client)
        var contexts: [JSONObject?] = []
        for try await event in client.events(["user_*"], from: .beginning) {
          contexts.append(event.headers.context)
          if contexts.count == 4 { break }
        }
        #expect(contexts == [nil, nil, nil, ["tenant": 7]])
        #expect(try await client.ask("announcements")["announcements"] == .array([]))
      }
    }
  }

  @Test func `a listener of the article hears what comes, and ends with its task`() async throws {
    try await InProcessBus.run { bus in
      let client = try BusClient(bus.configuration())
      try await client.whileRunning {
        let listener = Task { try await EventsExample.listening(client) }
        listener.cancel()
        try await listener.value
      }
    }
  }

  @Test func `the articles' jobs are kept, and the second of one lock is merged into the first`() async throws {
    try await InProcessBus.run { bus in
      let client = try BusClient(bus.configuration())
      try await client.whileRunning {
        let job = try await JobsExample.enqueuing(client).job
        #expect(try await client.ask("job", ["id": .string("\(job)")])["job"]?["state"] == "scheduled")

        let charge = LocksExample.ChargeInvoice(invoiceID: 901, payerID: 3)
        let first = try await client.enqueue(charge, engine: "billing")
        #expect(try await client.enqueue(charge, engine: "billing") == .merged(into: first.job))
      }
    }
  }

  @Test func `the articles' batch and chain run to their ends`() async throws {
    let bus = try TestBus()
    try await bus.add(
      Engine("album", services: (), configuration: try bus.configuration(service: "album")) {
        Workers(JobsExample.ResizeImage.self, JobsExample.PublishAlbum.self, JobsExample.AddPage.self)
      })
    let (last, steps) = try await bus.run {
      (try await JobsExample.fanningOut(bus.client), try await JobsExample.chaining(bus.client))
    }
    try await bus.drain()
    #expect(try bus.jobs("PublishAlbum", state: .done).map(\.id) == [last])
    #expect(try bus.jobs("AddPage").map(\.result) == [[1], [1, 2], [1, 2, 3]])
    #expect(steps.count == 3)
  }

  @Test func `what the documents declare can be described`() {
    #expect(search.declaration.subscriptions.map(\.patterns) == [["user_changed"]])
    #expect(search.declaration.workers.map(\.inputs) == [["userID"]])
  }
}

extension JSONValue {
  /// An element of a list, nil where there is none.
  fileprivate subscript(index: Int) -> JSONValue? {
    guard case .array(let values) = self, values.indices.contains(index) else { return nil }
    return values[index]
  }
}
