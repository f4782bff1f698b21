internal import BusProtocol
internal import GRDB

/// Wishes: a job, or one more merge into a job that waits.
extension SQLiteJobStore {
  /// The same id again gets the same answer.
  func enqueueOnce(_ wish: NewJob, at now: Timestamp, in database: Database) throws -> EnqueueOutcome {
    if let merged = try database.row("SELECT job FROM merge WHERE wish = ?", [wish.id.description]) {
      return .merged(into: try JobID(merged["job"] as String))
    }
    return try enqueue(wish, at: now, in: database)
  }

  /// The lock is a unique key of the insert itself: there is no moment between taking it and having the job.
  func enqueue(_ wish: NewJob, at now: Timestamp, in database: Database) throws -> EnqueueOutcome {
    let (state, reason) = begin(wish, at: now)
    try database.run(
      """
      INSERT OR IGNORE INTO job(id, state, queue, worker, inputs, priority, due_at, queue_lock, worker_lock, retry,
      cause, event, reason, enqueued_at, ready_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        wish.id.description, Schema.number(state), wish.queue.description, wish.worker.text,
        JSONValue.object(wish.inputs).text, wish.priority, wish.dueAt?.microseconds, wish.queueLock,
        wish.workerLock, wish.retry?.json.text, wish.cause.json.text, wish.cause.event?.description, reason,
        now.microseconds, state == .ready ? now.microseconds : nil,
      ])
    if database.changesCount > 0 { return reason.map { .parked(wish.id, reason: $0) } ?? .enqueued(wish.id) }
    if let known = try database.row("SELECT state, reason FROM job WHERE id = ?", [wish.id.description]) {
      let reason: String? = known["reason"]
      return Schema.state(known["state"]) == .parked ? .parked(wish.id, reason: reason ?? "") : .enqueued(wish.id)
    }
    return try merge(wish, at: now, in: database)
  }

  private func begin(_ wish: NewJob, at now: Timestamp) -> (JobState, reason: String?) {
    if let queues = wiring.queues, queues[wish.queue] == nil {
      return (.parked, SQLiteJobStore.unknownQueue(wish.queue))
    }
    return (wish.dueAt.map { $0 > now } ?? false ? .scheduled : .ready, nil)
  }

  static func unknownQueue(_ queue: QueueName) -> String {
    "queue \"\(queue)\" is not in the topology: add it to engine \"\(queue.engine)\", or enqueue to one of its own"
  }

  /// Who waits does the work: the higher priority and the earlier moment count, the payload stays.
  private func merge(_ wish: NewJob, at now: Timestamp, in database: Database) throws -> EnqueueOutcome {
    let isDue = wish.dueAt.map { $0 <= now } ?? true
    let waiting = try database.row(
      """
      UPDATE job SET merges = merges + 1, priority = max(priority, ?1),
      due_at = CASE WHEN state = 0 AND ?2 IS NOT NULL THEN min(due_at, ?2) ELSE due_at END,
      ready_at = CASE WHEN state = 0 AND ?3 AND attempts = 0 THEN ?4 ELSE ready_at END,
      state = CASE WHEN state = 0 AND ?3 AND attempts = 0 THEN 1 ELSE state END
      WHERE queue_lock = ?5 AND queue_lock IS NOT NULL AND state <= 3 RETURNING id, queue
      """, [wish.priority, wish.dueAt?.microseconds, isDue, now.microseconds, wish.queueLock])
    guard let waiting else { throw StoreError(.refused, "job \(wish.id) was neither kept nor merged") }
    let job = try JobID(waiting["id"] as String)
    try database.run(
      "INSERT OR IGNORE INTO merge(wish, job, event, offset, subscription, at) VALUES (?, ?, ?, ?, ?, ?)",
      [
        wish.id.description, job.description, wish.cause.event?.description,
        wish.cause.offset.map { Int64($0.rawValue) }, wish.cause.subscription?.description, now.microseconds,
      ])
    totals[waiting["queue"], default: (0, 0, 0)].merged += 1
    return .merged(into: job)
  }
}
