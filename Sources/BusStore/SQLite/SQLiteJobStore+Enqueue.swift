internal import BusProtocol

extension SQLiteJobStore {
  /// Keeps new jobs, or merges them into equal ones that wait. A known id gets the answer it got before.
  func enqueue(_ jobs: [NewJob], at now: Timestamp) throws -> [EnqueueOutcome] {
    try keep(jobs, at: now) { wish in
      if wish.sharesRun, let merged = try mergeIntoRunning(wish, at: now) {
        if let owner = wish.notify { try tell(owner, ofEndOf: merged.job) }
        return merged
      }
      if let refusal = try refusal(of: wish, at: now) { return .refused(wish.id, refusal) }
      return nil
    }
  }

  /// Keeps jobs, those that nothing is to be asked for some at a time; before each of the others `answer` may decide.
  func keep(
    _ jobs: [NewJob], at now: Timestamp, unless answer: (NewJob) throws -> EnqueueOutcome? = { _ in nil }
  ) throws -> [EnqueueOutcome] {
    var arrivals = Arrivals(count: jobs.count, now: now)
    for index in jobs.indices {
      // A wish is a dozen references: a copy of it for each look would cost as much as reading it.
      if jobs[index].isPlain, try gather(index, of: jobs, &arrivals) {
        if arrivals.gathered.count == SQL.rowsPerInsert { try insert(&arrivals, of: jobs) }
      } else {
        try insert(&arrivals, of: jobs)
        arrivals.aheads = [:]
        arrivals.outcomes.append(try answer(jobs[index]) ?? keep(jobs[index], at: now))
      }
    }
    try insert(&arrivals, of: jobs)
    return arrivals.outcomes
  }

  /// Keeps a job of which nobody asks whether its queue takes it; parked, where it waits for others.
  func keep(_ wish: NewJob, awaits: Awaits? = nil, at now: Timestamp) throws -> EnqueueOutcome {
    let outcome = try insert(wish, awaits, at: now)
    if let owner = wish.notify { try tell(owner, ofEndOf: outcome.job) }
    return outcome
  }

  // MARK: Some at a time

  /// Jobs that are being kept.
  private struct Arrivals {
    /// A job that nobody stands in the way of, but perhaps one of the same id or the same queue lock.
    struct Arrival {
      let index: Int
      let queue: Int64
      let life: JobLifecycle
      let inputs: [UInt8]
    }

    /// Where the last of them goes, as most often the next one does.
    struct Destination {
      let name: QueueName
      let number: Int64
      let takesAll: Bool
      var circumstances: JobLifecycle.Circumstances
    }

    let now: Timestamp
    var outcomes: [EnqueueOutcome] = []
    var gathered: [Arrival] = []
    var destination: Destination?
    /// Under which worker locks somebody goes before a new job of at most this priority.
    var aheads: [Place: Int] = [:]
    /// The worker locks of those gathered jobs that are to be ready.
    var firsts: Set<Place> = []

    /// A worker lock in a queue.
    struct Place: Hashable {
      let queue: Int64
      let workerLock: String
    }

    init(count: Int, now: Timestamp) {
      self.now = now
      outcomes.reserveCapacity(count)
    }
  }

  /// Sets a job aside to be kept with others. Not one that its queue may refuse, or that may have been merged before.
  private func gather(_ index: Int, of wishes: [NewJob], _ arrivals: inout Arrivals) throws -> Bool {
    var destination = try destination(of: wishes[index].queue, &arrivals)
    guard takesAnother(destination, arrivals), wishes[index].queueLock == nil || !book.mayBeMerged(wishes[index].id)
    else { return false }
    let place = wishes[index].workerLock.map { Arrivals.Place(queue: destination.number, workerLock: $0) }
    if let place {
      destination.circumstances.workerLockIsHeld = try isAnyAhead(wishes[index].priority, place, of: wishes, &arrivals)
    }
    let life = JobLifecycle(askedFor: wishes[index].dueAt, in: destination.circumstances)
    if let place, life.state == .ready { arrivals.firsts.insert(place) }
    arrivals.gathered.append(
      Arrivals.Arrival(index: index, queue: destination.number, life: life, inputs: wishes[index].given.text))
    return true
  }

