import Bus

// What the article "Locks" shows.

struct Feeds: Sendable {
  func refresh(_ feedID: Int, since: Int?) async throws {}
}

enum LocksExample {
  struct ChargeInvoice: Worker {
    let invoiceID: Int
    let payerID: Int
    var queueLock: LockKey? { LockKey(invoiceID) }
    var workerLock: LockKey? { LockKey(payerID) }

    func work(_ run: Run<Billing>) async throws { try await run.services.invoices.charge(invoiceID) }
  }

  struct RefreshFeed: Worker {
    static var onMerge: MergePolicy { .merge }
    static var lockUntil: QueueLockEnd { .done }
    static var debounce: Debounce? { Debounce(after: .seconds(120), atMost: .seconds(600)) }
    let feedID: Int
    let since: Int?
    var queueLock: LockKey? { LockKey(feedID) }
    var expires: Duration? { .seconds(3600) }

    func work(_ run: Run<Feeds>) async throws { try await run.services.refresh(feedID, since: since) }
  }
}
