public import BusProtocol

/// A job of a batch or a chain that came to its end.
struct EndedMember {
  let job: JobID
  let state: JobState
  /// Why its chain stops, where it was stopped itself.
  var reason: String?
}

/// Batches and chains: who waits for whose end. See ``BatchSQL`` for the tables.
///
/// A job that waits is parked, and holds no queue lock: it is never merged, since it has what came before it. Whoever ends
/// a job that is watched notes it in `ends`; the last step of the command then tells those who wait. All of it is one
/// transaction with the end itself, and a job that nobody waits for costs nothing.
extension SQLiteJobStore {
  /// Keeps the jobs of a group, all or none; asked again it gets the answer it got before.
  func enqueue(_ group: JobGroup, at now: Timestamp) throws -> [EnqueueOutcome] {
    if let refusal = try refusal(of: group, at: now) { return group.all.map { .refused($0.id, refusal) } }
    switch group.kind {
    case .chain: return try enqueueChain(group.jobs, at: now)
    case .batch(let then, let size, let first):
      let (batch, outcome) = try open(then, size: size, step: nil, at: now)
      var outcomes: [EnqueueOutcome] = []
      for (place, wish) in group.jobs.enumerated() {
        outcomes.append(try keep(wish, at: now))
        if let batch { try add(outcomes[place].job, to: batch, at: first + place) }
      }
      if size == 0 { try release(then.id, queueLock: then.queueLock, at: now) }
      return outcomes + [outcome]
    }
  }

  /// A step may take a queue beyond its limit, so that each fits; so may the parts of a batch whose first was taken.
  private func refusal(of group: JobGroup, at now: Timestamp) throws -> EnqueueRefusal? {
    if case .batch(let then, _, _) = group.kind, try number(ofBatch: then.id) != nil { return nil }
    for wish in group.all {
      if let refusal = try refusal(of: wish, at: now) { return refusal }
    }
    return nil
  }

  private func enqueueChain(_ jobs: [NewJob], at now: Timestamp) throws -> [EnqueueOutcome] {
    var outcomes: [EnqueueOutcome] = []
    for (index, wish) in jobs.enumerated() {
      guard let before = outcomes.last else {
        outcomes.append(try keep(wish, at: now))
        continue
      }
      let (batch, outcome) = try open(wish, size: 1, step: index, at: now)
      if let batch { try add(before.job, to: batch, at: 0) }
      outcomes.append(outcome)
    }
    return outcomes
  }

  /// Keeps the job that waits. A job that is there already, and waits for nobody, does not begin to.
  private func open(
    _ wish: NewJob, size: Int, step: Int?, at now: Timestamp
  ) throws -> (batch: Int64?, outcome: EnqueueOutcome) {
    if let known = try number(ofBatch: wish.id) { return (known, .enqueued(wish.id)) }
    guard try statements.outcomeOfKnown.bind(wish.id).first({ $0.integer() }) == nil else {
      return (nil, try outcomeBefore(of: wish.id))
    }
    let number = try statements.batches.open.bind(wish.id).bind(size).bind(step.map { Int64($0) })
      .bind(wish.queueLock).first { $0.integer() }
    let awaits: Awaits = step == nil ? .batch : .step
    var waiting = wish
    waiting.queueLock = nil
    _ = try keep(waiting, awaits: awaits, at: now)
    try statements.batches.wait.bind(awaits.rawValue).bind(wish.id).run()
    return (number, .enqueued(wish.id))
  }

  private func number(ofBatch job: JobID) throws -> Int64? {
    try statements.batches.numberOf.bind(job).first { $0.integer() }
  }

  private func add(_ job: JobID, to batch: Int64, at place: Int) throws {
    guard try statements.batches.add.bind(batch).bind(place).bind(job).run() > 0 else { return }
    let state = try watch(job)
    // It was asked for before, and has ended since, or is not even kept any more.
    if state?.isFinished ?? true { ends.append(EndedMember(job: job, state: state ?? .cancelled)) }
  }

  // MARK: Ends

  /// A watched job was written down in another state. One that was merged goes on in another job.
  func noteEnd(of row: LiveRow, _ life: JobLifecycle) {
    guard life.state.isFinished, life.state != .merged, !row.life.state.isFinished else { return }
    ends.append(EndedMember(job: row.id, state: life.state))
  }

  /// Tells those who wait for the jobs that ended in this command, and for those that end by that.
  func settleEnds(at now: Timestamp) throws {
    var next = 0
    while next < ends.count {
      let end = ends[next]
      next += 1
      for batch in try statements.batches.end.bind(end.state).bind(end.job).all({ $0.integer() }) {
        try close(batch, end, at: now)
      }
    }
    ends = []
  }

  private func close(_ batch: Int64, _ end: EndedMember, at now: Timestamp) throws {
    let row = try statements.batches.close.bind(batch).first {
      (open: $0.integer(), job: $0.id() as JobID?, step: $0.optionalInteger(), queueLock: $0.text())
    }
    guard let row, let job = row.job, row.open <= 0 else { return }
    if let step = row.step, end.state != .done, end.state != .notNeeded {
      let reason = end.reason ?? "step \(step) of its chain ended \(end.state.rawValue)"
      try stop(job, of: batch, reason, row.queueLock, at: now)
    } else {
      try release(job, queueLock: row.queueLock, at: now)
    }
  }

  /// Its turn has come: it takes its queue lock, where that is free, and waits for a hand.
  private func release(_ id: JobID, queueLock: String?, at now: Timestamp) throws {
    guard let row = try statements.liveByID.bind(id).first({ try LiveRow($0) }) else { return }
    let isHeld = try queueLock.map { try waiting(under: $0) != nil }
    let isFree = row.life.state.isFinished || isHeld == false
    try statements.batches.release.bind(isFree ? queueLock : nil).bind(id).run()
    guard row.life.state == .parked else { return }
    try settle(row.seq, .known, at: now)
  }

