internal import BusProtocol

extension SQLiteJobStore {
  /// Records how runs ended, those together of which nothing but that has to be written.
  func finish(_ results: [JobResult], at now: Timestamp) throws -> [FinishReply] {
    var ended: [EndedLease] = []
    let replies = try results.map { result in
      if let end = takeEnd(result) {
        ended.append(end)
        return FinishReply.accepted(end.state, dueAt: nil)
      }
      // Who looks at rows now sees the ends before it.
      try write(&ended, at: now)
      try writeTurns()
      return try finish(result, at: now)
    }
    try write(&ended, at: now)
    return replies
  }

  /// Records how a run ended. A lease that is not valid any more changes nothing.
  private func finish(_ result: JobResult, at now: Timestamp) throws -> FinishReply {
    if let said = result.note { _ = try note(said, at: now) }
    return try end(result, at: now)
  }

  private func end(_ result: JobResult, at now: Timestamp) throws -> FinishReply {
    switch result.outcome {
    case .done: try end(result, as: .done, at: now)
    case .notNeeded: try end(result, as: .notNeeded, at: now)
    case .failed(let error, _), .dead(let error):
      try leave(result.id, result.token, .finished(result.outcome), failure: error, at: now)
    case .returned, .unknownWorker, .snoozed, .cancelled:
      try leave(result.id, result.token, .finished(result.outcome), failure: nil, at: now)
    }
  }

  /// Records that a process was lost while it ran a job.
  func lose(_ lease: LostLease, at now: Timestamp) throws -> FinishReply {
    let reply = try leave(lease.id, lease.token, .lost(lease.reason), failure: lease.reason, at: now)
    if reply != .stale { book.counters.crashes += 1 }
    return reply
  }

  /// The usual end: a look at the lease, and the state is written.
  private func end(_ result: JobResult, as state: JobState, at now: Timestamp) throws -> FinishReply {
    let found = try statements.ending.bind(result.id).bind(result.token).first { try EndingRow($0) }
    // Stale, or asked for again while it ran: the life cycle tells.
    guard let row = found else {
      return try leave(result.id, result.token, .finished(result.outcome), failure: nil, at: now)
    }
    try statements.finish.bind(state).bind(now).bind(result.result?.text).bind(row.seq).run()
    book.move(from: .running, to: state, of: row.queue)
    if row.isWatched { ends.append(EndedMember(job: result.id, state: state)) }
    try release(row.workerLock, row.limit, at: now)
    if let notify = row.notify { try tellEnd(of: result.id, to: notify, at: now) }
    return .accepted(state, dueAt: nil)
  }

  private struct EndingRow {
    let seq, queue: Int64
    let workerLock, limit: String?
    let isWatched: Bool
    let notify: String?

    init(_ row: SQLStatement) throws {
      seq = row.integer()
      queue = row.integer()
      workerLock = row.text()
      limit = row.text()
      isWatched = row.optionalInteger() != nil
      notify = row.text()
    }
  }

  /// Every other end: the life cycle decides, and an equal job that waits may take this one in.
  private func leave(
    _ id: JobID, _ token: UInt64, _ happening: JobLifecycle.Happening, failure: String?, at now: Timestamp
  ) throws -> FinishReply {
    try settleLease(of: id)
    guard let row = try statements.liveUnderLease.bind(id).bind(token).first({ try LiveRow($0) }) else {
      return stale()
    }
    let waiting = try row.queueLock.flatMap { try self.waiting(under: $0) }
    var life = row.life
    var circumstances = try self.circumstances(of: row, at: now)
    circumstances.queueLockIsHeld = waiting != nil
    if failure != nil { circumstances.retrySlot = book.retrySlot(of: row.queue, at: now) }
    let wish = try rerunWish(of: row)
    let (workerLock, limit) = wish.map { ($0.workerLock, $0.limit) } ?? (row.workerLock, row.limit)
    // Behind the others of its worker lock and its limit until `release` has looked whose turn it is.
    circumstances.workerLockIsHeld = workerLock != nil || limit != nil
    guard life.apply(happening, in: circumstances) else { return stale() }
    if let failure { try add(failure, to: row, at: now) }
    if case .finished(.snoozed) = happening { book.snooze(of: row.queue) }
    let reason = life.state == .merged ? waiting.map { "merged into \($0.id)" } : life.reason
    try save(
      life, of: row, reason: reason, parkedBy: circumstances.queueRefusal == nil ? .worker : .queue,
      blockedBy: workerLock != nil ? .workerLock : .limit, at: now)
    if life.state.isWaiting || life.state == .merged { try takeRerun(wish, of: row) }
    if let slot = circumstances.retrySlot { try retry(row, life, notBefore: slot, at: now) }
    if life.state == .merged, let waiting { try absorb(row, life, into: waiting, at: now) }
    try release(row.workerLock, row.limit?.key, at: now)
    if wish != nil { try release(workerLock, limit?.key, at: now) }
    if let failure { try announceFailure(of: row, life, error: failure, at: now) }
    if life.state == .dead { try announceDeath(of: row, life, at: now) }
    return try reply(for: row, life)
  }

  private func reply(for row: LiveRow, _ life: JobLifecycle) throws -> FinishReply {
    // `release` may have made it ready at once.
    let state = life.state == .blocked ? try statements.live.bind(row.seq).first { try LiveRow($0).life.state } : nil
    return .accepted(state ?? life.state, dueAt: life.state == .scheduled ? life.dueAt : nil)
  }

  private func stale() -> FinishReply {
    book.counters.stale += 1
    return .stale
  }

  /// The newer job does the work of both, and remembers what the older one went through; one attempt it has always.
  func absorb(_ row: LiveRow, _ life: JobLifecycle, into newer: LiveRow, at now: Timestamp) throws {
    forgetOrder()
    let attempts = min(life.attempts, try retryPolicy(of: newer).attempts - 1)
    try statements.absorb.bind(row.merges).bind(attempts).bind(life.crashes).bind(row.priority)
      .bind(life.dueAt?.microseconds).bind(life.dueAt ?? now).bind(row.expiresAt?.microseconds).bind(newer.seq).run()
    try mergeInputs(of: row, into: newer)
    if row.isWatched { try handOver(row.id, to: newer.id) }
    for owner in try row.notify.map(SQLiteJobStore.owners) ?? [] { try tell(owner, ofEndOf: newer.id) }
    if life.attempts > 0 {
      try statements.copyFailures.bind(newer.seq).bind(row.seq).run()
      try statements.trimFailures.bind(newer.seq).bind(Job.maximumFailures).run()
    }
    try settle(newer.seq, .due, at: now)
  }

  private func add(_ failure: String, to row: LiveRow, at now: Timestamp) throws {
    let text =
      failure.utf8.count <= Outcome.maximumErrorByteCount
      ? failure : String(decoding: failure.utf8.prefix(Outcome.maximumErrorByteCount), as: UTF8.self)
    try statements.addFailure.bind(row.seq).bind(row.life.attempts).bind(now).bind(text).run()
    book.failAttempt(of: row.queue)
    if row.life.attempts > Job.maximumFailures || row.retries > 0 {
      try statements.trimFailures.bind(row.seq).bind(Job.maximumFailures).run()
    }
  }
}
