import Bus
import BusTesting
import Synchronization
import Testing

private final class Account: Sendable {
  private let state = Mutex((balance: 0, paid: Set<Int>()))
  var balance: Int { state.withLock { $0.balance } }
  func add(_ amount: Int) { state.withLock { $0.balance += amount } }
  func isPaid(_ invoice: Int) -> Bool { state.withLock { $0.paid.contains(invoice) } }
  func pay(_ invoice: Int) { state.withLock { _ = $0.paid.insert(invoice) } }
}

private struct Charge: Worker {
  let invoice: Int
  func isNeeded(_ run: Run<Account>) async throws -> Bool { !run.services.isPaid(invoice) }
  func work(_ run: Run<Account>) async throws {
    run.services.pay(invoice)
    run.services.add(10)
    publish("invoice_paid", ["id": invoice.jsonValue])
  }
}

private struct ChargeBlindly: Worker {
  let invoice: Int
  func work(_ run: Run<Account>) async throws { run.services.add(10) }
}

private struct Count: Worker {
  func work(_ run: Run<Account>) async throws {
    run.services.add(1)
    publish("counted", ["count": run.services.balance.jsonValue])
  }
}

private struct Remind: Worker {
  let at: Int
  func work(_ run: Run<Account>) async throws {
    run.services.add(1)
    try await run.bus?.enqueue(Remind(at: run.services.balance), engine: "billing", in: .seconds(60))
  }
}

private struct Fail: Worker {
  func work(_ run: Run<Account>) async throws { throw GiveUp("no") }
}

struct IdempotenceTests {
  private let account = Account()
  private let bus: TestBus

  init() async throws {
    bus = try TestBus()
    let account = account
    try await bus.add(
      Engine("billing", services: account, configuration: try bus.configuration()) {
        Workers(Charge.self, ChargeBlindly.self, Count.self, Remind.self, Fail.self)
      })
  }

  @Test func `a worker that looks first may run twice`() async throws {
    try await bus.expectIdempotent(Charge(invoice: 1)) { account.balance }
    #expect(account.balance == 10)
    try bus.expectPublished("invoice_paid", times: 1)
    #expect(bus.runs.map(\.outcome) == [.done, .notNeeded])
  }

  @Test func `a worker that changes the truth again is found out`() async throws {
    let failure = await #expect(throws: ExpectationFailure.self) {
      try await bus.expectIdempotent(ChargeBlindly(invoice: 1)) { account.balance }
    }
    #expect(failure?.description == "the truth after the second run of ChargeBlindly is 20, was 10")
  }

  @Test func `a worker that publishes or enqueues something else again is found out`() async throws {
    let published = await #expect(throws: ExpectationFailure.self) { try await bus.expectIdempotent(Count()) }
    #expect(published?.description == #"the second run of Count did what the first did not: event counted {"count":2}"#)
    let enqueued = await #expect(throws: ExpectationFailure.self) { try await bus.expectIdempotent(Remind(at: 0)) }
    #expect(enqueued?.code == "not_idempotent")
  }

  @Test func `what a run throws is thrown`() async throws {
    await #expect(throws: GiveUp.self) { try await bus.expectIdempotent(Fail()) }
  }
}
