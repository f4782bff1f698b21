public import BusProtocol
internal import GRDB

/// Jobs and cursors in one SQLite file: what a bus on one machine needs, with nothing to install.
///
/// One connection in one thread, which also checkpoints; it holds the file exclusively, so that nobody else can
/// write, or reset the log beneath it. WAL with `synchronous = FULL`, asserted after opening: a commit is on disk.
/// What a batch does is in the extensions, one for each step of a job's life.
public final class SQLiteJobStore: JobStore {
  let database: DatabaseQueue
  /// Gone when the store is closed; `transaction` and `reading` let nobody here then.
  private var prepared: Statements?
  let random: () -> Double
  /// Whose turn it is; see `claim`. Not kept: after a start all begin alike.
  var turns = ClaimTurns()
  var wiring = QueueWiring.any
  var book: QueueBook
  var sketch = InputSketch()
  var pending: PendingLeases
  var windows = ReadyWindows()
  var lines = WorkerLines()
  var unwrittenTurns = UnwrittenTurns()
  /// Jobs of batches and chains that came to their end in the command that is being carried out.
  var ends: [EndedMember] = []
  private var failure: StoreError?
  private var isReading = false
  /// Whose inbox has something new since somebody looked.
  var inboxNews: Set<String> = []

  /// Opens the file, or makes it in a directory that exists, readable for its owner alone.
  ///
  /// - Parameters:
  ///   - path: where it is, or will be.
  ///   - checksPages: whether to read the whole file for damage first, which takes about a second per GB.
  ///   - random: gives a number from 0 up to 1, for the jitter of retries.
  public convenience init(path: String, checksPages: Bool = false, random: @escaping () -> Double) throws(StoreError) {
    try self.init(over: StoreConnection(path: path, checksPages: checksPages), random: random)
  }

  /// A store that knows nothing but what the file says, over a connection that no other store uses.
  package init(over connection: StoreConnection, random: @escaping () -> Double) throws(StoreError) {
    database = connection.database
    prepared = connection.statements
    do {
      book = try database.writeWithoutTransaction { try QueueBook(loadedFrom: $0) }
      pending = try database.writeWithoutTransaction { try PendingLeases(loadedFrom: $0) }
    } catch {
      throw StoreError(error, doing: "opening the job store \"\(database.path)\"")
    }
    self.random = random
    for lease in pending.all { book.move(from: lease.rowState, to: .running, of: lease.queue) }
  }

  /// Carries out all commands in order in one transaction; see ``JobStore/perform(_:at:)``.
  public func perform(_ commands: [StoreCommand], at now: Timestamp) throws(StoreError) -> [StoreReply] {
    try transaction("a batch of \(commands.count) commands") {
      if !pending.isEmpty { try settleOldLeases(at: now) }
      return try commands.map { command in
        let reply = try carryOut(command, at: now)
        if !ends.isEmpty {
          try writeTurns()
          try settleEnds(at: now)
        }
        return reply
      }
    }
  }

  var statements: Statements {
    guard let prepared else { preconditionFailure("the store was closed: nothing may be asked of it") }
    return prepared
  }

  private func carryOut(_ command: StoreCommand, at now: Timestamp) throws -> StoreReply {
    switch command {
    case .claim, .finish: break
    default: try writeTurns()
    }
    return switch command {
    case .enqueue(let jobs): .enqueued(try enqueue(jobs, at: now))
    case .enqueueGroup(let group): .enqueued(try enqueue(group, at: now))
    case .declare(let declaration): try declare(declaration, at: now)
    case .lease(let subscription): try lease(subscription)
    case .commit(let commit): try self.commit(commit, at: now)
    case .claim(let claim): .claimed(try self.claim(claim, at: now))
    case .finish(let results): .finished(try finish(results, at: now))
    case .note(let notes): .noted(try notes.map { try note($0, at: now) })
    case .lose(let leases): .finished(try leases.map { try lose($0, at: now) })
    case .seek(let name, let offset): try seek(name, to: offset)
    case .forget(let name): try forget(name)
    case .change(let changes): .changed(try changes.map { try change($0, at: now) })
    case .announce(let announcements): .announced(try announce(announcements))
    case .withdraw(let ids): .withdrawn(try withdraw(ids))
    case .pause(let queue, let pause): try self.pause(queue, pause)
    case .resume(let queue): resume(queue)
    case .holdSchedule(let name, let pause): try self.pause(name, pause)
    case .holdSubscription(let name, let pause): try self.pause(name, pause)
    case .plan(let schedules): try plan(schedules, at: now)
    case .fire(let firing): try fire(firing, at: now)
    case .declareSchedules(let wishes, let engine, let besides):
      try declareSchedules(wishes, of: engine, besides: besides, at: now)
    case .forgetSchedule(let name): try forgetSchedule(name)
    case .markRead(let owner, let jobs): .markedRead(try markRead(owner, jobs, at: now))
    case .promote: .promoted(try promote(at: now))
    case .unpark(let workers): .unparked(try unpark(workers, at: now))
    case .prune(let retention, let limit): .pruned(try prune(retention, limit: limit, at: now))
    }
  }

