internal import BusProtocol

/// Whose turn it is under a worker lock.
///
/// Most often a process has a free hand for the next one at once. So the row of a job whose turn has come says that it is
/// blocked until the transaction ends without a claim of it, and for good if it was claimed: then its lease says that it
/// runs, as it does for jobs that were ready (see ``PendingLeases``). Whoever looks at rows asks ``writeTurns()`` first.
extension SQLiteJobStore {
  /// Nobody runs under the worker lock any more: the first blocked job of each queue becomes ready, or waits for its
  /// limit. Returns how many are ready now.
  func release(workerLock key: String, at now: Timestamp) throws -> Int {
    if book.takeDisturbanceOfLines() { lines.dropAll() }
    guard book.hasBlocked else {
      lines.drop(key)
      return 0
    }
    if unwrittenTurns.has(key) { try writeTurns() }
    let queues = try queuesWaiting(for: key)
    var count = 0
    for queue in queues where try giveTurn(under: key, in: queue, at: now) { count += 1 }
    if queues.isEmpty { lines.drop(key) }
    return count
  }

  private func giveTurn(under key: String, in queue: Int64, at now: Timestamp) throws -> Bool {
    guard let job = try head(of: key, in: queue), try !isAnyAhead(key, queue, job.priority, before: job.seq) else {
      return false
    }
    guard let limit = job.limit else {
      let ready = book.ready(of: queue)
      lines.removeHead(of: key, in: queue)
      book.move(from: .blocked, to: .ready, of: queue, isTaken: true)
      unwrittenTurns.insert(job.seq, under: key)
      windows.insert(job, among: ready)
      return true
    }
    try writeTurns()
    guard try mayBeReady(limit, queue, job.priority, before: job.seq, at: now) else {
      lines.removeHead(of: key, in: queue)
      try statements.block.bind(BlockedBy.limit.rawValue).bind(job.seq).run()
      return false
    }
    try wake(job.seq, of: queue)
    return true
  }

  /// The queues in which jobs wait for their turn, in their order.
  private func queuesWaiting(for key: String) throws -> [Int64] {
    if let queues = lines.queues(of: key) { return queues }
    var queues: [Int64] = []
    while let next = try statements.firstBlocked.bind(key).bind(queues.last ?? 0).first({ $0.integer() }) {
      queues.append(next)
    }
    lines.open(key, in: queues)
    return queues
  }

  private func head(of key: String, in queue: Int64) throws -> ClaimCandidate? {
    if lines.wantsMore(of: key, in: queue) {
      let count = lines.readCount(of: key, in: queue)
      var room = WorkerLines.maximumByteCount - lines.byteCount
      let jobs = try statements.blocked.bind(key).bind(queue).bind(count).all({ try ClaimCandidate($0, book) }) { job in
        room -= job.byteCount
        return room > 0
      }
      lines.fill(key, in: queue, jobs, isWhole: jobs.count < count && room > 0, readCount: count)
    }
    return lines.head(of: key, in: queue)
  }

  /// Writes the turns into the rows of those that nobody has claimed.
  func writeTurns() throws {
    guard !unwrittenTurns.isEmpty else { return }
    for seq in unwrittenTurns.takeAll() { try statements.wake.bind(seq).run() }
  }

  /// Forgets who goes next: something of jobs changed.
  func forgetOrder() {
    windows.dropAll()
    lines.dropAll()
  }
}
