internal import BusProtocol

extension SQLiteJobStore {
  /// Gives ready jobs to a process: queues by priority, those of one priority in turns, then jobs by priority, then age.
  ///
  /// Jobs that starve (see ``Claim/Source/starveAfter``) take turns with the others: they get every second hand.
  /// A queue that is paused, or over a limit, is passed over without a look at its jobs.
  func claim(_ claim: Claim, at now: Timestamp) throws -> [Assignment] {
    var taking = Taking(claim, at: now)
    let sources = claim.sources.compactMap { source in
      book.number(of: source.queue).map { ClaimSource(number: $0, source: source) }
    }
    guard let engine = claim.sources.first?.queue.engine else { return [] }
    let tiers = ClaimSource.tiers(sources)
    repeat {
      taking.wasWoken = false
      var starved = try oldestStarved(sources, taking) != nil
      for tier in tiers {
        while taking.wanted > 0 {
          if starved, turns.isTurnOfStarved(engine) {
            starved = try takeOldestStarved(sources, of: engine, &taking)
            continue
          }
          // With starving jobs about one at a time, or the turns would be as long as the limit.
          guard try take(from: tier, atMost: starved ? 1 : taking.wanted, &taking) else { break }
          turns.othersGo(engine)
        }
      }
      // A job that waits for its worker lock after all let another of its limit go, perhaps of a queue that was passed.
    } while taking.wasWoken && taking.wanted > 0
    return taking.taken
  }

  /// Takes from queues of one priority. Returns false when they have nothing more to give.
  private func take(from tier: ArraySlice<ClaimSource>, atMost hands: Int, _ taking: inout Taking) throws -> Bool {
    guard let first = tier.first else { return false }
    let candidates = tier.map { source in
      QueueTurns.Candidate(
        queue: source.number, weight: source.source.weight,
        ready: taking.exhausted.contains(source.number) ? 0 : book.startable(of: source.number, at: taking.now))
    }
    guard candidates.count > 1 else {
      let hands = min(hands, candidates[0].ready)
      if hands > 0 { _ = try take(hands, from: first.number, &taking) }
      return hands > 0
    }
    let group = ClaimTurns.Group(engine: first.source.queue.engine, priority: first.source.priority ?? 0)
    let dealt = turns.groups[group, default: QueueTurns()].deal(hands, to: candidates)
    for (candidate, hands) in zip(candidates, dealt) where hands > 0 {
      let started = try take(hands, from: candidate.queue, &taking)
      turns.groups[group]?.giveBack(hands - started, of: candidate)
    }
    return dealt.contains { $0 > 0 }
  }

  /// Takes from one queue; returns how many jobs were started.
  private func take(_ hands: Int, from queue: Int64, _ taking: inout Taking) throws -> Int {
    let before = taking.taken.count
    let jobs = try ready(queue, taking.unknown, limit: hands)
    for job in jobs { try take(job, &taking) }
    if jobs.isEmpty { taking.exhausted.insert(queue) }
    return taking.taken.count - before
  }

  private func take(_ candidate: ClaimCandidate, _ taking: inout Taking) throws {
    let now = taking.now
    if try expire(candidate, at: now) {
      taking.expired += 1
      // Those that waited behind it may be ready.
      taking.wasWoken = true
      return
    }
    let obstacle = try obstacleAtStart(candidate.workerLock, candidate.limit, at: now)
    var life = JobLifecycle(state: .ready, attempts: candidate.assignment.attempt)
    _ = life.apply(.claimed, in: JobLifecycle.Circumstances(now: now, workerLockIsHeld: obstacle != nil))
    book.move(from: .ready, to: life.state, of: candidate.queue)
    guard life.state == .running else {
      book.counters.blocked += 1
      try statements.block.bind(obstacle?.rawValue).bind(candidate.seq).run()
      // It was counted as one that is ready under its limit.
      if obstacle == .workerLock, try release(nil, candidate.limit?.key, at: now) > 0 { taking.wasWoken = true }
      return
    }
    var assignment = candidate.assignment
    assignment.attempt = life.attempts
    assignment.token = book.nextToken()
    book.counters.leases += 1
    book.start(of: candidate.queue, at: now)
    try statements.lease.bind(assignment.token).bind(life.attempts).bind(now).bind(taking.claim.process)
      .bind(candidate.seq).run()
    if let limit = candidate.limit { try startMeter(of: limit, at: now) }
    taking.taken.append(assignment)
  }

  private func ready(_ queue: Int64, _ unknown: String?, limit: Int) throws -> [ClaimCandidate] {
    guard let unknown else {
      return try statements.candidates.bind(queue).bind(limit).all { try ClaimCandidate($0, book) }
    }
    return try statements.candidatesExcept.bind(queue).bind(unknown).bind(limit).all { try ClaimCandidate($0, book) }
  }

  // MARK: Starving jobs

  /// Gives the job that starves longest. Returns whether there may be more.
  private func takeOldestStarved(_ sources: [ClaimSource], of engine: Name, _ taking: inout Taking) throws -> Bool {
    guard let candidate = try oldestStarved(sources, taking) else { return false }
    let before = taking.taken.count
    try take(candidate, &taking)
    if taking.taken.count > before { turns.starvedGo(engine) }
    return true
  }

  /// Of the first jobs of each priority in each queue with a bound, the one that is over it for longest.
  private func oldestStarved(_ sources: [ClaimSource], _ taking: Taking) throws -> ClaimCandidate? {
    var oldest: (since: Int64, candidate: ClaimCandidate)?
    for source in sources {
      guard let bound = source.source.starveAfter, book.startable(of: source.number, at: taking.now) > 0 else {
        continue
      }
      for head in try heads(of: source.number, taking.unknown) where head.since <= (taking.now - bound).microseconds {
        if oldest.map({ head.since < $0.since }) ?? true { oldest = head }
      }
    }
    return oldest?.candidate
  }

  /// The first ready job of each priority, highest first: at most ``maximumPriorities``.
  private func heads(of queue: Int64, _ unknown: String?) throws -> [(since: Int64, candidate: ClaimCandidate)] {
    var heads: [(since: Int64, candidate: ClaimCandidate)] = []
    var (priority, isLast) = (Int64.max, false)
    while !isLast, heads.count < SQLiteJobStore.maximumPriorities, book[queue][.ready] > heads.count {
      let statement = unknown == nil ? statements.head : statements.headExcept
      statement.bind(queue).bind(priority)
      if let unknown { statement.bind(unknown) }
      let next = try statement.first { row in
        (priority, isLast) = row.integer().subtractingReportingOverflow(1)
        return (row.integer(), try ClaimCandidate(row, book))
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
}
