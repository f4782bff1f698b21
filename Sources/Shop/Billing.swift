internal import Bus
internal import GRDB

/// Charges an invoice once, later, if it is still to be charged then; never two at once for one payer.
struct ChargeInvoice: Worker {
  static var queue: Name { Queues.charge }
  let invoiceID: Int
  let payerID: Int
  var queueLock: LockKey? { LockKey(invoiceID) }
  var workerLock: LockKey? { LockKey(payerID) }
  /// A day in a real shop: until then the invoice may be cancelled.
  var delay: Duration { .milliseconds(500) }

  func isNeeded(_ run: Run<BillingServices>) async throws -> Bool { try run.services.invoices.isPending(invoiceID) }

  func work(_ run: Run<BillingServices>) async throws {
    try await run.services.invoices.charge(invoiceID, payer: payerID)
    publish("invoice_charged", ["id": invoiceID.jsonValue])
  }
}

/// What the billing engine's workers need.
struct BillingServices: Sendable {
  let invoices: Invoices
}

/// The engine that owns the invoices.
let billingEngine = Engine("billing", services: BillingServices(invoices: try Invoices())) {
  Subscription("invoice_created") { event in
    ChargeInvoice(invoiceID: try event["id"], payerID: try event["payer"])
  }
}

/// The queues of the billing engine beside `default`.
enum Queues {
  static let charge: Name = "charge"
}

/// The part of the billing engine that answers people.
struct BillingService {
  /// Every so many invoices one is cancelled before it is charged.
  private static let cancelledEvery = 10

  /// Writes invoices for a few payers and has each charged later; some are cancelled before that.
  func write(invoices count: Int) async throws {
    let invoices = try Invoices()
    let bus = try BusClient(BusConfiguration.fromEnvironment(service: "billing"))
    try await bus.whileRunning {
      for id in 1...max(1, count) {
        let payer = id % 20
        try invoices.write(id, payer: payer)
        bus.publish("invoice_created", ["id": id.jsonValue, "payer": payer.jsonValue])
        // The same wish again, as an impatient user makes it: the queue lock merges the two.
        try await bus.enqueue(ChargeInvoice(invoiceID: id, payerID: payer), engine: "billing")
        if id % BillingService.cancelledEvery == 0 { try invoices.cancel(id) }
      }
    }
  }
}

/// The table of invoices, and a line for each charge that was tried.
struct Invoices: Sendable {
  let database: DatabasePool

  init() throws {
    database = try Places.database("billing") { migrator in
      migrator.registerMigration("invoices") { database in
        try database.execute(
          sql: """
            CREATE TABLE IF NOT EXISTS invoice(id INTEGER PRIMARY KEY, payer INTEGER NOT NULL, state TEXT NOT NULL);
            CREATE TABLE IF NOT EXISTS charge(
              id INTEGER PRIMARY KEY, invoice INTEGER NOT NULL, payer INTEGER NOT NULL,
              started_at INTEGER NOT NULL, ended_at INTEGER);
            """)
      }
    }
  }

  func write(_ id: Int, payer: Int) throws {
    try database.write {
      try $0.execute(
        sql: "INSERT OR IGNORE INTO invoice(id, payer, state) VALUES (?, ?, 'pending')", arguments: [id, payer])
    }
  }

  func cancel(_ id: Int) throws {
    try database.write {
      try $0.execute(
        sql: "UPDATE invoice SET state = 'cancelled' WHERE id = ? AND state = 'pending'", arguments: [id])
    }
  }

  func isPending(_ id: Int) throws -> Bool {
    try database.read {
      try Bool.fetchOne($0, sql: "SELECT state = 'pending' FROM invoice WHERE id = ?", arguments: [id]) ?? false
    }
  }

  /// Moves the money. That it happens once is the truth's own rule: only a pending invoice becomes charged.
  func charge(_ id: Int, payer: Int) async throws {
    let line = try await database.write { database in
      try database.execute(
        sql: "INSERT INTO charge(invoice, payer, started_at) VALUES (?, ?, ?)",
        arguments: [id, payer, Terminal.microseconds])
      return database.lastInsertedRowID
    }
    try await database.write { database in
      try database.execute(
        sql: "UPDATE invoice SET state = 'charged' WHERE id = ? AND state = 'pending'", arguments: [id])
      try database.execute(
        sql: "UPDATE charge SET ended_at = ? WHERE id = ?", arguments: [Terminal.microseconds, line])
    }
  }
}
