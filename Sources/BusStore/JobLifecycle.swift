public import BusProtocol

/// The life of a job: from which state what leads where. Pure; a store asks it and writes down the answer.
///
/// ```
///                  asked for
///        ┌─────────────┼──────────────┐
///        ▼             ▼              ▼
///    scheduled ──due─▶ ready ◀──▶ blocked      parked ◀── its queue or its worker is not known
///        ▲             │  worker lock free       │        (any waiting one, or when its run ends)
///        │          claimed   / held             └──known again──▶ scheduled, ready or blocked
///        │             ▼
///        └─failed── running ──▶ done, notNeeded
///      (attempts left) │ │ ├──▶ dead          no attempts left, given up, or 3 processes lost
///                      │ │ └──▶ cancelled     by hand, from any state that is not finished
///                      │ └────▶ ready         given back, or its process was lost
///                      └──────▶ merged        it would wait again, but an equal one waits already
/// ```
/// A job that waits for others (see ``JobGroup``) is parked from the beginning, until they have ended.
/// One that waits and has begun no run yet is **expired** when its time is over. One that was asked for again while it
/// ran, and holds its queue lock until its run is over, waits once more after it.
///
/// By hand a job that ended, but for a merged one, runs again: it waits as if it were new.
///
/// A waiting job holds its queue lock, a running one its worker lock. No state outlives the row that says it, so
/// no lock outlives its job.
public struct JobLifecycle: Hashable, Sendable {
  /// What happens to a job.
  public enum Happening: Hashable, Sendable {
    /// The time has come that it waited for.
    case due
    /// A process takes it.
    case claimed
    /// The worker lock that it waits for may be free.
    case lockReleased
    /// Its run ended, as its worker says.
    case finished(Outcome)
    /// Its process was lost, in the given way.
    case lost(String)
    /// Its queue is not in the topology any more.
    case queueVanished
    /// Its queue, or its worker, is known again.
    case known
    /// Someone takes it out, for the given reason.
    case cancelled(String)
    /// The moment has come from which on it must not start, for the given reason.
    case expired(String)
    /// Someone lets it run again.
    case retried
  }

  /// What else is the case when something happens.
  public struct Circumstances: Sendable {
    /// When.
    public var now: Timestamp
    /// The policy that holds for the job.
    public var policy: RetryPolicy
    /// From 0 up to 1, for the jitter.
    public var chance: Double
    /// Whether another job runs under its worker lock, or is ready to and goes before it.
    public var workerLockIsHeld: Bool
    /// Whether another job waits under its queue lock.
    public var queueLockIsHeld: Bool
    /// Whether it was asked to stop while it ran: then it does not run again.
    public var isCancelRequested = false
    /// Before when it does not run again after a failure, by the queue's retry budget; nil for whenever it is due.
    public var retrySlot: Timestamp?
    /// When it is to run once more, if it was asked for while it ran.
    public var rerunAt: Timestamp?
    /// Why its queue is not known, nil when it is.
    public var queueRefusal: String?
    /// What it waits for before it may wait for a hand, in words; nil for nothing.
    public var awaits: String?
    /// The name of its worker and of its engine, for the reason of parking.
    public var worker: String

    /// The usual case: nothing held, the queue known.
    public init(
      now: Timestamp, policy: RetryPolicy = .standard, chance: Double = 0, workerLockIsHeld: Bool = false,
      queueLockIsHeld: Bool = false, queueRefusal: String? = nil, worker: String = "its worker"
    ) {
      self.now = now
      self.policy = policy
      self.chance = chance
      self.workerLockIsHeld = workerLockIsHeld
      self.queueLockIsHeld = queueLockIsHeld
      self.queueRefusal = queueRefusal
      self.worker = worker
    }
  }

  /// After how many lost processes a job is dead: it may be what kills them.
  public static let maximumCrashes = Job.maximumCrashes

  /// The state.
  public private(set) var state: JobState
  /// When it is due; nil for at once.
  public private(set) var dueAt: Timestamp?
  /// How many runs were begun and not given back.
  public private(set) var attempts: Int
  /// How many runs ended with the loss of their process.
  public private(set) var crashes: Int
  /// Why it is parked or dead.
  public private(set) var reason: String?

  /// A job somewhere in its life.
  public init(state: JobState, dueAt: Timestamp? = nil, attempts: Int = 0, crashes: Int = 0, reason: String? = nil) {
    self.state = state
    self.dueAt = dueAt
    self.attempts = attempts
    self.crashes = crashes
    self.reason = reason
  }

  /// A job that someone asks for.
  public init(askedFor dueAt: Timestamp?, in circumstances: Circumstances) {
    self.init(state: .ready, dueAt: dueAt)
    wait(circumstances)
  }

