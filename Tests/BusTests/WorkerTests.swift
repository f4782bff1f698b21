import BusProtocol
import Testing

@testable import Bus

private struct ChargeInvoice: Worker, Hashable {
  enum Currency: String, Codable, CaseIterable { case eur, usd }
  static let name: Name = "Charge"
  static let queue: Name = "money"
  static let retry: RetryPolicy? = RetryPolicy(attempts: 3)
  let invoiceID: Int
  let payer: String?
  let currency: Currency
  let tags: [String]
  var priority: Int { invoiceID > 100 ? 5 : 0 }
  var queueLock: LockKey? { LockKey(invoiceID, currency.rawValue) }
  var workerLock: LockKey? { payer.map { LockKey(namespace: "payments", $0) } }
  func work(_ run: Run<Void>) async throws {}
}

private struct Lock: Worker {
  let value: JSONValue
  var queueLock: LockKey? { LockKey(value) }
  func work(_ run: Run<Void>) async throws {}
}

private struct Later: Worker {
  let hours: Int
  var delay: Duration { .seconds(hours * 3600) }
  func work(_ run: Run<Void>) async throws {}
}

private struct Truth: Sendable, Equatable {
  var users: [Int: String]
}

private struct Greet: Worker {
  let userID: Int
  func isNeeded(_ run: Run<Truth>) async throws -> Bool { run.services.users[userID] != nil }
  func work(_ run: Run<Truth>) async throws {
    if run.services.users[userID] == "bad" { throw GiveUp("attempt \(run.attempt)") }
  }
}

private let cause = JobCause()

private func job(_ worker: some Worker, queue: Name? = nil) throws -> NewJob {
  try JobDraft(worker).job(id: JobID(high: 1, low: 1), engine: "billing", queue: queue, cause: cause, askedAt: now)
}

private let now = Timestamp(microseconds: 1_000_000_000)

@Suite struct `A worker` {
  @Test func `TR1 becomes a job with named inputs, its queue, locks, priority and retry policy`() throws {
    let job = try job(ChargeInvoice(invoiceID: 101, payer: "ann", currency: .usd, tags: ["a"]))
    #expect(job.worker == "Charge")
    #expect(job.queue == QueueName(engine: "billing", name: "money"))
    #expect(job.inputs == ["invoiceID": 101, "payer": "ann", "currency": "usd", "tags": ["a"]])
    #expect(job.queueLock == #"billing.Charge(101,"usd")"#)
    #expect(job.workerLock == #"payments("ann")"#)
    #expect(job.priority == 5)
    #expect(job.retry == RetryPolicy(attempts: 3))
  }

