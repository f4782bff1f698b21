import Bus
import Synchronization

// What the article "Jobs" shows, with billing's services as small as they can be.

struct Billing: Sendable {
  let invoices = InvoiceTable()
  let failures = FailureList()
}

final class FailureList: Sendable {
  let all = Mutex<[String]>([])
  func add(_ text: String) { all.withLock { $0.append(text) } }
}

struct Pager: Sendable {}

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

  struct TellOwner: Worker {
    let job: JobID
    let error: String
    func work(_ run: Run<Pager>) async throws {}
  }

  static func alerting() -> Engine<Pager> {
    let alerts = Engine("alerts", services: Pager()) {
      Subscription("job_failed") { event in TellOwner(job: try event["job"], error: try event["error"]) }
    }
    return alerts
  }

  static func hearing() -> Engine<Billing> {
    let billing = Engine("billing", services: Billing()) { Workers(ChargeInvoice.self) }
      .onFailure { failure, billing in billing.failures.add("\(failure.worker): \(failure.error)") }
    return billing
  }

  struct Dunning: Worker {
    func work(_ run: Run<Billing>) async throws {
      throw try Snooze(untilNext: "0 9 1 * *", in: "Europe/Paris")
    }
  }

  struct Tick: Worker {
    func work(_ run: Run<Billing>) async throws {}
  }

  static var scheduling: Engine<Billing> {
    let clock = Engine("billing", services: Billing()) {
      Schedule("dunning", cron: "0 8 * * mon-fri", timeZone: "Europe/Paris", overlap: .skip, catchUp: .last) {
        Dunning()
      }
      Schedule("tick", every: .seconds(300)) { Tick() }
    }
    return clock
  }

  static func waiting(_ bus: BusClient) async throws -> Job {
    let outcome = try await bus.enqueue(ChargeInvoice(invoiceID: 902, currency: "EUR"), engine: "billing")
    let job = try await bus.wait(for: outcome.job, timeout: .seconds(60))
    return job
  }

  struct Report: Codable {
    let total: Int
  }

  struct MakeReport: Worker {
    let month: Int
    func work(_ run: Run<Billing>) async throws {
      let report = Report(total: month)
      try run.answer(report)
    }
  }

  static func calling(_ bus: BusClient) async throws -> Report {
    let report = try await bus.call(MakeReport(month: 5), engine: "reports", returning: Report.self)
    return report
  }

  struct Size: Codable {
    let width: Int
  }

  struct ResizeImage: Worker {
    let width: Int
    func work(_ run: Run<Void>) async throws { try run.answer(Size(width: width)) }
  }

  struct PublishAlbum: Worker {
    let album: Int
    func work(_ run: Run<Void>) async throws {
      let sizes = try await run.batchResults(as: Size.self)  // in their order; nil for one that did not get done
      let failed = try await run.batch?.jobs.filter { $0.state != .done } ?? []
      print("\(sizes.count) images, \(failed.map(\.error)) failed")
    }
  }

  static func fanningOut(_ bus: BusClient) async throws -> JobID {
    let batch = try await bus.enqueue(
      batch: [ResizeImage(width: 320), ResizeImage(width: 640)], then: PublishAlbum(album: 7), engine: "album")
    return batch.then
  }

  struct AddPage: Worker {
    let page: Int
    func work(_ run: Run<Void>) async throws {
      let pages = try await run.previous(as: [Int].self) ?? []
      try run.answer(pages + [page])
    }
  }

  static func chaining(_ bus: BusClient) async throws -> [EnqueueOutcome] {
    try await bus.enqueue(chain: [AddPage(page: 1), AddPage(page: 2), AddPage(page: 3)], engine: "album")
  }

  struct ReadRows: Worker {
    let count: Int
    var queueLock: LockKey? { LockKey(count) }
    func work(_ run: Run<Billing>) async throws {
      for row in 1...count {
        try run.send(["row": row])
        run.progress(row, of: count, "reading")
      }
      run.log("read \(count) rows")
      try run.answer(count)
    }
  }

  static func listening(_ bus: BusClient) async throws {
    let call = bus.calling(ReadRows(count: 3), engine: "billing", parts: [String: Int].self, returning: Int.self)
    for try await update in call {
      switch update {
      case .progress(let progress): print("\(progress.done) of \(progress.total ?? 0)")
      case .part(let row): print(row)
      case .line(let text, _): print(text)
      case .restarted: print("its parts come again")
      case .answer(let count): print("\(count) rows")
      }
    }
  }

  static func telling(_ bus: BusClient, _ show: (InboxItem) -> Void) async throws {
    try await bus.enqueue(MakeReport(month: 6), engine: "reports", notify: "user:42")
    for item in try await bus.inbox(of: "user:42", unreadOnly: true) { show(item) }
    try await bus.markRead(inboxOf: "user:42")
    for try await item in bus.inboxUpdates(of: "user:42") { show(item) }
  }
}