  /// The step before did not get done: this one is taken out, unless that has happened already.
  private func stop(
    _ id: JobID, of batch: Int64, _ reason: String, _ queueLock: String?, at now: Timestamp
  ) throws {
    guard let row = try statements.liveByID.bind(id).first({ try LiveRow($0) }), row.life.state == .parked else {
      return try release(id, queueLock: queueLock, at: now)
    }
    var life = row.life
    guard life.apply(.cancelled(reason), in: try circumstances(of: row, at: now)) else { return }
    try save(life, of: row, reason: reason, parkedBy: .others, blockedBy: nil, at: now)
    try statements.batches.stop.bind(batch).run()
    try statements.batches.release.bind(queueLock).bind(id).run()
    if let last = ends.indices.last, ends[last].job == id { ends[last].reason = reason }
  }

  /// A watched job became part of another one: whoever waits for it waits for that one.
  func handOver(_ job: JobID, to newer: JobID) throws {
    guard try statements.batches.handOver.bind(newer).bind(job).run() > 0 else { return }
    _ = try watch(newer)
  }

  /// The end of a job is to be told from now on. Returns its state.
  private func watch(_ job: JobID) throws -> JobState? {
    try settleLease(of: job)
    forgetOrder()
    return try statements.batches.watch.bind(job).first { try JobState(code: $0.integer()) }
  }

  // MARK: By hand

  /// A watched job runs again: who still waits, waits for it too; and a chain that it stopped goes on behind it.
  func reopen(_ job: JobID, at now: Timestamp) throws {
    var jobs = [job]
    while let job = jobs.popLast() {
      ends.removeAll { $0.job == job }
      let batches = try statements.batches.endedIn.bind(job).all {
        (number: $0.integer(), job: $0.id() as JobID?, isStopped: $0.integer() == 1)
      }
      for batch in batches {
        guard let row = try batch.job.flatMap({ try statements.liveByID.bind($0).first { try LiveRow($0) } }) else {
          continue
        }
        if batch.isStopped, row.life.state == .cancelled {
          try revive(row, at: now)
          if row.isWatched { jobs.append(row.id) }
        } else if row.life.state != .parked || row.awaits?.parkedBy == nil {
          continue
        }
        let count = try statements.batches.reopen.bind(batch.number).bind(job).run()
        try statements.batches.reopened.bind(count).bind(batch.number).run()
      }
    }
  }

  /// A step that was taken out with its chain waits again.
  private func revive(_ row: LiveRow, at now: Timestamp) throws {
    try statements.batches.wait.bind(Awaits.step.rawValue).bind(row.id).run()
    guard let waiting = try statements.live.bind(row.seq).first({ try LiveRow($0) }) else { return }
    var life = waiting.life
    guard life.apply(.retried, in: try circumstances(of: waiting, at: now)) else { return }
    try save(life, of: waiting, reason: life.reason, parkedBy: .others, blockedBy: nil, at: now)
  }

  /// The job that waited is forgotten: nobody asks for its batch any more.
  func forgetBatch(of job: JobID) throws {
    try statements.batches.forgetMembers.bind(job).run()
    try statements.batches.forget.bind(job).run()
  }

  // MARK: Reads

  /// So much of results and errors is in one part of a batch, and one job's more.
  private static let partByteCount = 1 << 20

  /// The jobs that a job waits for, or waited for.
  public func batch(
    of job: JobID, from place: Int, limit: Int, onlyOpen: Bool
  ) throws(StoreError) -> JobBatch? {
    try reading("the batch of job \(job)") {
      let row = try statements.batches.batch.bind(job).first {
        (number: $0.integer(), size: Int($0.integer()), open: Int($0.integer()), step: $0.optionalInteger())
      }
      guard let row else { return nil }
      var batch = JobBatch(then: job, size: row.size, open: max(0, row.open), step: row.step.map { Int($0) })
      let statement = onlyOpen ? statements.batches.openMembers : statements.batches.members
      var byteCount = 0
      let limit = max(1, limit)
      try statement.bind(row.number).bind(place).bind(limit).each { row in
        guard batch.next == nil else { return }
        let member = try member(row)
        byteCount += (member.result?.bytes.count ?? 0) + (member.error?.utf8.count ?? 0)
        if byteCount > SQLiteJobStore.partByteCount, !batch.jobs.isEmpty {
          batch.next = member.place
        } else {
          batch.jobs.append(member)
        }
      }
      if batch.next == nil, batch.jobs.count == limit { batch.next = (batch.jobs.last?.place ?? 0) + 1 }
      return batch
    }
  }

  private func member(_ row: SQLStatement) throws -> JobBatch.Member {
    let place = Int(row.integer())
    let (job, ended, state): (JobID?, Int64?, Int64?) = (row.id(), row.optionalInteger(), row.optionalInteger())
    guard let job else { throw StoreError(.corrupt, "a job of a batch has no id: restore from a backup") }
    var member = JobBatch.Member(
      place: place, job: job, state: try JobState(code: state ?? ended ?? JobState.cancelled.code),
      isOpen: ended == nil)
    member.result = try row.text().map { try JSONParser.parse(Array($0.utf8)) }
    let error = row.text()
    member.error = member.state == .done ? nil : error
    return member
  }

  /// The jobs that wait for a job, or waited for it.
  public func awaiters(of job: JobID) throws(StoreError) -> [JobID] {
    try reading("who waits for job \(job)") {
      try statements.batches.awaiters.bind(job).all { $0.id() as JobID? }.compactMap(\.self)
    }
  }
}
