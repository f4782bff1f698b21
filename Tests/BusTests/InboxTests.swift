import BusTesting
import Logging
import ServiceLifecycle
import Testing

@testable import Bus

private struct MakeReport: Worker {
  let month: Int
  var notify: String? { month == 12 ? "user:7" : nil }
  func work(_ run: Run<Void>) async throws {
    guard month < 13 else { throw GiveUp("there is no month \(month)") }
    try run.answer(["total": month])
  }
}

private struct Mail: Worker {
  let owner: String
  func work(_ run: Run<Void>) async throws { publish("mail_sent", ["owner": .string(owner)]) }
}

/// What people are told of jobs that ended, through a real busd.
struct InboxTests {
  private func with(_ body: @Sendable @escaping (BusClient) async throws -> Void) async throws {
    try await InProcessBus.run { bus in
      let logger = Logger(label: "t") { _ in SwiftLogNoOpLogHandler() }
      let engine = Engine("reports", configuration: try bus.configuration(), logger: logger) {
        Workers(MakeReport.self)
        Subscription("job_completed") { event -> [Mail] in
          guard case .array(let owners)? = try event.json["notify"] else { return [] }
          return owners.compactMap { String(jsonValue: $0).map { Mail(owner: $0) } }
        }
      }
      let client = try BusClient(bus.configuration())
      var quiet = Logger(label: "group")
      quiet.logLevel = .critical
      let group = ServiceGroup(services: [engine], logger: quiet)
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        try await client.whileRunning { try await body(client) }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
      }
    }
  }

  @Test func `S3-13 an inbox is told of results and failures, as they come, and is marked as read`() async throws {
    try await with { client in
      var updates = client.inboxUpdates(of: "user:42", after: 0).makeAsyncIterator()
      let good = try await client.enqueue(MakeReport(month: 5), engine: "reports", notify: "user:42")
      let first = try #require(try await updates.next())
      #expect(first.job == good.job && first.state == .done && first.result == ["total": 5] && first.text == nil)
      let bad = try await client.enqueue(MakeReport(month: 13), engine: "reports", notify: "user:42")
      let second = try #require(try await updates.next())
      #expect(second.job == bad.job && second.state == .dead)
      #expect(second.text?.contains("there is no month 13") == true)
      let other = try await client.enqueue(MakeReport(month: 12), engine: "reports")
      _ = try await client.wait(for: other.job, timeout: .seconds(30))
      let others = try await client.inbox(of: "user:7")
      #expect(others.map(\.job) == [other.job], "the worker's own")
      #expect(try await client.markRead(inboxOf: "user:42", jobs: [good.job]) == 1)
      let new = try await client.inbox(of: "user:42", unreadOnly: true)
      #expect(new == [second])
      #expect(try await client.markRead(inboxOf: "user:42") == 1)
      let all = try await client.inbox(of: "user:42", after: first.number)
      #expect(all.map(\.job) == [bad.job] && all.first?.readAt != nil)
    }
  }

  @Test func `S3-13 a worker that sends mails subscribes to job_completed`() async throws {
    try await with { client in
      var mails = client.events(["mail_sent"], from: .beginning).makeAsyncIterator()
      // The subscription begins with what is published from then on.
      while try await client.ask("subscriptions")["subscriptions"]?.text.contains("job_completed") != true {
        await Task.yield()
      }
      _ = try await client.enqueue(MakeReport(month: 4), engine: "reports")
      _ = try await client.enqueue(MakeReport(month: 5), engine: "reports", notify: "user:42")
      let mail = try #require(try await mails.next())
      #expect(try mail.json["owner"] == "user:42")
    }
  }

  @Test func `an owner without a name is refused where it is named`() async throws {
    try await with { client in
      await #expect(throws: BusError.self) {
        try await client.enqueue(MakeReport(month: 5), engine: "reports", notify: "")
      }
      await #expect(throws: BusError.self) { try await client.inbox(of: String(repeating: "u", count: 201)) }
    }
  }
}
