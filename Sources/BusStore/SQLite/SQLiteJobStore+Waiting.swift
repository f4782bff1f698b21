public import BusProtocol

/// How waiting jobs change places: due, parked, known again, and whose turn it is under a worker lock.
///
/// A job is blocked only while one of its worker lock runs, or one of its queue that goes before it is ready or waits
/// for its limit; or while it waits for its limit itself (see ``BlockedBy/limit``). Whoever stops running releases the
/// lock, which wakes the first of each queue; so none is forgotten.
extension SQLiteJobStore {
  /// Whether a job would have to wait for its worker lock.
  func isWorkerLockHeld(_ key: String?, _ queue: Int64, _ priority: Int, before seq: Int64) throws -> Bool {
    guard let key else { return false }
    try writeTurns()
    return try isAnyAhead(key, queue, priority, before: seq)
  }

  /// The same where no turn under the lock is to be written.
  func isAnyAhead(_ key: String, _ queue: Int64, _ priority: Int, before seq: Int64) throws -> Bool {
    if pending.holds(key) { return true }
    return try statements.lockAhead.bind(key).bind(queue).bind(priority).bind(seq).first { $0.integer() } == 1
  }

  /// A blocked job becomes ready.
  func wake(_ seq: Int64, of queue: Int64) throws {
    try statements.wake.bind(seq).run()
    book.move(from: .blocked, to: .ready, of: queue)
  }

  /// Makes scheduled jobs that are due ready or blocked, and opens what time has opened.
  func promote(at now: Timestamp) throws -> Int {
    let expired = try expire(at: now)
    let due = try statements.due.bind(now).bind(StoreCommand.promotionLimit - expired).all { $0.integer() }
    for seq in due { try settle(seq, .due, at: now) }
    try openLimits(at: now)
    endPauses(at: now)
    return expired + due.count
  }

  /// Lets jobs go on whose worker some process knows now.
  func unpark(_ workers: [Name: Set<Name>], at now: Timestamp) throws -> Int {
    var count = 0
    for (index, entry) in book.entries.enumerated() where entry[.parked] > 0 && wiring.knows(entry.name) {
      for worker in (workers[entry.name.engine] ?? []).sorted() {
        let parked = try statements.parkedByWorker.bind(index + 1).bind(worker.text).all { $0.integer() }
        for seq in parked { try settle(seq, .known, at: now) }
        count += parked.count
      }
    }
    return count
  }

  /// Takes the queues of a topology: parks the jobs of those that are gone, lets those that came back go on.
  public func configure(_ wiring: QueueWiring, at now: Timestamp) throws(StoreError) {
    let before = self.wiring
    self.wiring = wiring
    do {
      try transaction("configuring the queues") {
        try settleLeases()
        for (index, entry) in book.entries.enumerated() {
          book.setLimits(wiring.limits[entry.name] ?? .none, of: Int64(index + 1))
          try wiring.knows(entry.name) ? unpark(Int64(index + 1), at: now) : park(Int64(index + 1))
        }
      }
    } catch {
      self.wiring = before
      throw error
    }
  }

  private func unpark(_ queue: Int64, at now: Timestamp) throws {
    guard book[queue][.parked] > 0 else { return }
    for seq in try statements.parkedByQueue.bind(queue).all({ $0.integer() }) { try settle(seq, .known, at: now) }
  }

  private func park(_ queue: Int64) throws {
    let entry = book[queue]
    let waiting = [JobState.scheduled, .ready, .blocked]
    guard waiting.contains(where: { entry[$0] > 0 }) else { return }
    try statements.parkQueue.bind(wiring.refusal(of: entry.name)).bind(queue).run()
    for state in waiting { book.move(from: state, to: .parked, count: entry[state], of: queue) }
  }

  /// Lets something happen to a waiting job, if it can, and writes down where it is then.
  func settle(_ seq: Int64, _ happening: JobLifecycle.Happening, at now: Timestamp) throws {
    guard let row = try statements.live.bind(seq).first({ try LiveRow($0) }) else { return }
    var life = row.life
    var circumstances = try self.circumstances(of: row, at: now)
    let obstacle = try obstacle(row.workerLock, row.limit, row.queue, row.priority, before: row.seq, at: now)
    circumstances.workerLockIsHeld = obstacle != nil
    guard life.apply(happening, in: circumstances) else { return }
    if happening == .due, try holdBack(row, at: now) { return }
    try save(life, of: row, reason: life.reason, parkedBy: .queue, blockedBy: obstacle, at: now)
  }

  /// But for what it waits for.
  func circumstances(of row: LiveRow, at now: Timestamp) throws -> JobLifecycle.Circumstances {
    let queue = book[row.queue].name
    var circumstances = JobLifecycle.Circumstances(
      now: now, policy: try retryPolicy(of: row), chance: random(),
      queueRefusal: wiring.knows(queue) ? nil : wiring.refusal(of: queue),
      worker: "worker \"\(row.worker)\" is not known to the processes of engine \"\(queue.engine)\"")
    circumstances.isCancelRequested = row.isCancelRequested
    circumstances.awaits = row.awaits?.reason
    circumstances.rerunAt = row.rerunAt
    return circumstances
  }

  /// The job's own policy, or its queue's.
  func retryPolicy(of row: LiveRow) throws -> RetryPolicy {
    try row.retryPolicy() ?? wiring.retryPolicy(of: book[row.queue].name)
  }

  func save(
    _ life: JobLifecycle, of row: LiveRow, reason: String?, parkedBy: ParkedBy, blockedBy: BlockedBy?,
    at now: Timestamp
  ) throws {
    try statements.setLife.bind(life.state).bind(life.dueAt?.microseconds).bind(life.attempts).bind(life.crashes)
      .bind(reason).bind(life.state == .parked ? (row.awaits?.parkedBy ?? parkedBy).rawValue : nil)
      .bind(life.state == .blocked ? blockedBy?.rawValue : nil)
      .bind(life.state.isFinished ? now.microseconds : nil).bind(row.seq).run()
    book.move(from: row.life.state, to: life.state, of: row.queue)
    if row.isWatched { noteEnd(of: row, life) }
    // One that was merged did not end: the job that it became part of tells.
    if let notify = row.notify, life.state.isFinished, life.state != .merged {
      try tellEnd(of: row.id, to: notify, at: now)
    }
  }
}
