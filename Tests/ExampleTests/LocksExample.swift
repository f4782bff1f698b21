import Bus

// What the article "Locks" shows.

enum LocksExample {
  struct ChargeInvoice: Worker {
    let invoiceID: Int
    let payerID: Int
    var queueLock: LockKey? { LockKey(invoiceID) }
    var workerLock: LockKey? { LockKey(payerID) }

    func work(_ run: Run<Billing>) async throws { try await run.services.invoices.charge(invoiceID) }
  }
}
