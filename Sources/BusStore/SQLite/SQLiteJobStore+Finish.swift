internal import BusProtocol
internal import GRDB

/// The ends of runs. Each names the token of its lease; with another one nothing changes.
extension SQLiteJobStore {
  func finish(_ result: JobResult, at now: Timestamp, in database: Database) throws -> FinishReply {
    switch result.outcome {
    case .done: try end(result, .done, at: now, in: database)
    case .notNeeded: try end(result, .notNeeded, at: now, in: database)
    case .failed(let error, let retryAfter):
      try fail(result, error: error, retryAfter: retryAfter, mayRunAgain: true, at: now, in: database)
    case .dead(let error):
      try fail(result, error: error, retryAfter: nil, mayRunAgain: false, at: now, in: database)
    case .returned, .unknownWorker: try giveBack(result, at: now, in: database)
    }
  }

  /// The hot path: one statement for the run, one for who waits for its lock.
  private func end(
    _ result: JobResult, _ state: JobState, at now: Timestamp, in database: Database
  ) throws -> FinishReply {
    let row = try database.row(
      """
      UPDATE job SET state = ?, finished_at = ? WHERE id = ? AND token = ? AND state = 4 RETURNING queue, worker_lock
      """, [Schema.number(state), now.microseconds, result.id.description, Int64(bitPattern: result.token)])
    guard let row else { return .stale }
    if state == .done {
      totals[row["queue"], default: (0, 0, 0)].done += 1
    } else {
      totals[row["queue"], default: (0, 0, 0)].notNeeded += 1
    }
    try release(row["worker_lock"], at: now, in: database)
    return .accepted(state, dueAt: nil)
  }

  private func leased(_ id: JobID, _ token: UInt64, in database: Database) throws -> (seq: Int64, job: Job)? {
    let row = try database.row(
      "SELECT * FROM job WHERE id = ? AND token = ? AND state = 4", [id.description, Int64(bitPattern: token)])
    return try row.map { ($0["seq"], try Job($0)) }
  }

  private func fail(
    _ result: JobResult, error: String, retryAfter: Duration?, mayRunAgain: Bool, at now: Timestamp,
    in database: Database
  ) throws -> FinishReply {
    guard let (seq, leased) = try leased(result.id, result.token, in: database) else { return .stale }
    var job = leased
    job.note(error, at: now)
    var (happening, delay): (JobLifecycle.Happening, Duration?) = (.failedForGood, nil)
    if mayRunAgain {
      (happening, delay) = JobLifecycle.afterFailure(
        attempts: job.attempts, policy: policy(of: job), retryAfter: retryAfter, chance: random())
    }
    let dueAt = delay.map { now + $0 }
    job.wish.dueAt = dueAt ?? job.wish.dueAt
    if happening == .failedForGood { job.reason = error }
    return try settle(&job, seq, happening, dueAt: dueAt, at: now, in: database)
  }

  /// The attempt was not made: it does not count.
  private func giveBack(_ result: JobResult, at now: Timestamp, in database: Database) throws -> FinishReply {
    guard let (seq, leased) = try leased(result.id, result.token, in: database) else { return .stale }
    var job = leased
    job.attempts -= 1
    if result.outcome == .unknownWorker {
      job.reason = SQLiteJobStore.unknownWorker(job.wish.worker, job.wish.queue.engine)
      return try settle(&job, seq, .unknownWorker, dueAt: nil, at: now, in: database)
    }
    return try settle(&job, seq, .returned, dueAt: nil, at: now, in: database)
  }

  static func unknownWorker(_ worker: Name, _ engine: Name) -> String {
    "no process of engine \"\(engine)\" knows worker \"\(worker)\": deploy one that declares it"
  }

  /// A lost run counts as an attempt; a job that took its process with it again and again is poison.
  func lose(_ lost: LostJob, at now: Timestamp, in database: Database) throws -> Bool {
    guard let (seq, leased) = try leased(lost.id, lost.token, in: database) else { return false }
    var job = leased
    job.crashes += 1
    job.note(lost.reason, at: now)
    var happening = JobLifecycle.Happening.lost
    if job.crashes >= JobLifecycle.maximumCrashes {
      job.reason = "poison: \(job.crashes) processes were lost while running it"
      happening = .failedForGood
    } else if job.attempts >= policy(of: job).attempts {
      job.reason = lost.reason
      happening = .failedForGood
    }
    _ = try settle(&job, seq, happening, dueAt: nil, at: now, in: database)
    return true
  }

  private func policy(of job: Job) -> RetryPolicy {
    job.wish.retry ?? wiring.queues?[job.wish.queue] ?? .standard
  }

  /// Writes what follows. A job that would wait again while an equal one waits becomes part of that one.
  private func settle(
    _ job: inout Job, _ seq: Int64, _ happening: JobLifecycle.Happening, dueAt: Timestamp?, at now: Timestamp,
    in database: Database
  ) throws -> FinishReply {
    guard var state = JobLifecycle.next(job.state, happening) else { return .stale }
    if state.isWaiting, let lock = job.wish.queueLock {
      let waiting = try database.row(
        """
        UPDATE job SET attempts = max(attempts, ?), merges = merges + 1 + ?, priority = max(priority, ?)
        WHERE queue_lock = ? AND queue_lock IS NOT NULL AND state <= 3 RETURNING id
        """, [job.attempts, job.merges, job.wish.priority, lock])
      if let waiting {
        state = JobLifecycle.next(job.state, .equalJobWaits) ?? state
        job.reason = "became part of \(waiting["id"] as String), which waits with the same queue lock"
      }
    }
    try database.run(
      """
      UPDATE job SET state = ?, due_at = ?, ready_at = ?, finished_at = ?, attempts = ?, crashes = ?, reason = ?,
      failures = ? WHERE seq = ?
      """,
      [
        Schema.number(state), job.wish.dueAt?.microseconds, state == .ready ? now.microseconds : nil,
        state.isFinished ? now.microseconds : nil, job.attempts, job.crashes, job.reason, job.failuresText, seq,
      ])
    try release(job.wish.workerLock, at: now, in: database)
    return .accepted(state, dueAt: state == .scheduled ? dueAt : nil)
  }
}

extension Job {
  fileprivate mutating func note(_ error: String, at now: Timestamp) {
    failures.append(Failure(attempt: attempts, at: now, error: error))
    if failures.count > Job.maximumFailures { failures.removeFirst(failures.count - Job.maximumFailures) }
  }
}
