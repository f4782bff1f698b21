internal import BusProtocol

/// What people do to jobs by hand. Each change fits or is refused with a reason, and is one with its transaction.
extension SQLiteJobStore {
  func change(_ change: JobChange, at now: Timestamp) throws -> ChangeOutcome {
    try settleLease(of: change.id)
    guard let row = try statements.liveByID.bind(change.id).first({ try LiveRow($0) }) else { return .unknown }
    return switch change.verb {
    case .cancel(let byForce, let reason): try cancel(row, byForce: byForce, reason: reason, at: now)
    case .retry: try retry(row, at: now)
    case .remove: try remove(row)
    case .move(let queue): try move(row, to: queue, at: now)
    case .edit(let edit): try self.edit(row, edit, at: now)
    case .runNow: try runNow(row, at: now)
    case .purge(let reason): try purge(row, reason: reason, at: now)
    }
  }

  private func cancel(
    _ row: LiveRow, byForce: Bool, reason: String?, at now: Timestamp
  ) throws -> ChangeOutcome {
    if row.life.state == .cancelled { return .unchanged(.cancelled) }
    if row.life.state == .running, !byForce {
      let lease = try statements.requestCancel.bind(now).bind(reason).bind(row.seq).first {
        (process: $0.text() ?? "", token: UInt64(bitPattern: $0.integer()))
      }
      return lease.map { .cancelRequested(process: $0.process, token: $0.token) } ?? .unknown
    }
    var life = row.life
    let circumstances = try self.circumstances(of: row, at: now)
    guard life.apply(.cancelled(reason ?? "by hand"), in: circumstances) else { return refusal(of: row) }
    try save(life, of: row, reason: life.reason, parkedBy: .queue, blockedBy: nil, at: now)
    try release(row.workerLock, row.limit?.key, at: now)
    return .changed(.cancelled)
  }

  /// What began to run since someone looked goes on: only what waits is taken out.
  private func purge(_ row: LiveRow, reason: String?, at now: Timestamp) throws -> ChangeOutcome {
    guard row.life.state.isWaiting || row.life.state == .cancelled else { return refusal(of: row) }
    return try cancel(row, byForce: false, reason: reason ?? "purged", at: now)
  }

  private func retry(_ row: LiveRow, at now: Timestamp) throws -> ChangeOutcome {
    guard row.life.state.isFinished else { return .unchanged(row.life.state) }
    guard row.rerunAt == nil else {
      // With what it was asked for last.
      try takeRerun(try rerunWish(of: row), of: row)
      return try change(JobChange(row.id, .retry), at: now)
    }
    let waiting = try row.queueLock.flatMap { try self.waiting(under: $0) }
    let obstacle = try obstacle(row.workerLock, row.limit, row.queue, row.priority, before: row.seq, at: now)
    var circumstances = try self.circumstances(of: row, at: now)
    circumstances.workerLockIsHeld = obstacle != nil
    circumstances.queueLockIsHeld = waiting != nil
    var life = row.life
    guard life.apply(.retried, in: circumstances) else { return refusal(of: row) }
    let reason = life.state == .merged ? waiting.map { "merged into \($0.id)" } : life.reason
    try save(life, of: row, reason: reason, parkedBy: .queue, blockedBy: obstacle, at: now)
    try statements.countRetry.bind(row.seq).run()
    if row.isWatched { try reopen(row.id, at: now) }
    guard life.state == .merged, let waiting else { return .changed(life.state) }
    try absorb(row, life, into: waiting, at: now)
    return .merged(into: waiting.id)
  }

  private func remove(_ row: LiveRow) throws -> ChangeOutcome {
    guard row.life.state.isFinished else { return refusal(of: row) }
    try statements.remove.bind(row.seq).run()
    try statements.pruneFailures.bind(row.seq).run()
    if row.awaits != nil { try forgetBatch(of: row.id) }
    try statements.notes.forget.bind(row.seq).run()
    book.remove(row.life.state, of: row.queue)
    return .removed
  }

  /// A limit of the other queue on how many may wait does not count: who moves jobs sees what is there.
  private func move(_ row: LiveRow, to queue: QueueName, at now: Timestamp) throws -> ChangeOutcome {
    guard row.life.state.isWaiting else { return refusal(of: row) }
    guard wiring.knows(queue) else { return .refused(row.life.state, reason: wiring.refusal(of: queue)) }
    let number = try number(of: queue)
    guard number != row.queue else { return .unchanged(row.life.state) }
    return try place(row, in: number, JobEdit(), at: now)
  }

  private func edit(_ row: LiveRow, _ edit: JobEdit, at now: Timestamp) throws -> ChangeOutcome {
    guard row.life.state.isWaiting else { return refusal(of: row) }
    let isAsItIs = (edit.priority ?? row.priority) == row.priority && (edit.dueAt ?? row.life.dueAt) == row.life.dueAt
    if isAsItIs, edit.inputs == nil { return .unchanged(row.life.state) }
    return try place(row, in: row.queue, edit, at: now)
  }

  private func runNow(_ row: LiveRow, at now: Timestamp) throws -> ChangeOutcome {
    switch row.life.state {
    case .scheduled: try place(row, in: row.queue, JobEdit(dueAt: now), at: now)
    case .ready, .blocked, .running: .unchanged(row.life.state)
    case .parked: .refused(.parked, reason: row.life.reason ?? "nothing can run it")
    case .done, .notNeeded, .merged, .dead, .cancelled, .expired: refusal(of: row)
    }
  }

  /// Takes a waiting job out of its place, lets those behind it move up, and puts it where it belongs now.
  private func place(
    _ row: LiveRow, in queue: Int64, _ edit: JobEdit, at now: Timestamp
  ) throws -> ChangeOutcome {
    let dueAt = edit.dueAt ?? row.life.dueAt
    try statements.reposition.bind(queue).bind(edit.priority ?? row.priority).bind(dueAt?.microseconds)
      .bind(edit.inputs.map { JSONValue.object($0).text }).bind(row.seq).run()
    // What is sketched of its inputs is not true any more.
    if edit.inputs != nil { sketch = InputSketch() }
    book.move(from: row.life.state, to: .parked, of: row.queue)
    book.transfer(.parked, from: row.queue, to: queue)
    try release(row.workerLock, row.limit?.key, at: now)
    try settle(row.seq, .known, at: now)
    let state = try statements.live.bind(row.seq).first { try LiveRow($0).life.state }
    return state.map { .changed($0) } ?? .unknown
  }

  private func refusal(of row: LiveRow) -> ChangeOutcome {
    let state = row.life.state
    return switch state {
    case .scheduled, .ready, .blocked, .parked: .refused(state, reason: "it waits: cancel it first")
    case .running: .refused(state, reason: "it runs: cancel it first")
    case .merged: .refused(state, reason: "\(row.life.reason ?? "merged"): change that job, or remove this one")
    case .done, .notNeeded, .dead, .cancelled, .expired:
      .refused(state, reason: "it has ended: let it run again, or remove it")
    }
  }
}