  /// All or nothing: rows by SQLite's transaction, the book by keeping the old one, leases by reading them again.
  func transaction<Value>(_ what: String, _ body: () throws -> Value) throws(StoreError) -> Value {
    if let failure { throw failure }
    let before = book
    do {
      return try database.writeWithoutTransaction { database in
        try statements.begin.run()
        do {
          let value = try body()
          try writeTurns()
          try saveBook()
          try statements.commit.run()
          return value
        } catch {
          // What failed may have ended the transaction already.
          if database.isInsideTransaction { try statements.rollback.run() }
          throw error
        }
      }
    } catch {
      book = before
      ends = []
      unwrittenTurns.removeAll()
      forgetOrder()
      let failure = noted(StoreError(error, doing: what))
      guard !failure.isFinal else { throw failure }
      do {
        pending = try database.writeWithoutTransaction { try PendingLeases(loadedFrom: $0) }
      } catch {
        throw noted(StoreError(.ioFailure, "reading the leases after a failure: \(error); start busd again"))
      }
      throw failure
    }
  }

  /// Reads need no transaction: this is the only connection.
  ///
  /// Where `runs` are looked at, their leases are written into the rows for that long: in a transaction that is given up,
  /// so that reading writes nothing, and does so on a full disk too.
  func reading<Value>(
    _ what: String, ofRuns runs: Bool = true, _ body: () throws -> Value
  ) throws(StoreError) -> Value {
    if let failure { throw failure }
    do {
      guard runs, !pending.isEmpty, !isReading else { return try body() }
      isReading = true
      defer { isReading = false }
      return try database.writeWithoutTransaction { database in
        var value: Value?
        try database.inTransaction(.immediate) {
          try writeLeases()
          value = try body()
          return .rollback
        }
        guard let value else { throw StoreError(.unexpected, "reading \(what) ended without an answer") }
        return value
      }
    } catch {
      throw noted(StoreError(error, doing: "reading \(what)"))
    }
  }

  /// What a failed sync left on the disk cannot be known: after it this store says no to everything.
  private func noted(_ error: StoreError) -> StoreError {
    if error.isFinal { failure = error }
    return error
  }

  private func saveBook() throws {
    if book.tokenIsDirty {
      try statements.saveToken.bind(book.token).run()
      book.tokenIsDirty = false
    }
    for number in book.takeDirty() {
      let totals = book[number].totals
      try statements.saveTotals.bind(totals.enqueued).bind(totals.mergedWishes).bind(totals.done)
        .bind(totals.notNeeded).bind(totals.merged).bind(totals.cancelled).bind(totals.removed)
        .bind(totals.revived).bind(totals.moved).bind(totals.failedAttempts).bind(totals.snoozed)
        .bind(totals.expired).bind(totals.pruned).bind(number).run()
    }
    try saveLedger()
    for number in book.takeDirtyGates() {
      let gate = book[number].gate
      try statements.saveGate.bind(number).bind(gate.meter.restedAt).bind(gate.pause?.kind.rawValue)
        .bind(gate.pause?.reason).bind(gate.pause?.since.microseconds).bind(gate.pause?.until?.microseconds)
        .bind(gate.retryBudget.restedAt).run()
    }
  }

  /// What was counted since the store was opened.
  public func counters() -> StoreCounters { book.counters }

  /// The version of the tables, and what a full check of the file found wrong.
  public func checkIntegrity() throws(StoreError) -> StoreIntegrity {
    try reading("the whole file", ofRuns: false) {
      try database.writeWithoutTransaction { database in
        let findings = try String.fetchAll(database, sql: "PRAGMA integrity_check(20)")
        return StoreIntegrity(schemaVersion: Schema.version, problems: findings.filter { $0 != "ok" })
      }
    }
  }

  /// Gives the file back.
  public func close() throws(StoreError) {
    guard failure?.code != .closed else { return }
    leave()
    do { try database.close() } catch { throw StoreError(error, doing: "closing the job store") }
  }

  /// Ends the store, and leaves its connection to another one.
  package func leave() {
    failure = StoreError(.closed, "the job store was closed: open it again")
    prepared = nil
  }

  /// Bounds the file, so that a test can fill the disk.
  package func limit(pages: Int) throws(StoreError) {
    try reading("the size", ofRuns: false) {
      try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = \(pages)") }
    }
  }

  /// How SQLite finds what the hot statements look for, one line each, so that a test sees an index that is not used.
  package func plans() throws(StoreError) -> [String] {
    try reading("the plans", ofRuns: false) {
      try database.writeWithoutTransaction { database in
        try (SQL.hot + BatchSQL.hot).map { sql in
          let steps = try SQLStatement(database, "EXPLAIN QUERY PLAN \(sql)").all { row in
            for _ in 1...3 { _ = row.integer() }
            return row.text() ?? ""
          }
          return steps.joined(separator: "; ")
        }
      }
    }
  }
}
