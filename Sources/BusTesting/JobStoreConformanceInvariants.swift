import BusProtocol
import BusStore

extension JobStoreBench {
  /// What must hold between any two batches, whatever happened before.
  public func checkInvariants() throws {
    let jobs = try store.jobs(JobFilter(limit: 1_000_000, sort: .oldest))
    try checkLocks(jobs)
    try checkLimits(jobs)
    try checkCounts(jobs)
    try checkLeases(jobs)
    try checkBatches(jobs)
    try checkLedger()
    try checkInbox(jobs)
    for job in jobs {
      let policy = job.wish.retry ?? .standard
      try expect(
        job.attempts <= policy.attempts, "I20 job \(job.id) had \(job.attempts) of \(policy.attempts) attempts")
      try expect(job.failures.count <= Job.maximumFailures, "job \(job.id) keeps \(job.failures.count) failures")
      if job.state == .scheduled {
        try expect(job.wish.dueAt != nil, "job \(job.id) is scheduled for no time")
      }
      try expect(job.state.isFinished == (job.finishedAt != nil), "job \(job.id) is \(job.state) and finished or not")
    }
    try checkMerges(jobs)
    let expiries = jobs.filter { $0.state.isWaiting && $0.attempts == 0 }.compactMap(\.wish.expiresAt)
    let next = (jobs.filter { $0.state == .scheduled }.compactMap(\.wish.dueAt) + expiries).min()
    let due = try store.nextDue()
    if waitsForTime {
      let isEarly = next.map { next in due.map { $0 <= next } ?? false } ?? true
      try expect(isEarly, "the next due time is after \(next as Any)")
    } else {
      try expect(due, is: next, "the next due time")
    }
  }

  private func checkMerges(_ jobs: [Job]) throws {
    for job in jobs {
      try expect(job.rerunAt == nil || !job.state.isWaiting, "job \(job.id) is \(job.state) and runs once more")
      try expect(job.rerunAt == nil || job.wish.lockUntil == .done, "job \(job.id) runs more often than it may")
      guard job.state == .expired else { continue }
      let isOver = (job.wish.expiresAt ?? now) <= (job.finishedAt ?? now)
      try expect(job.attempts == 0 && isOver, "job \(job.id) expired after \(job.attempts) attempts, or too early")
    }
  }

  private func checkLocks(_ jobs: [Job]) throws {
    let waiting = Dictionary(grouping: jobs.filter { $0.state.isWaiting && $0.wish.queueLock != nil }) {
      $0.wish.queueLock
    }
    for (key, jobs) in waiting where jobs.count > 1 {
      throw JobStoreConformance.Broken(description: "X5 \(jobs.count) jobs wait under queue lock \(key ?? "")")
    }
    let keyed = Dictionary(grouping: jobs.filter { $0.wish.workerLock != nil }) { $0.wish.workerLock }
    for (key, jobs) in keyed {
      let running = jobs.count { $0.state == .running }
      try expect(running <= 1, "I16 \(running) jobs run under worker lock \(key ?? "")")
      for blocked in jobs where blocked.state == .blocked && blocked.wish.limit == nil {
        let isAwaited =
          running == 1
          || jobs.contains {
            $0.wish.queue == blocked.wish.queue && ($0.state == .ready || $0.state == .blocked && $0.wish.limit != nil)
          }
        try expect(isAwaited, "job \(blocked.id) is blocked by nobody under worker lock \(key ?? "")")
      }
    }
    for job in jobs where job.state == .blocked {
      try expect(
        job.wish.workerLock != nil || job.wish.limit != nil, "job \(job.id) is blocked without a lock or a limit")
    }
  }

  /// No more run than may, and whoever is blocked waits for someone, or for time.
  private func checkLimits(_ jobs: [Job]) throws {
    let limited = Dictionary(grouping: jobs.filter { $0.wish.limit != nil }) { $0.wish.limit?.key ?? "" }
    for (key, jobs) in limited {
      let running = jobs.count { $0.state == .running }
      try expect(try store.running(underLimit: key), is: running, "the runs under limit \(key)")
      // Without a bound on some of them, nothing is known about the others.
      let bounds = jobs.compactMap(\.wish.limit?.concurrency)
      if let bound = bounds.max(), bounds.count == jobs.count {
        try expect(running <= bound, "\(running) jobs run under limit \(key), which is \(bound)")
      }
      for blocked in jobs where blocked.state == .blocked && blocked.wish.limit?.rate == nil {
        let isAwaited =
          running > 0 || blocked.wish.workerLock != nil
          || jobs.contains { $0.state == .ready && $0.wish.queue == blocked.wish.queue }
        try expect(isAwaited, "job \(blocked.id) is blocked by nobody under limit \(key)")
      }
    }
  }

