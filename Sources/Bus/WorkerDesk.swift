internal import BusProtocol

/// Which jobs this process has, which of them run, and which results are still to be heard: decides who runs next, what
/// is sent, what is cancelled.
///
/// Pure: it is told what happened and answers with what to do. At most `concurrency` jobs run; what busd sent beyond
/// that waits here, in order. Results are gathered while one message of them is unanswered; nothing waits for more.
struct WorkerDesk: Sendable {
  /// What to do now.
  enum Action: Hashable, Sendable {
    /// Run it; its end comes to ``ended(_:token:outcome:now:)``.
    case start(Assignment)
    /// Cancel that run; its lease is lost where the flag says so.
    case cancel(JobID, token: UInt64, leaseIsLost: Bool)
    /// Send these results; the answer comes to ``finished(now:)`` or ``finishRefused(retryAfter:now:)``.
    case finish([JobResult])
    /// Tell busd how many jobs this process takes at once.
    case hands(Int)
    /// Asked to stop, and nothing is left.
    case settled
  }

  private enum Ending: Hashable, Sendable {
    /// Another run may have the job already: what this one says is dropped.
    case leaseLost
    /// busd was not heard for a whole lease, or the process stops: a failure by cancellation gives the job back.
    case cancelled
  }

  private struct Running: Hashable, Sendable {
    var token: UInt64
    var startedAt: ContinuousClock.Instant
    var ending: Ending?
  }

  private struct Waiting: Hashable, Sendable {
    var assignment: Assignment
    var since: ContinuousClock.Instant
  }

  private enum Phase: Hashable, Sendable {
    case working
    /// No more jobs are taken; what runs may go on until the deadline, then it is cancelled.
    case draining(until: ContinuousClock.Instant)
    /// What still runs was cancelled, and is waited for until the deadline.
    case cancelling(until: ContinuousClock.Instant)
    case settled
  }

  /// A job that waited here for this long goes back: others may have free hands.
  static let longestWait: Duration = .seconds(1)
  /// So long a cancelled run is waited for when the process stops.
  static let cancellationGrace: Duration = .seconds(3)
  /// No more results go into one message.
  static let maximumResultCount = 1000

  private let concurrency: Int
  private let known: Set<Name>
  private let lease: Duration
  private var prefetch: Prefetch
  private var phase = Phase.working
  private var running: [JobID: Running] = [:]
  private var waiting: [Waiting] = []
  private var results: [JobResult] = []
  private var unanswered: [JobResult] = []
  private var resendAt: ContinuousClock.Instant?
  private var announced: Int?
  /// Until when busd certainly keeps the leases: one lease after the last beat that it answered was sent.
  private var safeUntil: ContinuousClock.Instant?

  init(concurrency: Int, maximumPrefetch: Int, workers: Set<Name>, lease: Duration) {
    self.concurrency = max(1, concurrency)
    self.known = workers
    self.lease = lease
    prefetch = Prefetch(maximum: maximumPrefetch)
  }

  /// What is held under a lease: for the beat.
  var held: [Held<JobID>] {
    running.compactMap { $0.value.ending == .leaseLost ? nil : Held($0.key, token: $0.value.token) }
      + waiting.map { Held($0.assignment.id, token: $0.assignment.token) }
      + (results + unanswered).map { Held($0.id, token: $0.token) }
  }

  var runningCount: Int { running.count }
  var waitingCount: Int { waiting.count }

  /// When to call ``tick(now:)``; nil while only news can change something.
  var nextDeadline: ContinuousClock.Instant? {
    var deadlines = [resendAt, waiting.first.map { $0.since + WorkerDesk.longestWait }]
    if running.values.contains(where: { $0.ending == nil }) { deadlines.append(safeUntil) }
    switch phase {
    case .draining(let deadline), .cancelling(let deadline): deadlines.append(deadline)
    case .working, .settled: break
    }
    return deadlines.compactMap(\.self).min()
  }

  // MARK: What happens

  /// A session began, the first or another: busd has to hear again what this process takes.
  mutating func sessionBegan() -> [Action] {
    announced = nil
    return announce()
  }

  /// busd sent jobs.
  mutating func assigned(_ assignments: [Assignment], now: ContinuousClock.Instant) -> [Action] {
    if running.isEmpty && waiting.isEmpty { safeUntil = now + lease }
    for assignment in assignments {
      guard !holds(assignment) else { continue }
      if !known.contains(assignment.worker) {
        results.append(assignment, .unknownWorker)
      } else if phase != .working {
        results.append(assignment, .returned)
      } else {
        waiting.removeAll { $0.assignment.id == assignment.id }
        waiting.append(Waiting(assignment: assignment, since: now))
      }
    }
    return startWaiting(now: now) + sendResults()
  }

  /// A run ended.
  mutating func ended(
    _ id: JobID, token: UInt64, outcome: Outcome, result: JSONValue? = nil, now: ContinuousClock.Instant
  ) -> [Action] {
    guard let run = running[id], run.token == token else { return [] }
    running[id] = nil
    prefetch.note(run.startedAt.duration(to: now))
    if run.ending != .leaseLost {
      // A run that was told to stop did not fail by itself.
      let isReturned = run.ending == .cancelled && outcome.isFailure
      let outcome = isReturned ? .returned : outcome
      results.append(JobResult(id: id, token: token, outcome: outcome, result: outcome == .done ? result : nil))
    }
    return startWaiting(now: now) + sendResults() + announce(now: now) + settleIfDone()
  }

