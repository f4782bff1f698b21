public import BusProtocol

/// The retry budgets of queues: so many failed jobs come back in a span of time, the others wait longer.
///
/// A job asks when it is due, not when it fails: then the order is that of the due times, however far ahead some of them
/// are. One that is over the budget is promised a moment of its own, written down in its row.
extension SQLiteJobStore {
  /// A failed job is due: whether it is held back.
  func holdBack(_ row: LiveRow, at now: Timestamp) throws -> Bool {
    guard row.life.attempts > 0, let slot = book.retrySlot(of: row.queue, at: now) else { return false }
    if try statements.isHeldBack.bind(row.id).first({ $0.integer() }) == 1 { return false }
    book.takeRetrySlot(of: row.queue, at: now)
    guard slot > now else { return false }
    try statements.holdBack.bind(slot.microseconds).bind(row.seq).run()
    return true
  }

  /// A run failed, and what is to run again at once takes of the budget now.
  func retry(_ row: LiveRow, _ life: JobLifecycle, notBefore slot: Timestamp, at now: Timestamp) throws {
    let isHeldBack = life.state == .scheduled && slot > now && life.dueAt == slot
    guard isHeldBack || life.state == .ready || life.state == .blocked else { return }
    book.takeRetrySlot(of: row.queue, at: now)
    if isHeldBack { try statements.holdBack.bind(slot.microseconds).bind(row.seq).run() }
  }

  /// Whether a scheduled job waits for its queue's retry budget.
  public func isHeldBack(_ job: JobID) throws(StoreError) -> Bool {
    try reading("the retry of a job", ofRuns: false) { try statements.isHeldBack.bind(job).first { $0.integer() } == 1 }
  }
}
