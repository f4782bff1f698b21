package import BusProtocol

/// Where one subscription is: decides what is committed and when, so that the cursor never passes an event whose jobs
/// are not stored, and no event is left out or comes twice.
///
/// Pure: it is told what happened and answers with what to do. One commit is unanswered at most; meanwhile the next
/// events are mapped and gathered. There is no waiting for more: what is there when a commit was answered goes next.
package struct SubscriptionProgress: Sendable {
  /// What to do now.
  package enum Action: Hashable, Sendable {
    /// Read the events behind this offset. What was read for an earlier follow is void.
    case follow(after: Offset, token: UInt64)
    /// Store these jobs and the cursor; the answer comes to ``committed(now:)`` or ``refused(_:now:)``.
    case commit(Commit)
    /// Not ours any more: stop reading, and say again that this process would run it.
    case leave
    /// Asked to stop, and all that was mapped is stored or given up.
    case settled
  }

  /// What became of the events of a stretch of the spool.
  package struct Step: Hashable, Sendable {
    package var after: Offset
    package var through: Offset
    package var jobs: [NewJob]
    /// About the size of the jobs.
    package var byteCount: Int

    /// A stretch that was mapped.
    package init(after: Offset, through: Offset, jobs: [NewJob], byteCount: Int) {
      (self.after, self.through, self.jobs, self.byteCount) = (after, through, jobs, byteCount)
    }

    /// Enough for a commit.
    package var isFull: Bool {
      jobs.count >= SubscriptionProgress.maximumJobCount || byteCount >= SubscriptionProgress.maximumByteCount
    }
  }

  /// No more is mapped while an unanswered commit keeps this much waiting.
  static let maximumJobCount = 500
  static let maximumByteCount = 1 << 20
  /// A cursor over events that ask for nothing moves this often at most: by offsets, or by time.
  static let quietOffsets: UInt64 = 5000
  static let quietInterval: Duration = .seconds(1)

  private enum Seat: Hashable, Sendable {
    /// Another process runs it, or none; entered at the start and when the lease is lost, left by a grant.
    case waiting
    /// This process runs it under the token; left when the lease is lost or the engine stops.
    case running(UInt64)
    /// This process still runs it, and only stores what is mapped; left when nothing is unanswered.
    case stopping(UInt64)
    /// Nothing follows.
    case stopped
  }

  private struct Outstanding: Hashable, Sendable {
    var commit: Commit
    /// Set while busd has asked to wait: when it is sent again.
    var resendAt: ContinuousClock.Instant?
  }

  package let name: SubscriptionName
  private var seat = Seat.waiting
  /// What is stored.
  private(set) var cursor = Offset.zero
  /// What is mapped: from the cursor, or from the end of the unanswered commit, up to here.
  private var reached = Offset.zero
  private var gatheredFrom = Offset.zero
  private var jobs: [NewJob] = []
  private var byteCount = 0
  private var outstanding: Outstanding?
  private var lastCommit: ContinuousClock.Instant?

  package init(_ name: SubscriptionName) { self.name = name }

  /// Whether this process runs it.
  package var token: UInt64? {
    switch seat {
    case .running(let token), .stopping(let token): token
    case .waiting, .stopped: nil
    }
  }

  /// Whether the next events may be mapped: what is gathered has a bound.
  package var wantsMore: Bool {
    guard case .running = seat else { return false }
    return jobs.count < SubscriptionProgress.maximumJobCount && byteCount < SubscriptionProgress.maximumByteCount
  }

  /// When to call ``tick(now:)``; nil while only news can change something.
  package var nextDeadline: ContinuousClock.Instant? {
    if let outstanding { return outstanding.resendAt }
    guard token != nil, gatheredFrom < reached, let lastCommit else { return nil }
    return lastCommit + SubscriptionProgress.quietInterval
  }

  // MARK: What happens

  /// busd gave the lease: everything up to the grant's cursor is handled.
  package mutating func granted(_ grant: Grant, now: ContinuousClock.Instant) -> [Action] {
    switch seat {
    case .stopping, .stopped: return []
    case .running(let token) where token >= grant.token: return []
    case .waiting, .running: break
    }
    seat = .running(grant.token)
    lastCommit = now
    return restart(after: grant.cursor)
  }

  /// A stretch was mapped. One that does not follow on what came before belongs to an earlier follow, and is dropped.
  package mutating func mapped(_ step: Step, now: ContinuousClock.Instant) -> [Action] {
    guard case .running = seat, step.after == reached, step.through > step.after else { return [] }
    reached = step.through
    jobs += step.jobs
    byteCount += step.byteCount
    return commitWhatIsDue(now: now)
  }

  /// The unanswered commit is stored.
  package mutating func committed(now: ContinuousClock.Instant) -> [Action] {
    guard let done = outstanding else { return [] }
    outstanding = nil
    cursor = done.commit.through
    lastCommit = now
    return commitWhatIsDue(now: now)
  }

  /// The unanswered commit was refused.
  package mutating func refused(_ refusal: Refusal, now: ContinuousClock.Instant) -> [Action] {
    guard let refused = outstanding else { return [] }
    switch refusal.code {
    case "stale_lease", "unknown_subscription": return lose()
    case "cursor_moved":
      // An answer was lost and the commit came twice: it is stored.
      if refusal.expected == refused.commit.through.rawValue { return committed(now: now) }
      // Under this lease only an operator moves the cursor: go on from there.
      guard case .running = seat, let expected = refusal.expected else { return lose() }
      lastCommit = now
      return restart(after: Offset(expected))
    default:
      outstanding?.resendAt = now + (refusal.retryAfter ?? .seconds(1))
      return []
    }
  }

  /// The lease has ended: another process may run it already.
  package mutating func lost() -> [Action] { token == nil ? [] : lose() }

  /// The engine stops: what is mapped is stored, nothing more is mapped.
  package mutating func stop(now: ContinuousClock.Instant) -> [Action] {
    switch seat {
    case .running(let token): seat = .stopping(token)
    case .waiting:
      seat = .stopped
      return [.settled]
    case .stopping, .stopped: return []
    }
    return commitWhatIsDue(now: now)
  }

  /// A deadline has passed.
  package mutating func tick(now: ContinuousClock.Instant) -> [Action] {
    if let waiting = outstanding?.resendAt, waiting <= now, let commit = outstanding?.commit {
      outstanding?.resendAt = nil
      return [.commit(commit)]
    }
    return commitWhatIsDue(now: now)
  }

  // MARK: What follows from it

  private mutating func restart(after offset: Offset) -> [Action] {
    guard case .running(let token) = seat else { return [] }
    cursor = offset
    reached = offset
    forgetGathered()
    outstanding = nil
    return [.follow(after: offset, token: token)]
  }

  private mutating func lose() -> [Action] {
    let wasStopping = if case .stopping = seat { true } else { false }
    seat = wasStopping ? .stopped : .waiting
    outstanding = nil
    forgetGathered()
    return wasStopping ? [.leave, .settled] : [.leave]
  }

  private mutating func commitWhatIsDue(now: ContinuousClock.Instant) -> [Action] {
    guard outstanding == nil else { return [] }
    if let token, gatheredFrom < reached, isDue(now: now) {
      let commit = Commit(subscription: name, token: token, from: gatheredFrom, through: reached, jobs: jobs)
      forgetGathered()
      outstanding = Outstanding(commit: commit)
      return [.commit(commit)]
    }
    guard case .stopping = seat else { return [] }
    seat = .stopped
    return [.settled]
  }

  /// Jobs go at once; a cursor alone only so often; everything when stopping.
  private func isDue(now: ContinuousClock.Instant) -> Bool {
    if case .stopping = seat { return true }
    if !jobs.isEmpty || reached.rawValue - gatheredFrom.rawValue >= SubscriptionProgress.quietOffsets { return true }
    return lastCommit.map { now >= $0 + SubscriptionProgress.quietInterval } ?? true
  }

  private mutating func forgetGathered() {
    gatheredFrom = reached
    jobs = []
    byteCount = 0
  }
}
