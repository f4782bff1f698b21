internal import BusProtocol
internal import GRDB

/// Handing out: the queue's order, then the job's priority, then its age; held worker locks are passed over.
extension SQLiteJobStore {
  func claim(_ claim: Claim, at now: Timestamp, in database: Database) throws -> [Assignment] {
    var assignments: [Assignment] = []
    for queue in claim.queues {
      guard let starveAfter = queue.starveAfter, assignments.count < claim.limit else { continue }
      try take(from: queue.name, claim, readyBefore: now - starveAfter, at: now, into: &assignments, in: database)
    }
    for queue in claim.queues where assignments.count < claim.limit {
      try take(from: queue.name, claim, readyBefore: nil, at: now, into: &assignments, in: database)
    }
    return assignments
  }

  private func take(
    from queue: QueueName, _ claim: Claim, readyBefore: Timestamp?, at now: Timestamp,
    into assignments: inout [Assignment], in database: Database
  ) throws {
    var passed: Int64 = 0
    while assignments.count < claim.limit {
      let wanted = claim.limit - assignments.count
      let rows = try database.rows(
        """
        SELECT seq, id, worker, inputs, cause, worker_lock, attempts, ready_at FROM job
        WHERE queue = ? AND state = 1 ORDER BY priority DESC, seq LIMIT ? OFFSET ?
        """, [queue.description, wanted, passed])
      for row in rows {
        if let readyBefore, Timestamp(microseconds: row["ready_at"] ?? now.microseconds) > readyBefore { return }
        let worker = try Name(row["worker"], of: "worker")
        guard !claim.except.contains(worker) else {
          passed += 1
          continue
        }
        if try isHeld(row["worker_lock"], in: database) {
          try database.run("UPDATE job SET state = 2 WHERE seq = ?", [row["seq"] as Int64])
          continue
        }
        assignments.append(try start(row, worker, queue, claim.process, at: now, in: database))
      }
      if rows.count < wanted { return }
    }
  }

  private func isHeld(_ lock: String?, in database: Database) throws -> Bool {
    guard let lock else { return false }
    return try database.row("SELECT 1 FROM job WHERE worker_lock = ? AND worker_lock IS NOT NULL AND state = 4", [lock])
      != nil
  }

  private func start(
    _ row: Row, _ worker: Name, _ queue: QueueName, _ process: String, at now: Timestamp, in database: Database
  ) throws -> Assignment {
    token += 1
    try database.run(
      "UPDATE job SET state = 4, attempts = attempts + 1, token = ?, started_at = ?, process = ? WHERE seq = ?",
      [Int64(token), now.microseconds, process, row["seq"] as Int64])
    let inputs = try JSONParser.parse((row["inputs"] as String).utf8).members("inputs").object
    let cause = try JobCause(json: try JSONParser.parse((row["cause"] as String).utf8))
    return Assignment(
      id: try JobID(row["id"] as String), token: token, attempt: (row["attempts"] as Int) + 1, queue: queue,
      worker: worker, inputs: inputs, cause: cause)
  }

  /// The lock is free: the first of those who wait for it may go. Only one, so that nobody is woken in vain.
  func release(_ lock: String?, at now: Timestamp, in database: Database) throws {
    guard let lock else { return }
    try database.run(
      """
      UPDATE job SET state = 1, ready_at = ? WHERE seq = (
      SELECT seq FROM job WHERE worker_lock = ? AND state = 2 ORDER BY priority DESC, seq LIMIT 1)
      """, [now.microseconds, lock])
  }
}
