internal import BusProtocol
internal import GRDB

/// What the store knows by heart: the queues' numbers and counts, and the last token.
///
/// Kept in step with every change of a row, thrown away with a transaction that fails, and loaded when the store
/// is opened. So a dashboard may ask for the counts as often as it likes.
struct QueueBook {
  /// One queue.
  struct Entry {
    let name: QueueName
    var states: [Int]
    var totals = QueueCounts.Totals()
    var totalsAreDirty = false
    var gate = QueueGate()
    var gateIsDirty = false
    /// Whether jobs became ready, or ceased to be, in another way than by being asked for and being taken.
    fileprivate(set) var isDisturbed = false

    init(_ name: QueueName) {
      self.name = name
      states = Array(repeating: 0, count: JobState.allCases.count)
    }

    subscript(state: JobState) -> Int { states[Int(state.code)] }

    /// Whether no new job would be refused.
    var takesAll: Bool { gate.limits.waiting == nil && gate.pause == nil }

    var waiting: Int { self[.scheduled] + self[.ready] + self[.blocked] + self[.parked] }
  }

  /// By number, from 1: the place in the array, plus one.
  private(set) var entries: [Entry] = []
  private var numbers: [QueueName: Int64] = [:]
  /// The largest token that was ever given.
  var token: UInt64 = 0
  var tokenIsDirty = false
  /// Finished jobs, and merged wishes, that are kept.
  var historyCount = 0
  var mergeCount = 0
  /// The largest id of a wish that was ever merged: a larger one, as nearly every new one is, need not be looked for.
  private var lastMerged: JobID?
  /// The number of the last job's row.
  private var lastRow: Int64 = 0
  var counters = StoreCounters()
  /// What this transaction merged, by lock; and how many locks' sums are kept.
  private var savings: [SavingKey: Saving] = [:]
  /// Whether jobs began to wait for a lock, or ceased to, in another way than by being asked for and by their turn.
  private var linesAreDisturbed = false
  var savingCount = 0

  struct SavingKey: Hashable {
    var lock: String
    var worker: String
  }

  struct Saving {
    var count = 0
    var since: Timestamp
    var last: Timestamp
  }

  func number(of queue: QueueName) -> Int64? { numbers[queue] }

  subscript(number: Int64) -> Entry { entries[Int(number) - 1] }

  /// Whether the number is one that the book gave.
  func contains(_ number: Int64) -> Bool { number >= 1 && number <= entries.count }

  /// Gives the next number to a queue.
  mutating func add(_ queue: QueueName, limits: QueueLimits) -> Int64 {
    entries.append(Entry(queue))
    entries[entries.count - 1].gate.limits = limits
    let number = Int64(entries.count)
    numbers[queue] = number
    return number
  }

  /// A row of the tables, while the store is opened.
  mutating func load(_ totals: QueueCounts.Totals, of number: Int64) { entries[Int(number) - 1].totals = totals }
  mutating func load(_ meter: RateMeter, _ budget: RetryBudget, _ pause: QueuePause?, of number: Int64) {
    entries[Int(number) - 1].gate.meter = meter
    entries[Int(number) - 1].gate.retryBudget = budget
    entries[Int(number) - 1].gate.pause = pause
  }
  mutating func load(_ count: Int, in state: JobState, of number: Int64) {
    entries[Int(number) - 1].states[Int(state.code)] = count
  }

  /// A job was kept.
  mutating func enter(_ state: JobState, of number: Int64) {
    entries[Int(number) - 1].states[Int(state.code)] += 1
    changeTotals(of: number) { $0.enqueued += 1 }
  }

  /// Jobs went from one state to another; `isTaken` where they were the first ready ones, or the first of a worker lock.
  mutating func move(
    from old: JobState, to new: JobState, count: Int = 1, of number: Int64, isTaken: Bool = false
  ) {
    guard old != new else { return }
    if old == .ready || new == .ready, !isTaken { entries[Int(number) - 1].isDisturbed = true }
    if old == .blocked || new == .blocked, !isTaken { linesAreDisturbed = true }
    leave(old, count: count, of: number)
    guard new.isHistory else {
      entries[Int(number) - 1].states[Int(new.code)] += count
      return
    }
    historyCount += count
    changeTotals(of: number) {
      switch new {
      case .done: $0.done += count
      case .notNeeded: $0.notNeeded += count
      case .cancelled: $0.cancelled += count
      case .expired: $0.expired += count
      default: $0.merged += count
      }
    }
  }

  private mutating func leave(_ state: JobState, count: Int, of number: Int64) {
    guard state.isHistory else {
      entries[Int(number) - 1].states[Int(state.code)] -= count
      return
    }
    historyCount -= count
    changeTotals(of: number) { $0.revived += count }
  }

  /// A ready job came into the queue, or something changed of one.
  mutating func disturb(_ number: Int64) { entries[Int(number) - 1].isDisturbed = true }

