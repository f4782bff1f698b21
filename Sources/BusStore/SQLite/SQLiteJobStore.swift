public import BusProtocol
internal import GRDB

/// The job store in one SQLite file: one connection that writes, reads and checkpoints, synced at every commit.
///
/// Only one process may open the live file; tools ask busd. (Before 3.51.3 SQLite could damage a file when one
/// connection checkpointed while another wrote: here there is no other.)
public final class SQLiteJobStore: JobStore {
  let queue: DatabaseQueue
  let random: () -> Double
  var wiring = QueueWiring(queues: nil)
  /// The last token given; written with every transaction that gave one.
  var token: UInt64 = 0
  /// What this transaction adds to the totals of the queues.
  var totals: [String: (done: Int, notNeeded: Int, merged: Int)] = [:]

  /// Opens or makes the file. The directory has to be there; `random` gives chances from 0 up to 1.
  public init(path: String, random: @escaping () -> Double) throws(StoreError) {
    self.random = random
    do {
      var configuration = Configuration()
      configuration.journalMode = .wal
      configuration.label = "jobs"
      queue = try DatabaseQueue(path: path, configuration: configuration)
      try SQLiteJobStore.settle(queue)
      try Schema.migrator.migrate(queue)
      token = try queue.read { try UInt64.fetchOne($0, sql: "SELECT value FROM counter WHERE name = 'token'") ?? 0 }
    } catch { throw StoreError(error, doing: "open \(path)") }
  }

  /// Set once more behind GRDB's own set-up of WAL, which would leave commits unsynced; then looked at.
  private static func settle(_ queue: DatabaseQueue) throws {
    try queue.inDatabase { database in
      try database.execute(
        sql: """
          PRAGMA synchronous = FULL;
          PRAGMA foreign_keys = OFF;
          PRAGMA secure_delete = OFF;
          PRAGMA cache_size = -16000;
          PRAGMA wal_autocheckpoint = 4000;
          """)
      let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous")
      let journal = try String.fetchOne(database, sql: "PRAGMA journal_mode")
      guard synchronous == 2, journal == "wal" || journal == "memory" else {
        throw StoreError(
          .refused, "the job store would not sync: synchronous \(synchronous ?? -1), journal \(journal ?? "none")")
      }
    }
  }

  /// Does all commands in one transaction, synced when it returns.
  public func perform(_ commands: [StoreCommand], at now: Timestamp) throws(StoreError) -> [StoreReply] {
    guard !commands.isEmpty else { return [] }
    let tokenBefore = token
    totals = [:]
    do {
      return try queue.inDatabase { database in
        var replies: [StoreReply] = []
        replies.reserveCapacity(commands.count)
        try database.inTransaction(.immediate) {
          for command in commands { replies.append(try perform(command, at: now, in: database)) }
          try writeTotals(in: database)
          if token != tokenBefore {
            try database.run("UPDATE counter SET value = ? WHERE name = 'token'", [Int64(token)])
          }
          return .commit
        }
        return replies
      }
    } catch {
      token = tokenBefore
      throw StoreError(error, doing: "change the job store")
    }
  }

  private func perform(_ command: StoreCommand, at now: Timestamp, in database: Database) throws -> StoreReply {
    switch command {
    case .enqueue(let wishes): .enqueued(try wishes.map { try enqueueOnce($0, at: now, in: database) })
    case .declare(let declaration): try declare(declaration, at: now, in: database)
    case .lease(let name): try lease(name, in: database)
    case .commit(let name, let token, let from, let through, let jobs):
      try commit(name, token: token, from: from, through: through, jobs: jobs, at: now, in: database)
    case .claim(let claim): .claimed(try self.claim(claim, at: now, in: database))
    case .finish(let results): .finished(try results.map { try finish($0, at: now, in: database) })
    case .lose(let jobs): .changed(try jobs.count { try lose($0, at: now, in: database) })
    case .promote: .changed(try promote(at: now, in: database))
    case .unpark(let known): .changed(try unpark(workersKnown: known, at: now, in: database))
    case .prune(let history): .changed(try prune(history, at: now, in: database))
    }
  }

  private func writeTotals(in database: Database) throws {
    for (queue, added) in totals {
      try database.run(
        """
        INSERT INTO total(queue, done, not_needed, merged) VALUES (?, ?, ?, ?) ON CONFLICT(queue) DO UPDATE SET
        done = done + excluded.done, not_needed = not_needed + excluded.not_needed, merged = merged + excluded.merged
        """, [queue, added.done, added.notNeeded, added.merged])
    }
  }

  /// Reads, in one view of the file.
  func reading<R>(_ what: String, _ body: (Database) throws -> R) throws(StoreError) -> R {
    do { return try queue.inDatabase(body) } catch { throw StoreError(error, doing: "read \(what)") }
  }
}

extension Database {
  /// Runs a statement that is prepared once and kept.
  func run(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?]) throws {
    try cachedStatement(sql: sql).execute(arguments: StatementArguments(arguments))
  }

  /// The rows of a statement that is prepared once and kept.
  func rows(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?] = []) throws -> [Row] {
    try Row.fetchAll(try cachedStatement(sql: sql), arguments: StatementArguments(arguments))
  }

  /// The first row of a statement that is prepared once and kept.
  func row(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?] = []) throws -> Row? {
    try Row.fetchOne(try cachedStatement(sql: sql), arguments: StatementArguments(arguments))
  }
}

extension StoreError {
  /// What SQLite said, as a kind and a sentence.
  init(_ error: any Error, doing what: String) {
    if let error = error as? StoreError {
      self = error
      return
    }
    guard let error = error as? DatabaseError else {
      self.init(.refused, "could not \(what): \(error)")
      return
    }
    let reason = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_FULL: self.init(.diskFull, "could not \(what): the disk is full; free space, nothing was lost")
    case .SQLITE_IOERR: self.init(.io, "could not \(what): \(reason)")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: self.init(.damaged, "could not \(what): \(reason); restore the file")
    case .SQLITE_BUSY, .SQLITE_LOCKED: self.init(.locked, "could not \(what): another process has the file")
    case .SQLITE_CANTOPEN: self.init(.refused, "could not \(what): the file cannot be opened; check its directory")
    default: self.init(.refused, "could not \(what): \(reason)")
    }
  }
}
