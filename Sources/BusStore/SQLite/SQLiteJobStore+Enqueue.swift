internal import BusProtocol

extension SQLiteJobStore {
  /// Keeps new jobs, or merges them into equal ones that wait. A known id gets the answer it got before.
  func enqueue(_ jobs: [NewJob], at now: Timestamp) throws -> [EnqueueOutcome] {
    try jobs.map { wish in
      if wish.sharesRun, let merged = try mergeIntoRunning(wish, at: now) {
        if let owner = wish.notify { try tell(owner, ofEndOf: merged.job) }
        return merged
      }
      if let refusal = try refusal(of: wish, at: now) { return .refused(wish.id, refusal) }
      return try keep(wish, at: now)
    }
  }

  /// Keeps a job of which nobody asks whether its queue takes it; parked, where it waits for others.
  func keep(_ wish: NewJob, awaits: Awaits? = nil, at now: Timestamp) throws -> EnqueueOutcome {
    let outcome = try insert(wish, awaits, at: now)
    if let owner = wish.notify { try tell(owner, ofEndOf: outcome.job) }
    return outcome
  }

  private func insert(_ wish: NewJob, _ awaits: Awaits?, at now: Timestamp) throws -> EnqueueOutcome {
    if awaits == nil, let outcome = try askAgain(wish, at: now) { return outcome }
    let queue = try number(of: wish.queue)
    let due = DueTime(of: wish, at: now)
    // A new job is the youngest: every ready one of its priority goes before it.
    let obstacle = try obstacle(wish.workerLock, wish.limit, queue, wish.priority, before: .max, at: now)
    var circumstances = JobLifecycle.Circumstances(
      now: now, workerLockIsHeld: obstacle != nil,
      queueRefusal: wiring.knows(wish.queue) ? nil : wiring.refusal(of: wish.queue))
    circumstances.awaits = awaits?.reason
    let life = JobLifecycle(askedFor: due.at, in: circumstances)
    guard wish.queueLock != nil else {
      let insert = wish.hasOptions ? statements.merging.insert : statements.insert
      bind(wish, due, life, queue, obstacle, now, to: insert)
      guard try insert.run() > 0 else { return try outcomeBefore(of: wish.id) }
      return entered(wish, life, queue)
    }
    let waiting = try waiting(forPauseOf: wish)
    let insert = wish.hasOptions ? statements.merging.insertLocked : statements.insertLocked
    bind(wish, due, life, queue, obstacle, now, to: insert)
    let row: (id: JobID?, seq: Int64)? = try insert.first { ($0.id(), $0.integer()) }
    guard let row, let id = row.id else { return try outcomeBefore(of: wish.id) }
    if id == wish.id { return entered(wish, life, queue) }
    try recordMerge(wish, into: id, isRerun: false, at: now)
    if let waiting { try putOff(waiting, by: wish, at: now) }
    if wish.onMerge != .keep { try renew(row.seq, with: wish, at: now) }
    // It may be due earlier now.
    try settle(row.seq, .due, at: now)
    return .merged(into: id)
  }

  private func entered(_ wish: NewJob, _ life: JobLifecycle, _ queue: Int64) -> EnqueueOutcome {
    book.enter(life.state, of: queue)
    return life.state == .parked ? .parked(wish.id, reason: life.reason ?? "") : .enqueued(wish.id)
  }

  /// Asked again: the answer was lost, or a batch is repeated.
  func outcomeBefore(of id: JobID) throws -> EnqueueOutcome {
    if let target: JobID? = try statements.mergeTarget.bind(id).first({ $0.id() }), let target {
      return .merged(into: target)
    }
    let known = try statements.outcomeOfKnown.bind(id).first { (try JobState(code: $0.integer()), $0.text()) }
    guard let (state, reason) = known, state == .parked else { return .enqueued(id) }
    return .parked(id, reason: reason ?? "")
  }

  /// In the order of ``Columns/wish``, or of ``Columns/wishWithOptions`` where it has some.
  private func bind(
    _ wish: NewJob, _ due: DueTime, _ life: JobLifecycle, _ queue: Int64, _ obstacle: BlockedBy?, _ now: Timestamp,
    to statement: SQLStatement
  ) {
    statement.bind(wish.id).bind(queue).bind(life.state).bind(wish.priority)
      .bind(due.at?.microseconds).bind(now).bind(wish.worker.text).bind(wish.queueLock).bind(wish.workerLock)
      .bind(wish.limit).bind(life.state == .blocked ? obstacle?.rawValue : nil)
      .bind(life.state == .parked ? ParkedBy.queue.rawValue : nil).bind(life.reason)
    let cause = wish.cause
    statement.bind(cause.event).bind(cause.offset?.signed).bind(cause.topic?.text)
      .bind(cause.subscription?.description).bind(cause.job).bind(cause.correlation).bind(cause.trace?.description)
      .bind(cause.context.map { JSONValue.object($0).text }).bind(cause.source)
    statement.bind(wish.retry.map { $0.json.text })
    if wish.inputs.members.isEmpty { statement.bind("{}") } else { statement.bind(JSONValue.object(wish.inputs).bytes) }
    guard wish.hasOptions else { return }
    statement.bind(wish.onMerge.code).bind(wish.lockUntil == .done ? Int64(1) : nil)
      .bind(wish.expiresAt?.microseconds).bind(due.bound?.microseconds)
  }

  /// The queue's number in the tables, given at its first job.
  func number(of queue: QueueName) throws -> Int64 {
    if let number = book.number(of: queue) { return number }
    let number = book.add(queue, limits: wiring.limits[queue] ?? .none)
    try statements.addQueue.bind(number).bind(queue.description).run()
    return number
  }
}

/// What a parked job waits for.
enum ParkedBy: Int64 {
  case queue = 0
  case worker = 1
  case others = 2
}

extension Offset {
  /// SQLite has no unsigned integers.
  var signed: Int64 { Int64(bitPattern: rawValue) }
}
