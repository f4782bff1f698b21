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
    if pending.count >= PendingLeases.maximumCount { try settleLeases() }
    let tiers = ClaimSource.tiers(sources)
    repeat {
      taking.wasWoken = false
      var starved = try oldestStarved(sources, &taking) != nil
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
    try giveLeases(&taking)
    return taking.taken
  }

  /// Keeps the leases that stand in no row: before anybody looks at the rows, and in the end.
  private func giveLeases(_ taking: inout Taking) throws {
    try keep(taking.leases, of: taking.claim.process, at: taking.now)
    taking.leases.removeAll(keepingCapacity: true)
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
    let jobs = try ready(queue, atMost: hands, &taking)
    for job in jobs { try take(job, &taking) }
    if jobs.isEmpty { taking.exhausted.insert(queue) }
    return taking.taken.count - before
  }

  private func take(_ candidate: ClaimCandidate, _ taking: inout Taking) throws {
    let now = taking.now
    if candidate.expiresAt != nil { try writeTurns() }
    if try expire(candidate, at: now) {
      taking.expired += 1
      // Those that waited behind it may be ready.
      taking.wasWoken = true
      return
    }
    let obstacle = try obstacleAtStart(candidate.workerLock, candidate.limit, at: now)
    let isTurn = unwrittenTurns.remove(candidate.seq)
    var life = JobLifecycle(state: .ready, attempts: candidate.assignment.attempt)
    _ = life.apply(.claimed, in: JobLifecycle.Circumstances(now: now, workerLockIsHeld: obstacle != nil))
    book.move(from: .ready, to: life.state, of: candidate.queue, isTaken: true)
    guard life.state == .running else {
      book.counters.blocked += 1
      try statements.block.bind(obstacle?.rawValue).bind(candidate.seq).run()
      if let lock = candidate.workerLock { lines.drop(lock) }
      // It was counted as one that is ready under its limit.
      if obstacle == .workerLock, try release(nil, candidate.limit?.key, at: now) > 0 { taking.wasWoken = true }
      return
    }
    var assignment = candidate.assignment
    assignment.attempt = life.attempts
    assignment.token = book.nextToken()
    book.counters.leases += 1
    book.start(of: candidate.queue, at: now)
    if candidate.isPlain {
      let claim = taking.leases.first?.claim ?? Int64(bitPattern: assignment.token)
      taking.leases.append(
        PendingLeases.Lease(
          job: assignment.id, seq: candidate.seq, queue: candidate.queue, workerLock: candidate.workerLock,
          rowState: isTurn ? .blocked : .ready, token: assignment.token, attempt: assignment.attempt, claim: claim))
      if let lock = candidate.workerLock { pending.hold(lock) }
    } else {
      try statements.lease.bind(assignment.token).bind(life.attempts).bind(now).bind(taking.claim.process)
        .bind(candidate.seq).run()
    }
    if let limit = candidate.limit { try startMeter(of: limit, at: now) }
    taking.taken.append(assignment)
  }

  /// The first ready jobs of a queue that the process knows how to run; they are in no window any more.
  private func ready(_ queue: Int64, atMost limit: Int, _ taking: inout Taking) throws -> [ClaimCandidate] {
    if book.takeDisturbance(of: queue) { windows.drop(queue) }
    let count = windows.count(of: queue)
    if count < min(limit, book.ready(of: queue)) { try fillWindow(of: queue, wanting: limit, &taking) }
    let except = taking.claim.except
    if let unknown = taking.unknown, windows.available(limit, of: queue, except: except) < limit,
      windows.count(of: queue) < book.ready(of: queue)
    {
      // Many of others stand before them.
      try giveLeases(&taking)
      try settleLeases()
      windows.drop(queue)
      return try statements.candidatesExcept.bind(queue).bind(unknown).bind(limit).all { try ClaimCandidate($0, book) }
    }
    return windows.take(limit, from: queue, except: except)
  }

  /// Reads the first ready jobs of a queue, until they are too many bytes.
  private func fillWindow(of queue: Int64, wanting limit: Int, _ taking: inout Taking) throws {
    try giveLeases(&taking)
    try settleLeases()
    let count = windows.readCount(of: queue, wanting: limit)
    var room = ReadyWindows.maximumByteCount - windows.byteCount
    var wanted = limit
    let jobs = try statements.candidates.bind(queue).bind(count).all({ try ClaimCandidate($0, book) }) { job in
      room -= job.byteCount
      wanted -= 1
      return room > 0 || wanted > 0
    }
    windows.fill(queue, jobs, readCount: count)
  }

  // MARK: Starving jobs

  /// Gives the job that starves longest. Returns whether there may be more.
  private func takeOldestStarved(_ sources: [ClaimSource], of engine: Name, _ taking: inout Taking) throws -> Bool {
    guard let candidate = try oldestStarved(sources, &taking) else { return false }
    let before = taking.taken.count
    // It may stand in the middle of its window.
    windows.drop(candidate.queue)
    try take(candidate, &taking)
    if taking.taken.count > before { turns.starvedGo(engine) }
    return true
  }

  /// Of the first jobs of each priority in each queue with a bound, the one that is over it for longest.
  private func oldestStarved(_ sources: [ClaimSource], _ taking: inout Taking) throws -> ClaimCandidate? {
    var oldest: ClaimCandidate?
    for source in sources {
      guard let bound = source.source.starveAfter, book.startable(of: source.number, at: taking.now) > 0 else {
        continue
      }
      for head in try heads(of: source.number, &taking) where head.since <= taking.now - bound {
        if oldest.map({ head.since < $0.since }) ?? true { oldest = head }
      }
    }
    return oldest
  }

  /// The first ready job of each priority, from the window where it has all of them.
  private func heads(of queue: Int64, _ taking: inout Taking) throws -> [ClaimCandidate] {
    if book.takeDisturbance(of: queue) { windows.drop(queue) }
    if windows.count(of: queue) == book.ready(of: queue) {
      return Array(windows.heads(of: queue, except: taking.claim.except).prefix(SQLiteJobStore.maximumPriorities))
    }
    try giveLeases(&taking)
    try settleLeases()
    return try heads(of: queue, taking.unknown)
  }

  /// The first ready job of each priority, highest first: at most ``maximumPriorities``.
  private func heads(of queue: Int64, _ unknown: String?) throws -> [ClaimCandidate] {
    var heads: [ClaimCandidate] = []
    var (priority, isLast) = (Int64.max, false)
    while !isLast, heads.count < SQLiteJobStore.maximumPriorities, book.ready(of: queue) > heads.count {
      let statement = unknown == nil ? statements.head : statements.headExcept
      statement.bind(queue).bind(priority)
      if let unknown { statement.bind(unknown) }
      guard let next = try statement.first({ try ClaimCandidate($0, book) }) else { break }
      (priority, isLast) = Int64(next.priority).subtractingReportingOverflow(1)
      heads.append(next)
    }
    return heads
  }

  /// The most priorities of one queue that are looked at for starving jobs.
  static let maximumPriorities = 32
}
