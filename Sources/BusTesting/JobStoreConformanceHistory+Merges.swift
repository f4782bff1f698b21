import BusProtocol
import BusStore

/// What a queue lock can do with a second wish, and expiries, in a random history.
extension JobStoreHistory {
  /// Mostly a key's jobs hold it in one way, as those of one worker do; some come from another version of it.
  func withMergeOptions(_ wish: NewJob) -> NewJob {
    var wish = wish
    wish.onMerge = MergePolicy.allCases[random.below(3)]
    let isOther = random.below(8) == 0
    wish.lockUntil = ["q(0)", "q(1)", "q(2)"].contains(wish.queueLock) != isOther ? .done : .started
    if wish.queueLock != nil, random.below(4) == 0 {
      let after = 1 + random.below(5)
      wish.debounce = Debounce(after: .seconds(after), atMost: .seconds(after + random.below(10)))
    }
    if random.below(3) == 0 { wish.expiresAt = bench.now + .seconds(random.below(40)) }
    return wish
  }

  /// Whether a wish made a running job run once more.
  func noteRerun(_ job: Job, for wish: NewJob) throws -> Bool {
    guard wish.lockUntil == .done, job.state == .running, job.rerunAt != nil else { return false }
    try bench.expect(job.cancelRequestedAt == nil, "X1 job \(job.id) is to stop, and to run once more")
    askedAgain[job.id] = step
    return true
  }

  /// Whether a job has to run once more when its run ends like that; nil for a loss.
  func willRunAgain(_ id: JobID, _ outcome: Outcome?) throws -> Bool {
    let job = try bench.job(id)
    guard job.rerunAt != nil, job.cancelRequestedAt == nil else { return false }
    return switch outcome {
    case .done, .notNeeded, .cancelled: true
    case .failed, .dead, .returned, .unknownWorker, .snoozed, nil: false
    }
  }

  /// Waiting jobs whose time is over.
  func late() throws -> [Job] {
    guard isMerging else { return [] }
    return try JobState.allCases.filter(\.isWaiting).flatMap { state in
      try bench.store.jobs(JobFilter(state: state, limit: 100_000)).filter { isLate($0) }
    }
  }

  func isLate(_ job: Job) -> Bool {
    job.state.isWaiting && job.attempts == 0 && job.wish.expiresAt.map { $0 <= bench.now } ?? false
  }

  /// None of the late ones has started. What expired covers what it was asked for: that was not wanted any more.
  func noteExpired(_ late: [Job], _ claimed: [Assignment]) throws {
    for job in late {
      try bench.expect(!claimed.contains { $0.id == job.id }, "OT9 job \(job.id) was started late")
      guard try bench.job(job.id).state == .expired, let key = job.wish.queueLock else { continue }
      cover(key, since: step)
    }
  }
}
