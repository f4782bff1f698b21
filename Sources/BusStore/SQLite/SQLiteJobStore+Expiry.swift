internal import BusProtocol

/// Jobs that are not to start any more. Looked for when time opens something, and at each start, so that none is late.
extension SQLiteJobStore {
  /// Ends waiting jobs whose time is over, a bounded number of them. Returns how many.
  func expire(at now: Timestamp) throws -> Int {
    let late = try statements.merging.expired.bind(now).bind(StoreCommand.promotionLimit).all { $0.integer() }
    for seq in late { _ = try expire(seq, at: now) }
    return late.count
  }

  /// Ends a job that was about to start, if it is too late for that.
  func expire(_ candidate: ClaimCandidate, at now: Timestamp) throws -> Bool {
    guard let expiresAt = candidate.expiresAt, expiresAt <= now, candidate.assignment.attempt == 0 else { return false }
    return try expire(candidate.seq, at: now)
  }

  private func expire(_ seq: Int64, at now: Timestamp) throws -> Bool {
    guard let row = try statements.live.bind(seq).first({ try LiveRow($0) }), let expiresAt = row.expiresAt else {
      return false
    }
    var life = row.life
    let reason = JobLifecycle.Happening.expired("it was not to start at \(expiresAt) or later")
    guard life.apply(reason, in: try circumstances(of: row, at: now)) else { return false }
    try save(life, of: row, reason: life.reason, parkedBy: .queue, blockedBy: nil, at: now)
    book.counters.expired += 1
    try release(row.workerLock, row.limit?.key, at: now)
    return true
  }
}
