public import BusProtocol

/// What queue locks saved: sums that are raised once a transaction and lock, whatever was merged under it.
extension SQLiteJobStore {
  /// Writes down what the transaction merged. A lock that is one too many counts for its worker alone.
  func saveLedger() throws {
    for (key, saving) in book.takeSavings() {
      let raised = try statements.insight.raiseSaving.bind(saving.count).bind(saving.last).bind(key.lock)
        .bind(key.worker).run()
      guard raised == 0 else { continue }
      let isKept = book.savingCount < LockSaving.maximumCount
      try add(
        LockSaving(
          lock: isKept ? key.lock : "", worker: key.worker, saved: saving.count, since: saving.since, last: saving.last)
      )
      if isKept { book.savingCount += 1 }
    }
  }

  /// Sums of locks under which nothing was merged for long become part of their workers' sums.
  func pruneLedger(before time: Timestamp, limit: Int) throws {
    for saving in try statements.insight.oldSavings.bind(time).bind(limit).all({ SQLiteJobStore.saving($0) }) {
      try statements.insight.forgetSaving.bind(saving.lock).bind(saving.worker).run()
      var sum = saving
      sum.lock = ""
      try add(sum)
      book.savingCount -= 1
    }
  }

  private func add(_ saving: LockSaving) throws {
    try statements.insight.addSaving.bind(saving.lock).bind(saving.worker).bind(saving.saved).bind(saving.since)
      .bind(saving.last).run()
  }

  /// What locks saved, those that saved most first.
  public func savings(limit: Int) throws(StoreError) -> [LockSaving] {
    try reading("what locks saved", ofRuns: false) {
      try statements.insight.savings.bind(max(0, limit)).all { SQLiteJobStore.saving($0) }
    }
  }

  /// Who has to do with a lock or the key of a limit.
  public func line(ofLock key: String, limit: Int) throws(StoreError) -> LockLine {
    try reading("the line of a lock") {
      let insight = statements.insight
      var line = LockLine()
      line.holders = try statements.holder.bind(key).all { try job($0) }
      line.holders += try insight.underLimit.bind(key).bind(limit).all { try job($0) }
      line.keeper = try statements.waitingUnderQueueLock.bind(key).first { try LiveRow($0).id }
        .flatMap { id in try statements.job.bind(id).first { try job($0) } }
      line.waiting = try insight.lockLine.bind(key).bind(limit).all { try job($0) }
      line.waiting += try insight.limitLine.bind(key).bind(limit - line.waiting.count).all { try job($0) }
      line.waitingCount = try insight.lockLineCount.bind(key).first { Int($0.integer()) } ?? 0
      line.waitingCount += try insight.limitLineCount.bind(key).first { Int($0.integer()) } ?? 0
      line.merges = try insight.mergesOfLock.bind(key).bind(limit).all { try SQLiteJobStore.merge($0) }
      line.savings = try insight.savingsOfLock.bind(key).all { SQLiteJobStore.saving($0) }
      return line
    }
  }

  /// The job that a merged wish became part of, nil for an id that was none.
  public func target(ofWish id: JobID) throws(StoreError) -> JobID? {
    try reading("a merged wish", ofRuns: false) { try statements.mergeTarget.bind(id).first { $0.id() } ?? nil }
  }

  private static func saving(_ row: SQLStatement) -> LockSaving {
    LockSaving(
      lock: row.text() ?? "", worker: row.text() ?? "", saved: Int(row.integer()),
      since: Timestamp(microseconds: row.integer()), last: Timestamp(microseconds: row.integer()))
  }

  static func merge(_ row: SQLStatement) throws -> MergedWish {
    guard let id: JobID = row.id(), let into: JobID = row.id() else {
      throw StoreError(.corrupt, "a merge has no id: restore from a backup")
    }
    return MergedWish(
      id: id, into: into, event: row.id(), offset: row.offset(), subscription: try row.subscriptionName(),
      at: Timestamp(microseconds: row.integer()))
  }
}