  /// The unanswered results are stored, or their leases had ended.
  mutating func finished() -> [Action] {
    unanswered = []
    resendAt = nil
    return sendResults() + settleIfDone()
  }

  /// The unanswered results were refused for now.
  mutating func finishRefused(retryAfter: Duration?, now: ContinuousClock.Instant) -> [Action] {
    if !unanswered.isEmpty { resendAt = now + (retryAfter ?? .seconds(1)) }
    return []
  }

  /// busd answered a beat, which was sent at that moment, and named the leases that had ended.
  mutating func beaten(lost: [JobID], sentAt: ContinuousClock.Instant) -> [Action] {
    safeUntil = sentAt + lease
    var actions: [Action] = []
    for id in lost {
      waiting.removeAll { $0.assignment.id == id }
      results.removeAll { $0.id == id }
      guard let run = running[id], run.ending != .leaseLost else { continue }
      running[id]?.ending = .leaseLost
      actions.append(.cancel(id, token: run.token, leaseIsLost: true))
    }
    return actions + settleIfDone()
  }

  /// Somebody wants these jobs not to go on: one that waits here goes back, a run is cancelled and may still get done.
  mutating func cancel(_ ids: [JobID]) -> [Action] {
    var actions: [Action] = []
    for id in ids {
      if let index = waiting.firstIndex(where: { $0.assignment.id == id }) {
        results.append(waiting.remove(at: index).assignment, .returned)
      }
      guard let run = running[id], run.ending == nil else { continue }
      running[id]?.ending = .cancelled
      actions.append(.cancel(id, token: run.token, leaseIsLost: false))
    }
    return actions + sendResults()
  }

  /// The process stops: what waits here goes back at once, what runs may end within the grace.
  mutating func stop(now: ContinuousClock.Instant, grace: Duration) -> [Action] {
    guard phase == .working else { return [] }
    phase = .draining(until: now + grace)
    return announce() + returnWaiting() + sendResults() + settleIfDone()
  }

  /// A deadline has passed.
  mutating func tick(now: ContinuousClock.Instant) -> [Action] {
    var actions = fence(now: now) + passOnTheLate(now: now)
    if let resend = resendAt, resend <= now {
      resendAt = nil
      actions.append(.finish(unanswered))
    }
    switch phase {
    case .draining(let deadline) where deadline <= now:
      phase = .cancelling(until: now + WorkerDesk.cancellationGrace)
      actions += cancelRunning()
    case .cancelling(let deadline) where deadline <= now:
      // busd gets back what they hold with the goodbye.
      phase = .settled
      actions.append(.settled)
    default: break
    }
    return actions + sendResults()
  }

  // MARK: What follows from it

  private func holds(_ assignment: Assignment) -> Bool {
    let (id, token) = (assignment.id, assignment.token)
    return running[id].map { $0.token >= token } ?? false
      || waiting.contains { $0.assignment.id == id && $0.assignment.token >= token }
      || (results + unanswered).contains { $0.id == id && $0.token >= token }
  }

  /// A job of which an older run is still ending waits for that end.
  private mutating func startWaiting(now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    while running.count < concurrency,
      let next = waiting.firstIndex(where: { running[$0.assignment.id] == nil })
    {
      let assignment = waiting.remove(at: next).assignment
      running[assignment.id] = Running(token: assignment.token, startedAt: now)
      actions.append(.start(assignment))
    }
    return actions
  }

  private mutating func sendResults() -> [Action] {
    guard unanswered.isEmpty, !results.isEmpty else { return [] }
    unanswered = Array(results.prefix(WorkerDesk.maximumResultCount))
    results.removeFirst(unanswered.count)
    return [.finish(unanswered)]
  }

  private mutating func announce(now: ContinuousClock.Instant? = nil) -> [Action] {
    if let now { prefetch.decide(now: now) }
    let hands = phase == .working ? concurrency + prefetch.count(for: concurrency) : 0
    guard hands != announced else { return [] }
    announced = hands
    return [.hands(hands)]
  }

  /// After a lease without an answer another process may run these jobs: this one stops.
  private mutating func fence(now: ContinuousClock.Instant) -> [Action] {
    guard let end = safeUntil, end <= now, !(running.isEmpty && waiting.isEmpty) else { return [] }
    return returnWaiting() + cancelRunning(leaseIsLost: true)
  }

  private mutating func passOnTheLate(now: ContinuousClock.Instant) -> [Action] {
    guard let oldest = waiting.first, oldest.since + WorkerDesk.longestWait <= now else { return [] }
    prefetch.reset(now: now)
    return announce() + returnWaiting()
  }

  private mutating func returnWaiting() -> [Action] {
    for entry in waiting { results.append(entry.assignment, .returned) }
    waiting = []
    return []
  }

  private mutating func cancelRunning(leaseIsLost: Bool = false) -> [Action] {
    running.filter { $0.value.ending == nil }.sorted { $0.key < $1.key }.map { id, run in
      running[id]?.ending = .cancelled
      return .cancel(id, token: run.token, leaseIsLost: leaseIsLost)
    }
  }

  private mutating func settleIfDone() -> [Action] {
    guard phase != .working, phase != .settled, held.isEmpty, running.isEmpty else { return [] }
    phase = .settled
    return [.settled]
  }
}

extension [JobResult] {
  fileprivate mutating func append(_ assignment: Assignment, _ outcome: Outcome) {
    append(JobResult(id: assignment.id, token: assignment.token, outcome: outcome))
  }
}

extension Outcome {
  fileprivate var isFailure: Bool { if case .failed = self { true } else { false } }
}
