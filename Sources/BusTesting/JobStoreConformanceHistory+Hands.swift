import BusProtocol
import BusStore

/// What people do in a random history: limits, pauses, and changes of jobs.
extension JobStoreHistory {
  func limit() throws {
    let (some, rate) = (1 + random.below(3), RateLimit(5, per: .second, burst: 2))
    let retries = RateLimit(1, per: .second, burst: 1)
    try bench.limit(
      random.below(4) == 0
        ? [:]
        : [
          Self.queues[1]: QueueLimits(concurrency: some, rate: rate),
          Self.queues[2]: QueueLimits(waiting: 9, retries: retries),
        ])
  }

  func pauseOrResume() throws {
    let queue = Self.queues[random.below(3)]
    if random.below(2) == 0 {
      let time: Duration? = random.below(2) == 0 ? .seconds(random.below(20)) : nil
      pauses[queue] = try bench.pause(queue, random.below(3) == 0 ? .drain : .pause, for: time)
    } else {
      _ = try bench.one(.resume(queue))
      pauses[queue] = nil
    }
  }

  /// Nothing of a paused queue, no queue over its limits; and with hands to spare nothing is left that could start.
  func checkLimited(_ claimed: [Assignment], _ limit: Int) throws {
    try bench.expect(claimed.count <= limit, "\(claimed.count) claimed of \(limit)")
    for counts in try bench.store.queueCounts() {
      let isPaused = pauses[counts.queue].map { $0.kind == .pause && $0.holds(at: bench.now) } ?? false
      let started = claimed.count { $0.queue == counts.queue }
      try bench.expect(!isPaused || started == 0, "I23 a paused queue gave \(started) jobs")
      if let bound = counts.limits.concurrency, started > 0 {
        try bench.expect(counts[.running] <= bound, "\(counts[.running]) of \(bound) run in \(counts.queue)")
      }
      if claimed.count < limit, !isPaused, counts.limits == .none {
        try bench.expect(counts[.ready], is: 0, "ready jobs of \(counts.queue) with hands to spare")
      }
    }
  }

  /// Any change of any job: what the table allows happens, what it does not changes nothing.
  func changeOne() throws {
    let edit = JobEdit(
      priority: random.below(4), dueAt: random.below(2) == 0 ? bench.now + .seconds(random.below(20)) : nil)
    let verbs: [JobChange.Verb] = [
      .cancel(byForce: false, reason: nil), .cancel(byForce: true, reason: "now"), .retry, .remove,
      .move(to: Self.queues[random.below(3)]), .edit(edit), .runNow, .purge(reason: nil),
    ]
    let jobs = try bench.store.jobs(JobFilter(limit: 60))
    guard let job = jobs.randomElement(using: &random), let verb = verbs.randomElement(using: &random) else { return }
    let outcome = try bench.change(job.id, verb)
    let after = try bench.store.job(job.id)
    let what = "\(verb.word) of a job that was \(job.state): \(outcome)"
    switch outcome {
    case .changed(let state):
      try bench.expect(after?.state == state, what)
      try bench.expect(job.state.isFinished == (verb == .retry), what)
      if state == .cancelled { forget(job) }
    case .unchanged(let state): try bench.expect(after == job && job.state == state, what)
    case .refused(let state, let reason): try bench.expect(after == job && job.state == state && !reason.isEmpty, what)
    case .cancelRequested(let process, let token):
      try bench.expect(job.state == .running && job.process == process && job.token == token, what)
    case .merged(let into):
      try bench.expect(try bench.job(into).state.isWaiting && after?.state == .merged, what)
    case .removed:
      try bench.expect(after == nil && job.state.isFinished, what)
      wishes.removeAll { $0.outcome.job == job.id || $0.wish.id == job.id }
    case .unknown: try bench.expect(false, what)
    }
    try bench.expect(outcome != .unchanged(job.state) || after == job, what)
  }
}
