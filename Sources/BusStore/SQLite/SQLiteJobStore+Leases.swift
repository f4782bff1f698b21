internal import BusProtocol

/// Leases that stand in no row yet; see ``PendingLeases``. Here alone they get there.
extension SQLiteJobStore {
  /// Gives jobs to a process whose rows still say that they are ready: a row for all of them.
  func keep(_ leases: [PendingLeases.Lease], of process: String, at now: Timestamp) throws {
    guard let first = leases.first else { return }
    try statements.leasing.add.bind(first.claim).bind(process).bind(now)
      .bind(blob: PendingLeases.bytes(of: leases)).run()
    pending.add(leases, to: process, at: now)
  }

  /// Writes all leases into the rows of their jobs.
  func settleLeases() throws {
    guard !pending.isEmpty else { return }
    try writeLeases()
    try statements.leasing.forgetAll.run()
    pending.removeAll()
  }

  /// Writes those into the rows that were given long ago.
  func settleOldLeases(at now: Timestamp) throws {
    for lease in pending.given(before: now - PendingLeases.maximumAge) { try settle(lease) }
  }

  /// Writes the lease of a job into its row, if it stands in none.
  func settleLease(of job: JobID) throws {
    if let lease = pending[job] { try settle(lease) }
  }

  /// The job that waits under a queue lock. One that runs by now does not stand in its way any more.
  func waiting(under queueLock: String) throws -> LiveRow? {
    if !pending.isEmpty, let job: JobID = try statements.leasing.keeper.bind(queueLock).first({ $0.id() }) ?? nil {
      try settleLease(of: job)
    }
    return try statements.waitingUnderQueueLock.bind(queueLock).first { try LiveRow($0) }
  }

  /// Ends the run of a job whose lease stands in no row. Nil where it is in one, or another one than was said.
  func end(_ result: JobResult, as state: JobState, ofLeaseAt now: Timestamp) throws -> FinishReply? {
    guard let lease = pending[result.id], lease.token == result.token, let claim = pending.claim(of: lease) else {
      return nil
    }
    try statements.leasing.end.bind(state).bind(lease.token).bind(lease.attempt).bind(claim.startedAt)
      .bind(claim.process).bind(now).bind(result.result?.text).bind(lease.seq).run()
    try forget(lease)
    book.move(from: .running, to: state, of: lease.queue)
    return .accepted(state, dueAt: nil)
  }

  /// Also for a look at the rows that leaves no trace; see ``reading(_:_:)``.
  func writeLeases() throws {
    for lease in pending.all { try write(lease) }
  }

  private func settle(_ lease: PendingLeases.Lease) throws {
    try write(lease)
    try forget(lease)
  }

  private func write(_ lease: PendingLeases.Lease) throws {
    guard let claim = pending.claim(of: lease) else { return }
    try statements.lease.bind(lease.token).bind(lease.attempt).bind(claim.startedAt).bind(claim.process)
      .bind(lease.seq).run()
  }

  private func forget(_ lease: PendingLeases.Lease) throws {
    if pending.remove(lease) { try statements.leasing.forget.bind(lease.claim).run() }
  }
}