  /// Whether a queue takes one more job than those that are gathered.
  private func takesAnother(_ destination: Arrivals.Destination, _ arrivals: Arrivals) -> Bool {
    destination.takesAll || book.vacancy(of: destination.number, at: arrivals.now) > arrivals.gathered.count
  }

  /// Whether a new job has to wait for its worker lock. Behind one that is gathered only if that one is kept.
  private func isAnyAhead(
    _ priority: Int, _ place: Arrivals.Place, of wishes: [NewJob], _ arrivals: inout Arrivals
  ) throws -> Bool {
    if pending.holds(place.workerLock) { return true }
    if let known = arrivals.aheads[place], priority <= known { return true }
    if arrivals.firsts.contains(place) { try insert(&arrivals, of: wishes) }
    // A new job is the youngest: every ready one of its priority goes before it.
    let isAnyAhead = try isAnyAhead(place.workerLock, place.queue, priority, before: .max)
    if isAnyAhead { arrivals.aheads[place] = priority }
    return isAnyAhead
  }

  private func destination(of queue: QueueName, _ arrivals: inout Arrivals) throws -> Arrivals.Destination {
    if let destination = arrivals.destination, destination.name == queue { return destination }
    let number = try number(of: queue)
    let refusal = wiring.knows(queue) ? nil : wiring.refusal(of: queue)
    let destination = Arrivals.Destination(
      name: queue, number: number, takesAll: book[number].takesAll,
      circumstances: JobLifecycle.Circumstances(now: arrivals.now, queueRefusal: refusal))
    arrivals.destination = destination
    return destination
  }

  /// Keeps what was gathered. Whoever is in the way of one is looked for only then.
  private func insert(_ arrivals: inout Arrivals, of wishes: [NewJob]) throws {
    let gathered = arrivals.gathered
    guard !gathered.isEmpty else { return }
    arrivals.gathered.removeAll(keepingCapacity: true)
    arrivals.firsts.removeAll(keepingCapacity: true)
    let (now, isFull) = (arrivals.now, gathered.count == SQL.rowsPerInsert)
    let statement = isFull ? statements.insertMany : statements.insertPlain
    let first = book.nextRows(gathered.count)
    var (row, count) = (first, 0)
    for arrival in gathered {
      bind(
        wishes[arrival.index], row, wishes[arrival.index].dueAt, arrival.life, arrival.queue, arrival.inputs, now,
        to: statement)
      if !isFull { count += try statement.run() }
      row += 1
    }
    if isFull { count = try statement.run() }
    let kept = count == gathered.count ? nil : Set(try statements.rowsFrom.bind(first).all { $0.integer() })
    row = first
    for arrival in gathered {
      let isKept = kept?.contains(row) ?? true
      arrivals.outcomes.append(
        isKept
          ? enter(arrival, wishes[arrival.index], in: row, at: now)
          : try insert(wishes[arrival.index], nil, row: row, at: now))
      row += 1
    }
  }

  private func enter(
    _ arrival: Arrivals.Arrival, _ wish: NewJob, in row: Int64, at now: Timestamp
  ) -> EnqueueOutcome {
    let queue = arrival.queue
    func candidate() -> ClaimCandidate {
      ClaimCandidate(wish, seq: row, queue: queue, byteCount: arrival.inputs.count, at: now)
    }
    if arrival.life.state == .ready {
      if windows.takes(wish.priority, among: book.ready(of: queue), in: queue) { windows.enter(candidate()) }
    } else if arrival.life.state == .blocked, let lock = wish.workerLock {
      if book.takeDisturbanceOfLines() { lines.dropAll() }
      if lines.isKnown(lock) { lines.enter(candidate(), of: lock) }
    }
    return entered(wish.id, arrival.life, queue)
  }

  // MARK: One

