internal import BusProtocol

/// Leases that stand in no row yet; see ``PendingLeases``. Here alone they get there.
extension SQLiteJobStore {
  /// Gives jobs to a process whose rows still say that they wait: a row for all of them.
  func keep(_ leases: [PendingLeases.Lease], of process: String, at now: Timestamp) throws {
    guard let first = leases.first else { return }
    try statements.leasing.add.bind(first.claim).bind(process).bind(now)
      .bind(blob: PendingLeases.bytes(of: leases)).run()
    pending.add(leases, to: process, at: now)
  }

  /// Writes all leases into the rows of their jobs, and whose turn it is.
  func settleLeases() throws {
    try writeTurns()
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

  /// Also for a look at the rows that leaves no trace; see ``reading(_:ofRuns:_:)``.
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

  // MARK: Ends

  /// The end of a run whose lease stands in no row, and never will: it is written by ``write(_:at:)``, before anybody
  /// looks. Nil where more has to be done.
  func takeEnd(_ result: JobResult) -> EndedLease? {
    guard result.note == nil, let state = result.outcome.plainEnd,
      let lease = pending[result.id], lease.token == result.token, let claim = pending.claim(of: lease)
    else { return nil }
    book.move(from: .running, to: state, of: lease.queue)
    return EndedLease(
      lease: lease, claim: claim, state: state, result: result.result?.text, isLast: pending.remove(lease))
  }

  /// Writes ends: those in one statement that follow each other as their leases did.
  func write(_ ended: inout [EndedLease], at now: Timestamp) throws {
    guard !ended.isEmpty else { return }
    for end in ended where end.isLast { try statements.leasing.forget.bind(end.lease.claim).run() }
    defer { ended.removeAll(keepingCapacity: true) }
    ended.sort { $0.lease.seq < $1.lease.seq }
    var start = 0
    for index in ended.indices where index + 1 == ended.count || !ended[index + 1].follows(ended[index]) {
      let (first, last) = (ended[start], ended[index])
      let isOne = start == index
      let statement = isOne ? statements.leasing.end : statements.leasing.endMany
      statement.bind(first.state).bind(first.lease.token).bind(first.lease.attempt).bind(first.claim.startedAt)
        .bind(first.claim.process).bind(now).bind(first.lease.seq)
      if isOne { statement.bind(first.result) } else { statement.bind(last.lease.seq) }
      try statement.run()
      start = index + 1
    }
    // Only now: one that ended must not seem to go before others.
    for end in ended { if let lock = end.lease.workerLock { _ = try release(workerLock: lock, at: now) } }
  }
}

/// A lease that ended as most do.
struct EndedLease {
  let lease: PendingLeases.Lease
  let claim: PendingLeases.Claim
  let state: JobState
  /// As it is kept.
  let result: String?
  /// Whether it was the last one of its claim.
  let isLast: Bool

  /// Whether nothing distinguishes it from the one before but its row and its token, which are the next ones.
  fileprivate func follows(_ other: EndedLease) -> Bool {
    lease.claim == other.lease.claim && lease.seq == other.lease.seq + 1 && lease.token == other.lease.token + 1
      && lease.attempt == other.lease.attempt && state == other.state && result == nil && other.result == nil
  }
}

extension Outcome {
  /// The state of a job that has nothing to tell but its end.
  fileprivate var plainEnd: JobState? {
    switch self {
    case .done: .done
    case .notNeeded: .notNeeded
    case .failed, .dead, .returned, .unknownWorker, .snoozed, .cancelled: nil
    }
  }
}
