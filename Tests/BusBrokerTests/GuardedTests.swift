import BusProtocol
import BusTopology
import Testing

@testable import BusBroker

/// What each request asks of the rules.
struct GuardedTests {
  static func permissions() throws -> Permissions {
    let text = """
      version: 1
      access:
        principals:
          account: { publish: ["user_*"], enqueue: ["mail/*"] }
          search: { subscribe: ["user_*"], work: ["search/*"], enqueue: ["search/default"] }
          ops: { admin: [queues, "pause_*"] }
          idle: {}
      """
    let keys: Set<Name> = ["account", "search", "ops", "idle"]
    return Permissions(try Topology(parsing: text, file: "f").access, keys: keys)
  }

  static func job(_ queue: String) throws -> NewJob {
    NewJob(id: JobID(high: 1, low: 1), queue: try QueueName(queue), worker: "Index", inputs: [:])
  }

  /// Each request, and who of `account search ops idle` may make it.
  static func table() throws -> [(Request, Set<Name>)] {
    let index = try SubscriptionName("search/user_index")
    func wish(_ name: String, _ pattern: TopicPattern) throws -> Request {
      .subscribe(request: 1, subscriptions: [SubscriptionWish(name: try SubscriptionName(name), patterns: [pattern])])
    }
    func hands(_ queues: String...) throws -> Request {
      .hands(Hands(engine: "search", queues: try queues.map { try QueueName($0) }, workers: [], concurrency: 1))
    }
    func commit(_ jobs: [NewJob]) -> Request {
      .commit(request: 1, commit: Commit(subscription: index, token: 1, from: .zero, through: .zero, jobs: jobs))
    }
    func ask(_ about: String, _ parameters: JSONObject = [:]) -> Request {
      .ask(request: 1, about: about, parameters: parameters)
    }
    let whole = JSONValue.string(String(repeating: "0", count: 26))
    let everybody: Set<Name> = ["account", "search", "ops", "idle"]
    return [
      (.publish(request: 1, publication: Publication(topic: "user_changed"), data: []), ["account"]),
      (.publish(request: 1, publication: Publication(topic: "order_paid"), data: []), []),
      (.withdraw(request: 1, ids: []), ["account"]),
      (.read(request: 1, after: .zero, patterns: ["user_changed"], limit: 1), ["search"]),
      (.read(request: 1, after: .zero, patterns: ["*"], limit: 1), ["search"]),
      (.read(request: 1, after: .zero, patterns: ["user_*", "order_paid"], limit: 1), []),
      (try wish("search/user_index", "user_*"), ["search"]), (try wish("search/user_index", "*"), []),
      (try wish("billing/user_index", "user_*"), []), (commit([]), ["search"]),
      (commit([try job("search/default")]), ["search"]), (commit([try job("search/slow")]), []),
      (.enqueue(request: 1, jobs: [try job("mail/default")]), ["account"]),
      (.enqueue(request: 1, jobs: [try job("mail/default"), try job("search/default")]), []),
      (try hands("search/default", "search/slow"), ["search"]), (try hands("search/default", "mail/default"), []),
      (try hands(), everybody), (.finish(request: 1, results: []), ["search"]),
      (.note(request: 1, notes: []), ["search"]),
      (ask("status"), everybody), (ask("queues"), ["ops"]), (ask("jobs"), []),
      (ask("job", ["id": whole]), ["account", "search"]), (ask("job", ["id": "0"]), []),
      (ask("access", ["principal": "idle"]), ["idle"]), (.beat(jobs: [], subscriptions: []), everybody),
      (.change(request: 1, what: "pause_queue", parameters: [:]), ["ops"]),
      (.change(request: 1, what: "resume_queue", parameters: [:]), []),
    ]
  }

  @Test func `I31 each request is allowed to who has its right and to nobody else`() throws {
    let permissions = try Self.permissions()
    for (request, allowed) in try Self.table() {
      for principal: Name in ["account", "search", "ops", "idle"] {
        let guarded = Guarded(principal: principal, permissions: permissions)
        let isAllowed = (try? guarded.check(request)) != nil
        #expect(isAllowed == allowed.contains(principal), "\(principal): \(request)")
      }
    }
  }

  @Test func `whose key was removed may nothing that has a name`() throws {
    let nobody = Guarded(principal: nil, permissions: try Self.permissions())
    for (request, allowed) in try Self.table() where !allowed.isEmpty && allowed.count < 4 {
      #expect((try? nobody.check(request)) == nil, "\(request)")
    }
  }

  @Test func `of a batch the records are told apart that may not be published`() throws {
    let publisher = PublisherID(high: 7, low: 7)
    var bytes: [UInt8] = []
    for (index, topic) in (["user_a", "order_a", "order_a", "user_b", "order_b"] as [Topic]).enumerated() {
      try Record.append(
        Event(
          id: EventID(high: 1, low: UInt64(index)), topic: topic, data: [], time: Timestamp(microseconds: 1),
          publisher: publisher, publisherSequence: UInt64(index + 1)), to: &bytes)
    }
    let records = try Intake.records(bytes, of: publisher)
    let account = Guarded(principal: "account", permissions: try Self.permissions())
    let denied = account.denial(of: records, in: bytes, at: Timestamp(microseconds: 1))
    #expect(denied?.sequences == [2, 3, 5])
    #expect(denied?.first.line == "account publish order_a")
    #expect(account.denial(of: [records[0], records[3]], in: bytes, at: Timestamp(microseconds: 1)) == nil)
  }
}