  private func insert(
    _ wish: NewJob, _ awaits: Awaits?, row: Int64? = nil, at now: Timestamp
  ) throws -> EnqueueOutcome {
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
    let row = row ?? book.nextRows(1)
    func enter() -> EnqueueOutcome {
      if life.state == .ready { book.disturb(queue) }
      if life.state == .blocked { book.disturbLines() }
      return entered(wish.id, life, queue)
    }
    if wish.queueLock == nil || !book.mayBeMerged(wish.id) {
      let insert = wish.hasOptions ? statements.merging.insert : statements.insert
      bind(wish, row, due, life, queue, obstacle, now, to: insert)
      if try insert.run() > 0 { return enter() }
    }
    guard let key = wish.queueLock else { return try outcomeBefore(of: wish.id) }
    let waiting = try self.waiting(under: key)
    let insert = wish.hasOptions ? statements.merging.insertLocked : statements.insertLocked
    bind(wish, row, due, life, queue, obstacle, now, to: insert)
    guard let merged = try insert.first({ Merged($0) }), let id = merged.id else {
      return try outcomeBefore(of: wish.id)
    }
    if id == wish.id { return enter() }
    noteMerge(of: wish, into: merged)
    try recordMerge(wish, into: id, isRerun: false, at: now)
    if wish.debounce != nil, let waiting { try putOff(waiting, by: wish, at: now) }
    if wish.onMerge != .keep { try renew(merged.seq, with: wish, at: now) }
    // It may be due earlier now.
    try settle(merged.seq, .due, at: now)
    return .merged(into: id)
  }

  /// The job that a wish was merged into, as it is now.
  private struct Merged {
    let id: JobID?
    let seq, queue: Int64
    let priority: Int
    let isReady, isBlocked: Bool

    init(_ row: SQLStatement) {
      id = row.id()
      (seq, queue, priority) = (row.integer(), row.integer(), Int(row.integer()))
      let state = row.integer()
      isReady = state == JobState.ready.code
      isBlocked = state == JobState.blocked.code
    }
  }

  /// Unless the job stays what it was, who goes next is not known any more.
  private func noteMerge(of wish: NewJob, into job: Merged) {
    let isUntimed = wish.dueAt == nil && wish.expiresAt == nil && wish.debounce == nil
    if job.isBlocked {
      let isKept = isUntimed && lines.hasUntimed(job.seq, priority: job.priority, of: wish.workerLock, in: job.queue)
      if !isKept { book.disturbLines() }
    }
    guard job.isReady, !windows.endBefore(job.seq, priority: job.priority, of: job.queue) else { return }
    if isUntimed, windows.hasUntimed(job.seq, priority: job.priority, of: job.queue) { return }
    windows.drop(job.queue)
  }

  private func entered(_ id: JobID, _ life: JobLifecycle, _ queue: Int64) -> EnqueueOutcome {
    book.enter(life.state, of: queue)
    return life.state == .parked ? .parked(id, reason: life.reason ?? "") : .enqueued(id)
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
    _ wish: NewJob, _ row: Int64, _ due: DueTime, _ life: JobLifecycle, _ queue: Int64, _ obstacle: BlockedBy?,
    _ now: Timestamp, to statement: SQLStatement
  ) {
    bind(wish, row, due.at, life, queue, wish.given.text, now, to: statement)
    statement.bind(wish.limit).bind(life.state == .blocked ? obstacle?.rawValue : nil)
    guard wish.hasOptions else { return }
    statement.bind(wish.onMerge.code).bind(wish.lockUntil == .done ? Int64(1) : nil)
      .bind(wish.expiresAt?.microseconds).bind(due.bound?.microseconds)
  }

  /// In the order of ``Columns/plainWish``.
  private func bind(
    _ wish: NewJob, _ row: Int64, _ due: Timestamp?, _ life: JobLifecycle, _ queue: Int64, _ inputs: [UInt8],
    _ now: Timestamp, to statement: SQLStatement
  ) {
    statement.bind(wish.id).bind(row).bind(queue).bind(life.state).bind(wish.priority).bind(due?.microseconds)
      .bind(now).bind(wish.worker.text).bind(wish.queueLock)
      .bind(life.state == .parked ? ParkedBy.queue.rawValue : nil).bind(life.reason)
    statement.bind(wish.cause.event).bind(wish.cause.offset?.signed).bind(wish.cause.topic?.text)
      .bind(wish.cause.subscription?.description).bind(wish.cause.job).bind(wish.cause.correlation)
      .bind(wish.cause.trace?.description).bind(wish.cause.context.map { JSONValue.object($0).text })
      .bind(wish.cause.source)
    statement.bind(wish.retry.map { $0.json.text }).bind(inputs).bind(wish.workerLock)
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

extension NewJob {
  /// Whether nothing has to be looked up before it is kept.
  fileprivate var isPlain: Bool {
    limit == nil && !sharesRun && notify == nil && !hasOptions
  }
}

extension Offset {
  /// SQLite has no unsigned integers.
  var signed: Int64 { Int64(bitPattern: rawValue) }
}