  @Test func `TR2 the queue that a worker names comes before the one that is given`() throws {
    #expect(
      try job(ChargeInvoice(invoiceID: 1, payer: nil, currency: .eur, tags: []), queue: "x").queue.name == "money")
    #expect(try job(IndexUser(userID: 1), queue: "x").queue.name == "x")
    #expect(try job(IndexUser(userID: 1)).queue.name == "default")
  }

  @Test func `a worker's delay counts from when it was asked for, and a time that is named comes before it`() throws {
    #expect(try job(Lock(value: 1)).dueAt == nil)
    let draft = try JobDraft(Later(hours: 2))
    #expect(try job(Later(hours: 2)).dueAt == now + .seconds(7200))
    #expect(try job(Later(hours: -1)).dueAt == nil)
    let named = draft.job(
      id: JobID(high: 1, low: 1), engine: "billing", queue: nil, cause: cause, askedAt: now, dueAt: now + .seconds(1))
    #expect(named.dueAt == now + .seconds(1))
  }

  @Test func `X3 X27 X36 a lock key is typed, computed, and nil is none`() throws {
    #expect(try job(ChargeInvoice(invoiceID: 1, payer: nil, currency: .eur, tags: [])).workerLock == nil)
    #expect(try job(IndexUser(userID: 42)).queueLock == "billing.IndexUser(42)")
    let values: [JSONValue] = [1, "1", nil, true, "true", ["1"], [1], "1,1", [:], 1.5, ""]
    let locks = try values.map { try job(Lock(value: $0)).queueLock }
    #expect(Set(locks).count == values.count)
  }

  @Test func `what busd would refuse is refused where it is made`() {
    #expect(throws: ProtocolError.self) { try JobDraft(SendMail(to: String(repeating: "x", count: 300_000))) }
    #expect(throws: ProtocolError.self) { try JobDraft(Lock(value: .string(String(repeating: "x", count: 700)))) }
  }

  @Test func `its inputs are named without a job at hand`() {
    #expect(InputNames.of(ChargeInvoice.self) == ["invoiceID", "payer", "currency", "tags"])
    #expect(InputNames.of(IndexUser.self) == ["userID"])
    #expect(InputNames.of(Lock.self) == ["value"])
  }

  @Test func `is tested with a run made by hand, without a bus`() async throws {
    let run = Run(services: Truth(users: [1: "ann", 2: "bad"]), attempt: 2)
    #expect(try await Greet(userID: 1).isNeeded(run))
    #expect(try await !Greet(userID: 3).isNeeded(run))
    try await Greet(userID: 1).work(run)
    await #expect(throws: GiveUp("attempt 2")) { try await Greet(userID: 2).work(run) }
    #expect(!run.isLeaseLost)
  }

  @Test func `two declarations of one name are a problem, one worker twice is not`() {
    let declarations = EngineBuilder<Void>.buildBlock(
      EngineBuilder.buildExpression(Subscription("a") { _ in IndexUser(userID: 1) }),
      EngineBuilder.buildExpression(Subscription("a") { _ in IndexUser(userID: 2) }),
      EngineBuilder.buildExpression(Workers(IndexUser.self)))
    #expect(declarations.workers.map(\.name) == ["IndexUser"])
    #expect(declarations.problems == ["two subscriptions are named \"a\": name one of them with named:"])
  }

  @Test func `the topology's queue comes before the subscription's, the worker's own before both`() throws {
    let mapping = SubscriptionMapping(
      Subscription("a", queue: "declared") { _ in
        IndexUser(userID: 1)
        SendMail(to: "ann")
      })
    func queues(_ wired: Name?) throws -> [String] {
      try mapping.map(event("a"), engine: "e", token: 1, wiredQueue: wired).jobs.map(\.queue.description)
    }
    #expect(try queues(nil) == ["e/declared", "e/mail"])
    #expect(try queues("wired") == ["e/wired", "e/mail"])
  }

  @Test func `X13 one event makes the same jobs under one lease, and other ones under the next`() throws {
    let mapping = SubscriptionMapping(
      Subscription("a") { _ in
        IndexUser(userID: 1)
        IndexUser(userID: 2)
      })
    func ids(_ offset: UInt64, _ token: UInt64) throws -> [JobID] {
      try mapping.map(event("a", offset: offset), engine: "e", token: token, wiredQueue: nil).jobs.map(\.id)
    }
    #expect(try ids(1, 1) == ids(1, 1))
    #expect(Set(try ids(1, 1) + ids(1, 2) + ids(2, 1)).count == 6)
  }

  @Test func `QB6: an event that the wiring's filter does not pass makes no jobs`() throws {
    var mapping = SubscriptionMapping(Subscription("a") { _ in IndexUser(userID: 1) })
    func count(_ filter: String) throws -> Int {
      mapping.where = try Filter(filter).bound(to: .events, at: nil)
      return try mapping.map(event("a", offset: 1), engine: "e", token: 1, wiredQueue: nil).jobs.count
    }
    #expect(try count("topic:a offset:1") == 1)
    #expect(try count("topic:b") == 0)
  }
}

private struct Export: Worker {
  var tenantID: Int
  var at = 4
  var limit: RunLimit? { RunLimit(LockKey(tenantID), concurrency: at, rate: RateLimit(10, per: .minute)) }
  func work(_ run: Run<Void>) async throws {}
}

@Suite struct RunLimitTests {
  @Test func `a worker's limit goes with its jobs, its key its own`() throws {
    let draft = try JobDraft(Export(tenantID: 7))
    let job = draft.job(
      id: JobID(high: 1, low: 1), engine: "shop", queue: nil, cause: JobCause(), askedAt: Timestamp(microseconds: 0))
    let rate = RateLimit(10, per: .minute)
    let key = LockKey(7).text(workerNamespace: "shop.Export")
    #expect(job.limit == JobLimit(key: key, concurrency: 4, rate: rate))
    #expect(RunLimit(LockKey(7)).jobLimit(workerNamespace: "") == nil)
    #expect(throws: ProtocolError.self) { try JobDraft(Overlong()) }
  }

  private struct Overlong: Worker {
    var limit: RunLimit? { RunLimit(LockKey(String(repeating: "x", count: 700)), concurrency: 1) }
    func work(_ run: Run<Void>) async throws {}
  }
}