  /// Whether the ready jobs of a queue are others than who asked last knows of.
  mutating func takeDisturbance(of number: Int64) -> Bool {
    guard entries[Int(number) - 1].isDisturbed else { return false }
    entries[Int(number) - 1].isDisturbed = false
    return true
  }

  /// A job came that waits for a lock, or something changed of one.
  mutating func disturbLines() { linesAreDisturbed = true }

  /// Whether others wait for worker locks than who asked last knows of.
  mutating func takeDisturbanceOfLines() -> Bool {
    defer { linesAreDisturbed = false }
    return linesAreDisturbed
  }

  /// Whether any job waits for a lock or a limit.
  var hasBlocked: Bool { entries.contains { $0[.blocked] > 0 } }

  /// A waiting job went from one queue to another.
  mutating func transfer(_ state: JobState, from old: Int64, to new: Int64) {
    guard old != new else { return }
    entries[Int(old) - 1].states[Int(state.code)] -= 1
    entries[Int(new) - 1].states[Int(state.code)] += 1
    changeTotals(of: old) { $0.moved -= 1 }
    changeTotals(of: new) { $0.moved += 1 }
  }

  /// A finished job was forgotten by hand.
  mutating func remove(_ state: JobState, of number: Int64) {
    guard !state.isHistory else { return forget(of: number) }
    entries[Int(number) - 1].states[Int(state.code)] -= 1
    changeTotals(of: number) { $0.removed += 1 }
  }

  /// A job that is done, not needed, merged or cancelled is not kept any more.
  mutating func forget(of number: Int64) {
    historyCount -= 1
    changeTotals(of: number) { $0.pruned += 1 }
  }

  /// A queue lock made one run of two.
  mutating func saveRun(_ wish: NewJob, at now: Timestamp) {
    guard let lock = wish.queueLock else { return }
    let key = SavingKey(lock: lock, worker: "\(wish.queue.engine).\(wish.worker)")
    savings[key, default: Saving(since: now, last: now)].count += 1
    savings[key]?.last = now
  }

  /// What was saved since the last call.
  mutating func takeSavings() -> [SavingKey: Saving] {
    guard !savings.isEmpty else { return [:] }
    defer { savings = [:] }
    return savings
  }

  /// A run failed or was lost.
  mutating func failAttempt(of number: Int64) { changeTotals(of: number) { $0.failedAttempts += 1 } }

  /// A run put its job off.
  mutating func snooze(of number: Int64) { changeTotals(of: number) { $0.snoozed += 1 } }

  /// A wish was merged into a waiting job.
  mutating func mergeWish(_ id: JobID, of number: Int64) {
    mergeCount += 1
    lastMerged = max(lastMerged ?? id, id)
    changeTotals(of: number) { $0.mergedWishes += 1 }
  }

  func ready(of number: Int64) -> Int { entries[Int(number) - 1][.ready] }

  /// How many jobs of the queue could start now.
  func startable(of number: Int64, at now: Timestamp) -> Int {
    let index = Int(number) - 1
    let ready = ready(of: number)
    return ready == 0 ? 0 : min(ready, entries[index].gate.room(running: entries[index][.running], at: now))
  }

  /// A job of the queue was started; its state moves as that of any other.
  mutating func start(of number: Int64, at now: Timestamp) {
    if entries[Int(number) - 1].gate.start(1, at: now) { entries[Int(number) - 1].gateIsDirty = true }
  }

  /// When a failed job of the queue may come back; nil without a retry budget.
  func retrySlot(of number: Int64, at now: Timestamp) -> Timestamp? {
    let entry = entries[Int(number) - 1]
    return entry.gate.limits.retries.map { entry.gate.retryBudget.slot($0, waiting: entry[.scheduled], at: now) }
  }

  /// A failed job of the queue comes back then.
  mutating func takeRetrySlot(of number: Int64, at now: Timestamp) {
    let entry = entries[Int(number) - 1]
    guard let rate = entry.gate.limits.retries else { return }
    entries[Int(number) - 1].gate.retryBudget.take(rate, waiting: entry[.scheduled], at: now)
    entries[Int(number) - 1].gateIsDirty = true
  }

  /// Why the queue does not take a new job now.
  func refusal(of number: Int64, at now: Timestamp) -> EnqueueRefusal? {
    let entry = entries[Int(number) - 1]
    return entry.gate.refusal(of: entry.name, waiting: entry.waiting, at: now)
  }

  /// How many new jobs the queue takes now.
  func vacancy(of number: Int64, at now: Timestamp) -> Int {
    entries[Int(number) - 1].gate.vacancy(waiting: entries[Int(number) - 1].waiting, at: now)
  }

  /// The queue is stopped like that, or not any more.
  mutating func setPause(_ pause: QueuePause?, of number: Int64) {
    entries[Int(number) - 1].gate.pause = pause
    entries[Int(number) - 1].gateIsDirty = true
  }

