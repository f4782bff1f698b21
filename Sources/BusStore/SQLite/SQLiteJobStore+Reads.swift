public import BusProtocol
internal import GRDB

extension SQLiteJobStore {
  /// The job of an id.
  public func job(_ id: JobID) throws(StoreError) -> Job? {
    try reading("job \(id)", ofRuns: pending[id] != nil) { try statements.job.bind(id).first { try self.job($0) } }
  }

  /// Jobs whose ids begin with the characters, oldest first.
  public func jobs(withPrefix prefix: String, limit: Int) throws(StoreError) -> [Job] {
    let open = 26 - prefix.utf8.count
    // The first of 26 characters carries three bits: 7 is its largest.
    let last =
      prefix.isEmpty ? "7" + String(repeating: "Z", count: 25) : prefix + String(repeating: "Z", count: max(0, open))
    guard open >= 0, let first = try? JobID(prefix + String(repeating: "0", count: open)), let last = try? JobID(last)
    else { return [] }
    return try reading("jobs by id") {
      try statements.jobsByID.bind(first).bind(last).bind(max(0, limit)).all { try self.job($0) }
    }
  }

  /// Jobs that pass a filter.
  public func jobs(_ filter: JobFilter) throws(StoreError) -> [Job] {
    try reading("jobs by filter") {
      let query = FilterQuery(filter, book, among: try rows(thatMayPass: filter))
      let statement = try database.unsafeReentrantWrite { try SQLStatement($0, query.sql) }
      query.bind(to: statement)
      return try statement.all { try self.job($0) }
    }
  }

  /// The queues that ever had a job or are wired, by name.
  public func queueCounts() throws(StoreError) -> [QueueCounts] {
    try reading("the queues", ofRuns: false) {
      var counts = try book.entries.enumerated().map { index, entry in
        let states = JobState.allCases.filter { !$0.isHistory }.map { ($0, entry[$0]) }
        return QueueCounts(
          queue: entry.name, states: Dictionary(uniqueKeysWithValues: states),
          oldestReady: try oldestReady(of: Int64(index + 1)), totals: entry.totals, limits: entry.gate.limits,
          pause: entry.gate.pause)
      }
      if case .only(let known) = wiring.queues {
        counts += known.keys.filter { book.number(of: $0) == nil }.map {
          QueueCounts(queue: $0, limits: wiring.limits[$0] ?? .none)
        }
      }
      return counts.sorted { $0.queue < $1.queue }
    }
  }

  /// What the subscriptions made of an event: at most a thousand jobs and as many merges.
  public func decisions(forEvent event: EventID) throws(StoreError) -> EventDecisions {
    try reading("the jobs of event \(event)") {
      EventDecisions(
        jobs: try statements.jobsOfEvent.bind(event).bind(1000).all { try self.job($0) },
        merges: try statements.mergesOfEvent.bind(event).bind(1000).all { row in
          guard let wish: JobID = row.id(), let into: JobID = row.id() else {
            throw StoreError(.corrupt, "a merge has no id: restore from a backup")
          }
          return EventDecisions.Merge(
            wish: wish, into: into, subscription: try row.subscriptionName(),
            at: Timestamp(microseconds: row.integer()), policy: try MergePolicy(code: row.optionalInteger()),
            isRerun: row.optionalInteger() == 1)
        })
    }
  }

  /// How many ready jobs of its queue go before the job.
  public func ahead(of job: JobID) throws(StoreError) -> Int? {
    try reading("the place of job \(job)") {
      let place = try statements.readyPlace.bind(job).first { ($0.integer(), $0.integer(), $0.integer()) }
      guard let (queue, priority, seq) = place else { return nil }
      return try statements.ahead.bind(queue).bind(priority).bind(seq).first { Int($0.integer()) }
    }
  }

  /// The job that runs under a worker lock.
  public func holder(ofWorkerLock key: String) throws(StoreError) -> Job? {
    try reading("the holder of a worker lock") { try statements.holder.bind(key).first { try self.job($0) } }
  }

  /// All leases, by token.
  public func running() throws(StoreError) -> [JobLease] {
    try reading("the leases", ofRuns: false) {
      let kept = try book.entries.indices.flatMap { index in
        try statements.running.bind(index + 1).all { row in
          guard let id: JobID = row.id() else { throw StoreError(.corrupt, "a running job has no id") }
          return JobLease(job: id, token: UInt64(bitPattern: row.integer()), process: row.text() ?? "")
        }
      }
      let others = pending.all.map { lease in
        JobLease(job: lease.job, token: lease.token, process: pending.claim(of: lease)?.process ?? "")
      }
      return (kept + others).sorted { $0.token < $1.token }
    }
  }

  /// When ``StoreCommand/promote`` has something to do.
  public func nextDue() throws(StoreError) -> Timestamp? {
    try reading("the schedule", ofRuns: false) {
      let times = [
        try statements.nextDue.first { $0.time() }, try statements.nextLook.first { $0.time() },
        try statements.merging.nextExpiry.first { $0.time() },
      ]
      return (times.compactMap { $0 ?? nil } + book.entries.compactMap { $0.gate.pause?.until }).min()
    }
  }

  /// In the order of ``Columns/job``.
  func job(_ row: SQLStatement) throws -> Job {
    let seq = row.integer()
    let id: JobID? = row.id()
    let queue = row.integer()
    guard let id, book.contains(queue) else { throw StoreError(.corrupt, "job \(seq) has no id or no queue") }
    let wish = NewJob(
      id: id, queue: book[queue].name, worker: try Name(row.text() ?? ""), queueLock: row.text(),
      workerLock: row.text(), limit: try row.limit(), priority: Int(row.integer()), dueAt: row.time(),
      cause: try JobCause(row))
    var job = Job(wish, state: .ready, enqueuedAt: Timestamp(microseconds: 0))
    job.wish.retry = try row.text().map { try RetryPolicy(json: JSONParser.parse(Array($0.utf8))) }
    job.wish.inputs = try row.inputs()
    job.state = try JobState(code: row.integer())
    job.reason = row.text()
    job.attempts = Int(row.integer())
    job.crashes = Int(row.integer())
    job.merges = Int(row.integer())
    job.enqueuedAt = Timestamp(microseconds: row.integer())
    job.startedAt = row.time()
    job.finishedAt = row.time()
    job.process = row.text()
    job.token = UInt64(bitPattern: row.integer())
    job.retries = Int(row.integer())
    job.cancelRequestedAt = row.time()
    job.result = try row.text().map { try JSONParser.parse(Array($0.utf8)) }
    job.wish.onMerge = try MergePolicy(code: row.optionalInteger())
    job.wish.lockUntil = row.optionalInteger() == 1 ? .done : .started
    job.wish.expiresAt = row.time()
    job.rerunAt = row.time()
    let progress = try row.text().map { try JobProgress(json: JSONParser.parse(Array($0.utf8))) }
    if row.optionalInteger().map({ UInt64(bitPattern: $0) }) == job.token { job.progress = progress }
    job.lineCount = Int(row.optionalInteger() ?? 0)
    job.wish.notify = try row.text().flatMap { try SQLiteJobStore.owners($0).first }
    job.failures = try failures(of: seq)
    return job
  }

  private func failures(of seq: Int64) throws -> [Job.Failure] {
    try statements.failures.bind(seq).all { row in
      Job.Failure(attempt: Int(row.integer()), at: Timestamp(microseconds: row.integer()), error: row.text() ?? "")
    }
  }
}
