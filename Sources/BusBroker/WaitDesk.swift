internal import BusProtocol

/// Who waits for jobs to come to their end, or for news of them.
///
/// A question is answered when a result ended its job, or a run said something new, and after a second in any case, with the job as it is: whoever
/// waits longer asks again. So a lost answer does no harm, and what ends a job without a result (an operator, a lost
/// process, time) is told as well.
struct WaitDesk {
  /// A question that is answered when its job has ended.
  struct Waiter: Hashable {
    var session: SessionID
    var request: UInt64
    /// What is known of the job to who waits for news of it; nil for who waits for its end alone.
    var known: Known?
  }

  /// How much of what a job's runs said somebody has read.
  struct Known: Hashable {
    /// The number of the last line.
    var line: Int
    /// When the progress was noted.
    var progressAt: Timestamp?
    /// So many lines go into one answer.
    var limit = JobLine.maximumCount

    /// Whether there is more.
    func isOld(for job: Job) -> Bool {
      job.lineCount > line || job.progress.map { $0.at != progressAt } ?? false
    }
  }

  /// The most questions that wait at once.
  static let limit = 10_000
  /// How long a question waits.
  static let patience = Duration.seconds(1)

  private var waiters: [JobID: [Waiter: ContinuousClock.Instant]] = [:]
  private var count = 0
  private var touched: Set<JobID> = []
  /// In the order of their times, since all wait equally long. Those before `head` are over.
  private var deadlines: [(at: ContinuousClock.Instant, job: JobID)] = []
  private var head = 0

  /// When to look again; nil while nobody waits.
  var nextLook: ContinuousClock.Instant? { head < deadlines.count ? deadlines[head].at : nil }

  /// Someone waits; false when too many do already. Asked again it is the same question.
  mutating func add(_ waiter: Waiter, for job: JobID, now: ContinuousClock.Instant) -> Bool {
    guard waiters[job]?[waiter] == nil else { return true }
    guard count < WaitDesk.limit else { return false }
    let deadline = now + WaitDesk.patience
    waiters[job, default: [:]][waiter] = deadline
    deadlines.append((deadline, job))
    count += 1
    return true
  }

  /// Results came.
  mutating func touch(_ jobs: some Sequence<JobID>) {
    guard count > 0 else { return }
    for job in jobs where waiters[job] != nil { touched.insert(job) }
  }

  /// The jobs that are to be looked at: they may have ended, or someone has waited long enough.
  mutating func due(now: ContinuousClock.Instant) -> Set<JobID> {
    while let next = nextLook, next <= now {
      touched.insert(deadlines[head].job)
      head += 1
    }
    if head > 1024, head * 2 > deadlines.count {
      deadlines.removeFirst(head)
      head = 0
    }
    defer { touched = [] }
    return touched.filter { waiters[$0] != nil }
  }

  /// Who is to be told of a job now: all when it has ended, else those for whom there is news, and those who have waited
  /// long enough.
  mutating func told(
    _ job: JobID, hasEnded: Bool, now: ContinuousClock.Instant, hasNews: (Known) -> Bool = { _ in false }
  ) -> [Waiter] {
    let told = (waiters[job] ?? [:]).filter { waiter, deadline in
      hasEnded || deadline <= now || waiter.known.map(hasNews) ?? false
    }.keys
    for waiter in told { waiters[job]?[waiter] = nil }
    if waiters[job]?.isEmpty == true { waiters[job] = nil }
    count -= told.count
    return told.sorted { ($0.session.rawValue, $0.request) < ($1.session.rawValue, $1.request) }
  }

  /// A session is gone: it asks again in the next one.
  mutating func left(_ session: SessionID) {
    guard count > 0 else { return }
    for (job, those) in waiters {
      let rest = those.filter { $0.key.session != session }
      count -= those.count - rest.count
      waiters[job] = rest.isEmpty ? nil : rest
    }
  }
}