  /// I13: kept = what is in each state, as long as nothing was pruned; and the store's own counts say the same.
  private func checkCounts(_ jobs: [Job]) throws {
    for counts in try store.queueCounts() {
      let mine = jobs.filter { $0.wish.queue == counts.queue }
      for state in JobState.allCases where !state.isFinished || state == .dead {
        try expect(counts[state], is: mine.count { $0.state == state }, "I13 \(state) in \(counts.queue)")
      }
      try expect(counts.unaccounted, is: 0, "I13 jobs of \(counts.queue) that are nowhere")
      let history = mine.count { $0.state.isFinished && $0.state != .dead }
      try expect(counts.kept, is: history, "I13 the history of \(counts.queue)")
      let oldest = mine.filter { $0.state == .ready }.map { $0.wish.dueAt ?? $0.enqueuedAt }.min()
      try expect((counts.oldestReady == nil) == (oldest == nil), "\(counts.queue) has an oldest ready job, or none")
    }
  }

  /// Who waits for others waits for some that have not ended; nobody else stands still for a batch.
  private func checkBatches(_ jobs: [Job]) throws {
    let states = Dictionary(uniqueKeysWithValues: jobs.map { ($0.id, $0.state) })
    for job in jobs {
      guard let batch = try store.batch(of: job.id, from: 0, limit: 1000, onlyOpen: false) else { continue }
      let open = batch.jobs.filter(\.isOpen)
      try expect(
        batch.open, is: open.count + batch.size - batch.jobs.count, "the open jobs that \(job.id) waits for")
      for member in open {
        try expect(states[member.job]?.isFinished == false, "job \(member.job) has ended, and \(job.id) waits for it")
        try expect(try store.awaiters(of: member.job).contains(job.id), "who waits for \(member.job)")
      }
      let isAwaiting = job.state == .parked && job.reason?.hasPrefix("it waits for") == true
      if isAwaiting { try expect(batch.open > 0, "job \(job.id) waits for a batch that has ended") }
      if batch.open > 0, batch.step == nil {
        try expect(isAwaiting || job.state.isFinished, "job \(job.id) did not wait for its batch")
      }
    }
  }

  /// What locks saved is what was merged, however the sums are kept.
  private func checkLedger() throws {
    let saved = try store.savings(limit: 1_000_000).map(\.saved).reduce(0, +)
    try expect(saved, is: try store.queueCounts().map(\.totals.mergedWishes).reduce(0, +), "I13 what locks saved")
  }

  /// Whose end the history wants to be told.
  static let historyOwner = "user:history"

  /// S3-13: each end that was to be told is in the inbox once, as it was.
  private func checkInbox(_ jobs: [Job]) throws {
    let items = try store.inbox(of: Self.historyOwner, after: 0, unreadOnly: false, limit: InboxItem.maximumCount + 1)
    try expect(items.count <= InboxItem.maximumCount, "an inbox has \(items.count) items")
    try expect(Set(items.map(\.job)).count, is: items.count, "an item for each job")
    let told = Dictionary(uniqueKeysWithValues: items.map { ($0.job, $0.state) })
    let mayLack = items.count == InboxItem.maximumCount
    for job in jobs where job.wish.notify == Self.historyOwner && job.state.isFinished && job.state != .merged {
      // What is older than that may be pruned.
      guard !mayLack, let ended = job.finishedAt, now - ended < .seconds(500) else { continue }
      try expect(told[job.id], is: job.state, "S3-13 what is told of job \(job.id)")
    }
  }

  private func checkLeases(_ jobs: [Job]) throws {
    let running = jobs.filter { $0.state == .running }.map(\.token).sorted()
    try expect(try store.running().map(\.token), is: running, "I14 the leases")
    try expect(Set(running).count, is: running.count, "I14 each lease has its own token")
  }
}
