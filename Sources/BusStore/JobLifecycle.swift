internal import BusProtocol

/// The life of a job: which state follows which, and by what.
///
/// ```
///              wished for later          claimed               done / notNeeded
///  wish ─────▶ scheduled ──due──▶ ready ────────▶ running ─────────────────────▶ done · notNeeded
///    │             ▲               ▲ │ ▲             │
///    │             │      released │ │ │ lost,       ├─ failed, again later ──▶ scheduled
///    │             │               │ ▼ lock held     │   (merged, if an equal job waits by then)
///    │             │             blocked             ├─ failed for good, gave up, lost too often ──▶ dead
///    │             │               │ returned        │
///    └─ no queue ─▶ parked ◀───────┴─────────────────┴─ nobody knows the worker
///                    └── wired, known ──▶ ready, or scheduled
/// ```
enum JobLifecycle {
  /// What can happen to a job.
  enum Happening: CaseIterable {
    case due
    case claimed
    case lockHeld
    case lockReleased
    case done
    case notNeeded
    case failedAgainLater
    case failedForGood
    case equalJobWaits
    case returned
    case unknownWorker
    case lost
    case queueGone
    case wired
    case cancelled
  }

  /// The state that follows; nil when the happening cannot come to a job in this state.
  static func next(_ state: JobState, _ happening: Happening) -> JobState? {
    switch (state, happening) {
    case (.scheduled, .due): .ready
    case (.ready, .claimed): .running
    case (.ready, .lockHeld): .blocked
    case (.blocked, .lockReleased): .ready
    case (.running, .done): .done
    case (.running, .notNeeded): .notNeeded
    case (.running, .failedAgainLater): .scheduled
    case (.running, .failedForGood): .dead
    case (.running, .equalJobWaits): .merged
    case (.running, .returned), (.running, .lost): .ready
    case (.running, .unknownWorker): .parked
    case (.scheduled, .queueGone), (.ready, .queueGone), (.blocked, .queueGone): .parked
    case (.parked, .wired): .ready
    case (_, .cancelled) where state.isWaiting: .cancelled
    default: nil
    }
  }

  /// A job whose processes were lost so often is poison: it goes no further until someone looks.
  static let maximumCrashes = 3

  /// What a failed or lost run leads to, before anyone looks whether an equal job waits.
  ///
  /// - Parameter attempts: the runs begun so far, this one included.
  static func afterFailure(
    attempts: Int, policy: RetryPolicy, retryAfter: Duration?, chance: Double
  ) -> (happening: Happening, delay: Duration?) {
    guard attempts < policy.attempts else { return (.failedForGood, nil) }
    let delay = retryAfter ?? policy.delay(afterAttempt: attempts, chance: chance)
    return delay.map { (.failedAgainLater, $0) } ?? (.failedForGood, nil)
  }
}
