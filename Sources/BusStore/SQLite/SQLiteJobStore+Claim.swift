internal import BusProtocol

extension SQLiteJobStore {
  /// Gives ready jobs to a process: queues in their order, then priority, then age.
  ///
  /// Jobs that starve (see ``Claim/Source/starveAfter``) take turns with the others: they get every second hand, so
  /// that neither a flood above nor a backlog below can stop the other.
  func claim(_ claim: Claim, at now: Timestamp) throws -> [Assignment] {
    var taken: [Assignment] = []
    let unknown = claim.except.isEmpty ? nil : JSONValue.array(claim.except.sorted().map { .string($0.text) }).text
    let sources = claim.sources.compactMap { source in
      book.number(of: source.queue).map { (number: $0, starveAfter: source.starveAfter) }
    }
    var starved =
      try sources.contains { $0.starveAfter != nil }
      && oldestStarved(sources, unknown, at: now) != nil
    for source in sources {
      while taken.count < claim.limit, book[source.number][.ready] > 0 {
        if starved {
          starved = try takeStarved(sources, unknown, claim, into: &taken, at: now)
          guard taken.count < claim.limit else { break }
        }
        // With starving jobs about one at a time, or the turns would be as long as the limit.
        let candidates = try ready(source.number, unknown, limit: starved ? 1 : claim.limit - taken.count)
        guard !candidates.isEmpty else { break }
        for candidate in candidates { try take(candidate, for: claim.process, into: &taken, at: now) }
        starvedGoNext = true
      }
    }
    return taken
  }

  /// Gives the job that starves longest, if it is the starving jobs' turn. Returns whether there may be more.
  private func takeStarved(
    _ sources: [(number: Int64, starveAfter: Duration?)], _ unknown: String?, _ claim: Claim,
    into taken: inout [Assignment], at now: Timestamp
  ) throws -> Bool {
    guard starvedGoNext else { return true }
    guard let candidate = try oldestStarved(sources, unknown, at: now) else { return false }
    try take(candidate, for: claim.process, into: &taken, at: now)
    starvedGoNext = false
    return true
  }

  private func take(
    _ candidate: Candidate, for process: String, into taken: inout [Assignment], at now: Timestamp
  ) throws {
    var life = JobLifecycle(state: .ready, attempts: candidate.assignment.attempt)
    let lockIsHeld =
      try candidate.workerLock.map { try statements.lockIsHeld.bind($0).first { $0.integer() } != nil } ?? false
    _ = life.apply(.claimed, in: JobLifecycle.Circumstances(now: now, workerLockIsHeld: lockIsHeld))
    book.move(from: .ready, to: life.state, of: candidate.queue)
    guard life.state == .running else {
      book.counters.blocked += 1
      try statements.block.bind(candidate.seq).run()
      return
    }
    var assignment = candidate.assignment
    assignment.attempt = life.attempts
    assignment.token = book.nextToken()
    book.counters.leases += 1
    try statements.lease.bind(assignment.token).bind(life.attempts).bind(now).bind(process).bind(candidate.seq).run()
    taken.append(assignment)
  }

  /// A ready job that may be taken: its assignment still without a token, and with the attempts before this one.
  private struct Candidate {
    var seq: Int64
    var queue: Int64
    var workerLock: String?
    var assignment: Assignment
  }

  private func ready(_ queue: Int64, _ unknown: String?, limit: Int) throws -> [Candidate] {
    guard let unknown else {
      return try statements.candidates.bind(queue).bind(limit).all { try self.candidate($0) }
    }
    return try statements.candidatesExcept.bind(queue).bind(unknown).bind(limit).all { try self.candidate($0) }
  }

  /// Of the first jobs of each priority in each queue with a bound, the one that is over it for longest.
  private func oldestStarved(
    _ sources: [(number: Int64, starveAfter: Duration?)], _ unknown: String?, at now: Timestamp
  ) throws -> Candidate? {
    var oldest: (since: Int64, candidate: Candidate)?
    for source in sources {
      guard let bound = source.starveAfter else { continue }
      for head in try heads(of: source.number, unknown) where head.since <= (now - bound).microseconds {
        if oldest.map({ head.since < $0.since }) ?? true { oldest = head }
      }
    }
    return oldest?.candidate
  }

  /// The first ready job of each priority, highest first: at most ``maximumPriorities``.
  private func heads(of queue: Int64, _ unknown: String?) throws -> [(since: Int64, candidate: Candidate)] {
    var heads: [(since: Int64, candidate: Candidate)] = []
    var (priority, isLast) = (Int64.max, false)
    while !isLast, heads.count < SQLiteJobStore.maximumPriorities, book[queue][.ready] > heads.count {
      let statement = unknown == nil ? statements.head : statements.headExcept
      statement.bind(queue).bind(priority)
      if let unknown { statement.bind(unknown) }
      let next = try statement.first { row in
        (priority, isLast) = row.integer().subtractingReportingOverflow(1)
        return (row.integer(), try self.candidate(row))
      }
      guard let next else { break }
      heads.append(next)
    }
    return heads
  }

  /// How long the oldest ready job of a queue waits.
  func oldestReady(of queue: Int64) throws -> Timestamp? {
    try heads(of: queue, nil).map(\.since).min().map { Timestamp(microseconds: $0) }
  }

  /// The most priorities of one queue that are looked at for starving jobs.
  static let maximumPriorities = 32

  /// In the order of ``Columns/assignment``.
  private func candidate(_ row: SQLStatement) throws -> Candidate {
    let seq = row.integer()
    let id: JobID? = row.id()
    let queue = row.integer()
    guard let id, book.contains(queue) else { throw StoreError(.corrupt, "job \(seq) has no id or no queue") }
    let worker = try Name(row.text() ?? "")
    let attempts = Int(row.integer())
    let workerLock = row.text()
    let cause = try JobCause(row)
    let assignment = Assignment(
      id: id, token: 0, attempt: attempts, queue: book[queue].name, worker: worker, inputs: try row.inputs(),
      cause: cause)
    return Candidate(seq: seq, queue: queue, workerLock: workerLock, assignment: assignment)
  }
}
