package import BusProtocol

/// Which jobs this process has, which of them run, and which results are still to be heard: decides who runs next, what
/// is sent, what is cancelled.
///
/// Pure: it is told what happened and answers with what to do. At most `concurrency` jobs run; what busd sent beyond
/// that waits here, in order. Results are gathered while one message of them is unanswered; nothing waits for more.
package struct WorkerDesk: Sendable {
  /// What to do now.
  package enum Action: Hashable, Sendable {
    /// Run it; its end comes to ``ended(_:token:outcome:now:)``.
    case start(Assignment)
    /// Cancel that run; its lease is lost where the flag says so.
    case cancel(JobID, token: UInt64, leaseIsLost: Bool)
    /// That run did not stop after its time was over: its lease has ended, and nobody waits for it.
    case giveUp(JobID, token: UInt64)
    /// Every hand is taken by a run that was given up: this process can do no more, and has to be replaced.
    case exhausted
    /// Send these results; the answer comes to ``finished(now:)`` or ``finishRefused(retryAfter:now:)``.
    case finish([JobResult])
    /// Tell busd how many jobs this process takes at once.
    case hands(Int)
    /// Asked to stop, and nothing is left.
    case settled
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

  /// About so many bytes of results go into one message.
  static let maximumMessageByteCount = 512 << 10

  private let concurrency: Int
  private let known: Set<Name>
  private let lease: Duration
  private var prefetch: Prefetch
  private var phase = Phase.working
  private var running: [JobID: RunningJob] = [:]
  /// The tokens of runs that were given up: each has its hand until it ends.
  private var givenUp: Set<UInt64> = []
  private var timeouts: Timeouts
  /// No deadline of a run is before it; so it is found without a look at all of them.
  private var firstDeadline: ContinuousClock.Instant?
  private var waiting = WaitingLine()
  /// No token that came before is larger: what comes with a larger one is new, without a look at what is held.
  package private(set) var newestToken: UInt64 = 0
  private var results: [JobResult] = []
  private var unanswered: [JobResult] = []
  private var resendAt: ContinuousClock.Instant?
  private var announced: Int?
  /// The jobs that came last, or are about to come.
  private var wave: Wave?
  /// Until when busd certainly keeps the leases: one lease after the last beat that it answered was sent.
  private var safeUntil: ContinuousClock.Instant?

  package init(
    concurrency: Int, maximumPrefetch: Int, workers: Set<Name>, lease: Duration, timeouts: Timeouts = Timeouts()
  ) {
    self.concurrency = max(1, concurrency)
    self.known = workers
    self.lease = lease
    self.timeouts = timeouts
    prefetch = Prefetch(maximum: maximumPrefetch)
  }

  /// What is held under a lease, of each job the newest: for the beat.
  package var held: [Held<JobID>] {
    let all =
      running.compactMap { $0.value.ending == .leaseLost ? nil : Held($0.key, token: $0.value.token) }
      + waiting.assignments.map { Held($0.id, token: $0.token) }
      + (results + unanswered).map { Held($0.id, token: $0.token) }
    let newest = Dictionary(all.lazy.map { ($0.id, $0.token) }, uniquingKeysWith: max)
    return all.filter { newest[$0.id] == $0.token }
  }

  package var runningCount: Int { running.count }
  var waitingCount: Int { waiting.count }
  var givenUpCount: Int { givenUp.count }

  /// When to call ``tick(now:)``; nil while only news can change something.
  package var nextDeadline: ContinuousClock.Instant? {
    var next = waiting.since.map { $0 + WorkerDesk.longestWait }
    func consider(_ deadline: ContinuousClock.Instant?) {
      if let deadline { next = next.map { min($0, deadline) } ?? deadline }
    }
    consider(resendAt)
    if !results.isEmpty, unanswered.isEmpty { consider(wave?.deadline) }
    consider(firstDeadline)
    if let safeUntil, next.map({ safeUntil < $0 }) ?? true, running.values.contains(where: { $0.ending == nil }) {
      next = safeUntil
    }
    switch phase {
    case .draining(let deadline), .cancelling(let deadline): consider(deadline)
    case .working, .settled: break
    }
    return next
  }

  // MARK: What happens

  /// A session began, the first or another: busd has to hear again what this process takes.
  ///
  /// What the topology says of its queues' timeouts holds for runs that start from now on.
  package mutating func sessionBegan(queueTimeouts: [QueueName: Timeout] = [:]) -> [Action] {
    announced = nil
    timeouts.queues = queueTimeouts
    return following { $0.announce(&$1) }
  }

  /// busd sent jobs.
  package mutating func assigned(_ assignments: [Assignment], now: ContinuousClock.Instant) -> [Action] {
    if running.isEmpty && waiting.isEmpty { safeUntil = now + lease }
    let held = Set(waiting.assignments.lazy.map(\.id))
    let (newestBefore, waitingBefore) = (newestToken, waiting.count)
    for assignment in assignments {
      guard assignment.token > newestToken || !holds(assignment) else { continue }
      newestToken = max(newestToken, assignment.token)
      if !known.contains(assignment.worker) {
        results.append(assignment, .unknownWorker)
      } else if phase != .working {
        results.append(assignment, .returned)
      } else {
        if held.contains(assignment.id) { _ = waiting.remove(assignment.id) }
        waiting.append(assignment, since: now)
      }
    }
    wave = Wave(of: waiting.count - waitingBefore, newestBefore: newestBefore, at: now)
    return following { desk, actions in
      desk.startWaiting(now: now, &actions)
      if !desk.gathers(now: now) { desk.sendResults(&actions) }
    }
  }

  /// A run ended.
  package mutating func ended(
    _ id: JobID, token: UInt64, outcome: Outcome, result: JSONValue? = nil, note: JobNote? = nil,
    now: ContinuousClock.Instant
  ) -> [Action] {
    guard let run = running[id], run.token == token else {
      // One that was given up leaves its hand to others.
      guard givenUp.remove(token) != nil else { return [] }
      return following { desk, actions in
        desk.startWaiting(now: now, &actions)
        desk.announce(now: now, &actions)
      }
    }
    running[id] = nil
    if running.isEmpty { firstDeadline = nil }
    prefetch.note(run.startedAt.duration(to: now))
    wave?.ended(token)
    if run.ending != .leaseLost {
      let outcome = run.outcome(outcome)
      var end = JobResult(id: id, token: token, outcome: outcome, result: outcome == .done ? result : nil)
      end.note = note
      results.append(end)
    }
    return following { desk, actions in
      desk.startWaiting(now: now, &actions)
      if desk.running.isEmpty || !desk.gathers(now: now) { desk.sendResults(&actions) }
      desk.announce(now: now, &actions)
      desk.settleIfDone(&actions)
    }
  }

  /// The unanswered results are stored, or their leases had ended. With a moment, what waited for them may come.
  package mutating func finished(now: ContinuousClock.Instant? = nil) -> [Action] {
    unanswered = []
    resendAt = nil
    // Who waited for these jobs comes right behind this answer: at least one.
    if let now, running.isEmpty, waiting.isEmpty { wave = Wave(of: 1, newestBefore: newestToken, at: now) }
    return following { desk, actions in
      if !desk.gathers(now: now) { desk.sendResults(&actions) }
      desk.settleIfDone(&actions)
    }
  }

  /// The unanswered results were refused for now.
  package mutating func finishRefused(retryAfter: Duration?, now: ContinuousClock.Instant) -> [Action] {
    if !unanswered.isEmpty { resendAt = now + (retryAfter ?? .seconds(1)) }
    return []
  }

  /// busd answered a beat, which was sent at that moment, and named the leases that had ended. A lease with a larger token
  /// than the newest of that moment is another one: the same job may have come again meanwhile.
  package mutating func beaten(
    lost: [JobID], sentAt: ContinuousClock.Instant, newestToken newest: UInt64 = .max
  ) -> [Action] {
    safeUntil = sentAt + lease
    var actions: [Action] = []
    for id in lost {
      if waiting.assignments.contains(where: { $0.id == id && $0.token <= newest }) { _ = waiting.remove(id) }
      results.removeAll { $0.id == id && $0.token <= newest }
      guard let run = running[id], run.ending != .leaseLost, run.token <= newest else { continue }
      running[id]?.ending = .leaseLost
      actions.append(.cancel(id, token: run.token, leaseIsLost: true))
    }
    settleIfDone(&actions)
    return actions
  }

  /// Somebody wants these jobs not to go on: one that waits here goes back, a run is cancelled and may still get done.
  package mutating func cancel(_ ids: [JobID]) -> [Action] {
    var actions: [Action] = []
    for id in ids {
      if let assignment = waiting.remove(id) { results.append(assignment, .returned) }
      guard let run = running[id], run.ending == nil else { continue }
      running[id]?.ending = .cancelled
      actions.append(.cancel(id, token: run.token, leaseIsLost: false))
    }
    sendResults(&actions)
    return actions
  }

  /// The process stops: what waits here goes back at once, what runs may end within the grace.
  package mutating func stop(now: ContinuousClock.Instant, grace: Duration) -> [Action] {
    guard phase == .working else { return [] }
    phase = .draining(until: now + grace)
    return following { desk, actions in
      desk.announce(&actions)
      desk.returnWaiting()
      desk.sendResults(&actions)
      desk.settleIfDone(&actions)
    }
  }

  /// A deadline has passed.
  package mutating func tick(now: ContinuousClock.Instant) -> [Action] {
    var actions = fence(now: now) + passOnTheLate(now: now) + enforceTimeouts(now: now)
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
    sendResults(&actions)
    settleIfDone(&actions)
    return actions
  }

  // MARK: What follows from it

  /// In their order, into one list: this runs with every job.
  private mutating func following(_ decide: (inout WorkerDesk, inout [Action]) -> Void) -> [Action] {
    var actions: [Action] = []
    decide(&self, &actions)
    return actions
  }

  private func holds(_ assignment: Assignment) -> Bool {
    let (id, token) = (assignment.id, assignment.token)
    return running[id].map { $0.token >= token } ?? false
      || waiting.assignments.contains { $0.id == id && $0.token >= token }
      || results.contains { $0.id == id && $0.token >= token }
      || unanswered.contains { $0.id == id && $0.token >= token }
  }

  /// A job of which an older run is still ending waits for that end.
  private mutating func startWaiting(now: ContinuousClock.Instant, _ actions: inout [Action]) {
    while running.count + givenUp.count < concurrency, !waiting.isEmpty,
      let assignment = waiting.popFirst(where: { running[$0] == nil })
    {
      let timeout = timeouts.timeout(of: assignment)
      let deadline = timeout.map { now + $0.duration }
      running[assignment.id] = RunningJob(
        token: assignment.token, startedAt: now, timeout: timeout, deadline: deadline)
      if let deadline { firstDeadline = min(firstDeadline ?? deadline, deadline) }
      actions.append(.start(assignment))
    }
  }

  /// Whether more ends are at hand than these; where others wait here, who runs does not stop for a message.
  private func gathers(now: ContinuousClock.Instant?) -> Bool {
    guard let now, prefetch.isOn, phase == .working, waiting.isEmpty else { return false }
    return wave.map { $0.isUnderWay(at: now) } ?? false
  }

  private mutating func sendResults(_ actions: inout [Action]) {
    guard unanswered.isEmpty, !results.isEmpty else { return }
    unanswered = Array(results.prefix(WorkerDesk.maximumResultCount))
    // One goes in any case: each is bounded by itself.
    var byteCount = 0
    let count = unanswered.prefix { result in
      byteCount += result.byteCount
      return byteCount <= WorkerDesk.maximumMessageByteCount
    }.count
    unanswered.removeLast(unanswered.count - max(1, count))
    results.removeFirst(unanswered.count)
    actions.append(.finish(unanswered))
  }

  private mutating func announce(now: ContinuousClock.Instant? = nil, _ actions: inout [Action]) {
    if let now { prefetch.decide(now: now) }
    let free = concurrency - givenUp.count
    let hands = phase == .working && free > 0 ? free + prefetch.count(for: free) : 0
    guard hands != announced else { return }
    announced = hands
    actions.append(.hands(hands))
  }

  /// After a lease without an answer another process may run these jobs: this one stops.
  private mutating func fence(now: ContinuousClock.Instant) -> [Action] {
    guard let end = safeUntil, end <= now, !(running.isEmpty && waiting.isEmpty) else { return [] }
    returnWaiting()
    return cancelRunning(leaseIsLost: true)
  }

  /// Cancels the runs whose time is over, and gives up those that were cancelled for it and did not stop.
  private mutating func enforceTimeouts(now: ContinuousClock.Instant) -> [Action] {
    guard let first = firstDeadline, first <= now else { return [] }
    var actions: [Action] = []
    let overdue = running.filter { $0.value.deadline.map { $0 <= now } ?? false }
    for (id, run) in overdue.sorted(by: { $0.key < $1.key }) {
      guard let timeout = run.timeout else { continue }
      if run.isOverdue {
        running[id] = nil
        givenUp.insert(run.token)
        if run.ending != .leaseLost {
          results.append(JobResult(id: id, token: run.token, outcome: timeout.surrender))
        }
        actions.append(.giveUp(id, token: run.token))
        continue
      }
      // The grace counts from when the run heard of it: this may come late.
      running[id]?.isOverdue = true
      running[id]?.deadline = now + timeout.grace
      guard run.ending == nil else { continue }
      running[id]?.ending = .timedOut
      actions.append(.cancel(id, token: run.token, leaseIsLost: false))
    }
    firstDeadline = running.values.compactMap(\.deadline).min()
    return actions + shrink()
  }

  /// Says that hands are gone before the results do that busd counts its jobs by.
  private mutating func shrink() -> [Action] {
    guard !givenUp.isEmpty else { return [] }
    let actions = following { $0.announce(&$1) }
    guard givenUp.count >= concurrency, phase == .working, !actions.isEmpty else { return actions }
    returnWaiting()
    return actions + [.exhausted]
  }

  private mutating func passOnTheLate(now: ContinuousClock.Instant) -> [Action] {
    guard let since = waiting.since, since + WorkerDesk.longestWait <= now else { return [] }
    prefetch.reset(now: now)
    returnWaiting()
    return following { $0.announce(&$1) }
  }

  private mutating func returnWaiting() {
    for assignment in waiting.removeAll() { results.append(assignment, .returned) }
  }

  private mutating func cancelRunning(leaseIsLost: Bool = false) -> [Action] {
    running.filter { $0.value.ending == nil }.sorted { $0.key < $1.key }.map { id, run in
      running[id]?.ending = .cancelled
      return .cancel(id, token: run.token, leaseIsLost: leaseIsLost)
    }
  }

  private mutating func settleIfDone(_ actions: inout [Action]) {
    guard phase != .working, phase != .settled, held.isEmpty, running.isEmpty else { return }
    phase = .settled
    actions.append(.settled)
  }
}

extension [JobResult] {
  fileprivate mutating func append(_ assignment: Assignment, _ outcome: Outcome) {
    append(JobResult(id: assignment.id, token: assignment.token, outcome: outcome))
  }
}

extension JobResult {
  /// About how many bytes it has in a message, where that matters.
  fileprivate var byteCount: Int { (result?.bytes.count ?? 0) + (note?.byteCount ?? 0) }
}