  /// What the topology says is told at each start: it need not be kept.
  mutating func setLimits(_ limits: QueueLimits, of number: Int64) { entries[Int(number) - 1].gate.limits = limits }

  /// Whether a wish may have been merged before.
  func mayBeMerged(_ id: JobID) -> Bool { lastMerged.map { id <= $0 } ?? false }

  /// The numbers of the rows of so many new jobs, from the one returned. One that is not used is left out.
  mutating func nextRows(_ count: Int) -> Int64 {
    lastRow += Int64(count)
    return lastRow - Int64(count) + 1
  }

  mutating func nextToken() -> UInt64 {
    token += 1
    tokenIsDirty = true
    return token
  }

  /// The numbers of queues whose totals are to be saved; they count as saved from now on.
  mutating func takeDirty() -> [Int64] {
    var dirty: [Int64] = []
    for index in entries.indices where entries[index].totalsAreDirty {
      entries[index].totalsAreDirty = false
      dirty.append(Int64(index + 1))
    }
    return dirty
  }

  /// The same for what is kept of gates.
  mutating func takeDirtyGates() -> [Int64] {
    var dirty: [Int64] = []
    for index in entries.indices where entries[index].gateIsDirty {
      entries[index].gateIsDirty = false
      dirty.append(Int64(index + 1))
    }
    return dirty
  }

  private mutating func changeTotals(of number: Int64, _ change: (inout QueueCounts.Totals) -> Void) {
    change(&entries[Int(number) - 1].totals)
    entries[Int(number) - 1].totalsAreDirty = true
  }
}

extension QueueBook {
  /// Reads the tables when the store is opened: only indexes of what is not finished, and the number of what is.
  init(loadedFrom database: Database) throws {
    for row in try Row.fetchAll(database, sql: "SELECT * FROM queue ORDER BY number") {
      let number = add(try QueueName(row["name"]), limits: .none)
      guard number == row["number"] else { throw StoreError(.corrupt, "the queues are not numbered 1, 2, 3 …") }
      var totals = QueueCounts.Totals(
        enqueued: row["enqueued"], mergedWishes: row["merged_wishes"], done: row["done"],
        notNeeded: row["not_needed"], merged: row["merged"])
      (totals.cancelled, totals.removed, totals.revived) = (row["cancelled"], row["removed"], row["revived"])
      (totals.moved, totals.failedAttempts, totals.snoozed) = (row["moved"], row["failed_attempts"], row["snoozed"])
      totals.expired = row["expired"]
      totals.pruned = row["pruned"]
      load(totals, of: number)
    }
    let counts = """
      SELECT queue, state, count(*) FROM job WHERE finished_at IS NULL GROUP BY queue, state
      UNION ALL SELECT queue, 5, count(*) FROM job WHERE state = 5 GROUP BY queue
      """
    for row in try Row.fetchAll(database, sql: counts) {
      let number: Int64 = row[0]
      guard contains(number) else { throw StoreError(.corrupt, "a job is in queue \(number), which is not there") }
      load(row[2], in: try JobState(code: row[1]), of: number)
    }
    try loadGates(database)
    historyCount = try Int.fetchOne(database, sql: "SELECT count(*) FROM job WHERE state >= 6") ?? 0
    mergeCount = try Int.fetchOne(database, sql: "SELECT count(*) FROM merge") ?? 0
    lastMerged = try SQLStatement(database, "SELECT max(id) FROM merge").first { $0.id() } ?? nil
    lastRow = try Int64.fetchOne(database, sql: "SELECT max(seq) FROM job") ?? 0
    savingCount = try Int.fetchOne(database, sql: "SELECT count(*) FROM lock_saving WHERE lock <> ''") ?? 0
    token = UInt64(bitPattern: try Int64.fetchOne(database, sql: "SELECT last FROM token") ?? 0)
  }

  private mutating func loadGates(_ database: Database) throws {
    for row in try Row.fetchAll(database, sql: "SELECT * FROM gate") {
      let number: Int64 = row["queue"]
      guard contains(number) else { throw StoreError(.corrupt, "queue \(number) has a gate, and is not there") }
      load(
        RateMeter(restedAt: row["rested_at"]), RetryBudget(restedAt: row["retries_rested_at"] ?? .min),
        try QueueBook.pause(row), of: number)
    }
  }

  private static func pause(_ row: Row) throws -> QueuePause? {
    guard let word: String = row["stop"] else { return nil }
    guard let kind = QueuePause.Kind(rawValue: word) else {
      throw StoreError(.corrupt, "a queue is stopped in a way that this version does not know: start a newer busd")
    }
    let until: Int64? = row["until"]
    return QueuePause(
      kind, reason: row["reason"] ?? "", since: Timestamp(microseconds: row["since"] ?? 0),
      until: until.map { Timestamp(microseconds: $0) })
  }
}