  /// Lets something happen. Returns false, and changes nothing, where it cannot happen in this state.
  public mutating func apply(_ happening: Happening, in circumstances: Circumstances) -> Bool {
    switch (state, happening) {
    case (.scheduled, .due):
      guard dueAt.map({ $0 <= circumstances.now }) ?? true else { return false }
      wait(circumstances)
    case (.ready, .claimed): claim(circumstances)
    case (.blocked, .lockReleased):
      guard !circumstances.workerLockIsHeld else { return false }
      state = .ready
    case (.running, .finished(let outcome)): finish(outcome, circumstances)
    case (.running, .lost(let how)): lose(how, circumstances)
    case (.scheduled, .queueVanished), (.ready, .queueVanished), (.blocked, .queueVanished):
      state = .parked
      reason = circumstances.queueRefusal
    case (.parked, .known):
      reason = nil
      wait(circumstances)
    case (.scheduled, .cancelled(let why)), (.ready, .cancelled(let why)), (.blocked, .cancelled(let why)),
      (.parked, .cancelled(let why)), (.running, .cancelled(let why)):
      state = .cancelled
      reason = why
    case (.scheduled, .expired(let why)), (.ready, .expired(let why)), (.blocked, .expired(let why)),
      (.parked, .expired(let why)):
      // Once begun, what it began is carried on.
      guard attempts == 0 else { return false }
      state = .expired
      reason = why
    case (.dead, .retried), (.cancelled, .retried), (.done, .retried), (.notNeeded, .retried), (.expired, .retried):
      (attempts, crashes, dueAt, reason) = (0, 0, nil, nil)
      waitAgain(circumstances)
    default: return false
    }
    return true
  }

  /// Into the waiting state that fits: also for a job that was scheduled, or comes back from a run.
  private mutating func wait(_ circumstances: Circumstances) {
    if let reason = circumstances.awaits {
      state = .parked
      self.reason = reason
    } else if let refusal = circumstances.queueRefusal {
      state = .parked
      reason = refusal
    } else if let dueAt, dueAt > circumstances.now {
      state = .scheduled
    } else {
      state = circumstances.workerLockIsHeld ? .blocked : .ready
    }
  }

  private mutating func claim(_ circumstances: Circumstances) {
    guard !circumstances.workerLockIsHeld else {
      state = .blocked
      return
    }
    state = .running
    attempts += 1
  }

  private mutating func finish(_ outcome: Outcome, _ circumstances: Circumstances) {
    if let rerunAt = circumstances.rerunAt, !circumstances.isCancelRequested, outcome.isEnd {
      // Who asked while it ran was not served by that run.
      (attempts, crashes, dueAt, reason) = (0, 0, rerunAt, nil)
      return waitAgain(circumstances)
    }
    switch outcome {
    case .done: state = .done
    case .notNeeded: state = .notNeeded
    case .dead(let error): die("its worker gave up: \(error)", circumstances)
    case .cancelled(let why):
      state = .cancelled
      reason = why
    case .failed, .returned, .unknownWorker, .snoozed:
      circumstances.isCancelRequested ? stop() : comeBack(outcome, circumstances)
    }
  }

  /// It was asked to stop, and its work did not get done before.
  private mutating func stop() {
    state = .cancelled
    reason = reason ?? "cancelled while it ran"
  }

  private mutating func comeBack(_ outcome: Outcome, _ circumstances: Circumstances) {
    switch outcome {
    case .failed(let error, let retryAfter):
      let delay = circumstances.policy.delay(afterAttempt: attempts, chance: circumstances.chance)
      guard let delay else {
        die("attempt \(attempts) of \(circumstances.policy.attempts) failed: \(error)", circumstances)
        return
      }
      dueAt = circumstances.now + (retryAfter ?? delay)
      runAgain(circumstances)
    case .snoozed(let after):
      attempts = max(0, attempts - 1)
      dueAt = circumstances.now + after
      waitAgain(circumstances)
    case .returned:
      attempts = max(0, attempts - 1)
      waitAgain(circumstances)
    case .unknownWorker:
      attempts = max(0, attempts - 1)
      waitAgain(circumstances)
      guard state != .merged, circumstances.queueRefusal == nil else { return }
      state = .parked
      reason = "\(circumstances.worker): start a process that has it, or cancel the job"
    case .done, .notNeeded, .dead, .cancelled: break
    }
  }

  private mutating func lose(_ how: String, _ circumstances: Circumstances) {
    crashes += 1
    if circumstances.isCancelRequested {
      stop()
    } else if crashes >= JobLifecycle.maximumCrashes {
      die("poison: \(crashes) processes were lost while running it", circumstances)
    } else if attempts >= circumstances.policy.attempts {
      die("attempt \(attempts) of \(circumstances.policy.attempts) was lost: \(how)", circumstances)
    } else {
      runAgain(circumstances)
    }
  }

  /// After a failure. One that has to wait anyway is held back when its time has come.
  private mutating func runAgain(_ circumstances: Circumstances) {
    let isAtOnce = dueAt.map { $0 <= circumstances.now } ?? true
    if isAtOnce, let slot = circumstances.retrySlot, slot > circumstances.now { dueAt = slot }
    waitAgain(circumstances)
  }

  /// After a run the queue lock may belong to a newer job, which then does the work of both.
  private mutating func waitAgain(_ circumstances: Circumstances) {
    guard !circumstances.queueLockIsHeld else {
      state = .merged
      return
    }
    wait(circumstances)
  }

  private mutating func die(_ why: String, _ circumstances: Circumstances) {
    state = .dead
    reason = circumstances.rerunAt == nil ? why : "\(why); it was asked for again while it ran"
  }
}

extension Outcome {
  /// Whether nothing of the run is to be done again.
  fileprivate var isEnd: Bool {
    switch self {
    case .done, .notNeeded, .cancelled: true
    case .failed, .dead, .returned, .unknownWorker, .snoozed: false
    }
  }
}
