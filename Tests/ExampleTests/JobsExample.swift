import Bus
import Synchronization

// What the article "Jobs" shows, with billing's services as small as they can be.

struct Billing: Sendable {
  let invoices = InvoiceTable()
}

final class InvoiceTable: Sendable {
  let charged = Mutex<[Int]>([])
  func isPending(_ id: Int) async throws -> Bool { charged.withLock { !$0.contains(id) } }
  func charge(_ id: Int) async throws { charged.withLock { $0.append(id) } }
}

enum JobsExample {
  struct ChargeInvoice: Worker {
    static var queue: Name { "charge" }
    static var retry: RetryPolicy? { RetryPolicy(attempts: 25) }
    static var defaults: JSONObject { ["currency": "EUR"] }
    let invoiceID: Int
    let currency: String
    var delay: Duration { .seconds(86_400) }

    func isNeeded(_ run: Run<Billing>) async throws -> Bool { try await run.services.invoices.isPending(invoiceID) }
    func work(_ run: Run<Billing>) async throws { try await run.services.invoices.charge(invoiceID) }
  }

  static func enqueuing(_ bus: BusClient) async throws -> EnqueueOutcome {
    try await bus.enqueue(ChargeInvoice(invoiceID: 901, currency: "EUR"), engine: "billing", in: .seconds(60))
  }
}
