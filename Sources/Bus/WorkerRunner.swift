internal import BusProtocol
internal import Logging
internal import Synchronization

/// Runs the jobs that busd sends: what ``WorkerDesk`` decides, with tasks.
///
/// A task that ends a run goes on with the next one, so that a stream of short jobs makes no tasks; a task that was
/// cancelled is replaced. Jobs that come together are begun by as many tasks as there are processors: one that does
/// not wait for anything is done by then, and was never put into the pool's queue. Decisions and what follows from
/// them happen under one lock, so that what is decided first is also said first.
final class WorkerRunner<Services: Sendable>: Sendable {
  private struct State {
    var desk: WorkerDesk
    /// By token: beside a run that was given up its job may run again.
    var current: [UInt64: Start] = [:]
    /// What did not get done, by token, until busd has answered: where failures are told.
    var unfinished: [UInt64: Assignment] = [:]
    var isSettled = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  /// A run to begin, or that has begun. A class, since it goes through several hands.
  private final class Start: Sendable {
    let assignment: Assignment
    let lease: RunLease
    /// The task that does it.
    let task: RunTask

    init(_ assignment: Assignment, _ lease: RunLease, _ task: RunTask) {
      (self.assignment, self.lease, self.task) = (assignment, lease, task)
    }
  }

  /// A task that runs jobs without a pause lets others in this often.
  private static var runsBetweenYields: Int { 16 }

  private let kinds: [Name: WorkerKind<Services>]
  private let services: Services
  private let surroundings: RunSurroundings
  private let port: EnginePort
  private let hands: Hands
  private let state: Mutex<State>
  private let failures: FailureReports?
  private let exhausted: @Sendable () -> Void
  private let alarm = Alarm()
  private let notes: NoteSender

  /// `exhausted` is called once, when no run of this process stops any more: nothing can be done here.
  init(
    kinds: [WorkerKind<Services>], services: Services, hands: Hands, maximumPrefetch: Int, lease: Duration,
    port: EnginePort, surroundings: RunSurroundings, failures: FailureReports? = nil,
    exhausted: @escaping @Sendable () -> Void = {}
  ) {
    self.kinds = Dictionary(kinds.map { ($0.name, $0) }) { first, _ in first }
    self.services = services
    self.surroundings = surroundings
    self.port = port
    self.hands = hands
    self.failures = failures
    self.exhausted = exhausted
    let timeouts = Timeouts(
      workers: Dictionary(kinds.compactMap { kind in kind.timeout.map { (kind.name, $0) } }) { first, _ in first })
    let bus = surroundings.bus
    notes = NoteSender(port) { bus?.now() ?? SystemClock.now() }
    let desk = WorkerDesk(
      concurrency: hands.concurrency, maximumPrefetch: maximumPrefetch, workers: Set(kinds.map(\.name)),
      lease: lease, timeouts: timeouts)
    state = Mutex(State(desk: desk))
  }

  // MARK: What busd says

  func sessionBegan(queueTimeouts: [QueueName: Timeout] = [:]) {
    decide { desk, _ in desk.sessionBegan(queueTimeouts: queueTimeouts) }
  }

  func assigned(_ assignments: [Assignment]) { decide { $0.assigned(assignments, now: $1) } }

  func cancel(_ jobs: [JobID]) { decide { desk, _ in desk.cancel(jobs) } }

  func beaten(lost: [JobID], sentAt: ContinuousClock.Instant, newestToken: UInt64) {
    decide { desk, _ in desk.beaten(lost: lost, sentAt: sentAt, newestToken: newestToken) }
  }

  /// What is held now, and the newest token that came so far.
  var held: (leases: [Held<JobID>], newestToken: UInt64) { state.withLock { ($0.desk.held, $0.desk.newestToken) } }

  // MARK: The end

  /// Takes no more jobs, lets those that run end within the grace, and returns when nothing is left.
  func stop(grace: Duration) async {
    decide { $0.stop(now: $1, grace: grace) }
    await withCheckedContinuation { continuation in
      let isSettled = state.withLock { state in
        if !state.isSettled { state.waiters.append(continuation) }
        return state.isSettled
      }
      if isSettled { continuation.resume() }
    }
    alarm.cancel()
  }

  // MARK: Deciding and doing

  private func setAlarm(_ state: borrowing State) {
    guard let next = state.desk.nextDeadline, alarm.isLater(than: next) else { return }
    alarm.set(at: next) { [weak self] in self?.tick() }
  }

  private func tick() { decide { $0.tick(now: $1) } }

  private func decide(_ decision: (inout WorkerDesk, ContinuousClock.Instant) -> [WorkerDesk.Action]) {
    state.withLock { state in
      let starts = perform(decision(&state.desk, .now), &state)
      if !starts.isEmpty { spawn(starts, &state) }
      setAlarm(state)
    }
  }

  /// Does what was decided; answers with the runs to begin, the first one in the task that is free.
  private func perform(
    _ actions: [WorkerDesk.Action], _ state: inout State, free task: RunTask? = nil
  ) -> [Start] {
    var starts: [Start] = []
    for action in actions {
      switch action {
      case .start(let assignment):
        let task = starts.isEmpty ? task : nil
        starts.append(Start(assignment, RunLease(notes.notes(of: assignment)), task ?? RunTask()))
      case .cancel(_, let token, let leaseIsLost):
        if leaseIsLost { state.current[token]?.lease.lose() }
        state.current[token]?.task.cancel()
      case .giveUp(let id, let token):
        state.current[token]?.lease.lose()
        if failures != nil { state.unfinished[token] = state.current[token]?.assignment }
        noteGivenUp(id, state.desk.givenUpCount)
      case .exhausted: exhausted()
      case .finish(let results): send(results)
      case .hands(let count):
        var hands = self.hands
        hands.concurrency = count
        port.say(.hands(hands))
      case .settled:
        state.isSettled = true
        for waiter in state.waiters { waiter.resume() }
        state.waiters = []
      }
    }
    return starts
  }

  private func send(_ results: [JobResult]) {
    port.request(.finish(results)) { answer in
      switch answer {
      case .success(let reply):
        if let failures = self.failures { self.tell(results, reply, to: failures) }
        self.decide { $0.finished(now: $1) }
      case .failure(let refusal):
        self.decide { $0.finishRefused(retryAfter: refusal.retryAfter, now: $1) }
      }
    }
  }

  /// Tells of those results that are failures, and forgets what no result will come of.
  private func tell(_ results: [JobResult], _ reply: Reply, to failures: FailureReports) {
    guard case .finished(_, let stale, let ended) = reply else { return }
    state.withLock { state in
      for result in results {
        guard let assignment = state.unfinished.removeValue(forKey: result.token), let error = result.outcome.error,
          !stale.contains(result.id)
        else { continue }
        failures.add(
          FailedRun(
            job: result.id, worker: assignment.worker, queue: assignment.queue, attempt: assignment.attempt,
            error: error, willRetry: !ended.contains(result.id)))
      }
      guard !state.unfinished.isEmpty else { return }
      let awaited = Set(state.desk.held.map(\.token))
      state.unfinished = state.unfinished.filter { awaited.contains($0.key) }
    }
  }

  private func spawn(_ starts: some Collection<Start>, _ state: inout State) {
    for start in starts { state.current[start.assignment.token] = start }
    // Awaited by `stop`: the desk is settled only when each run has ended, or was given up.
    if let start = starts.first, starts.count == 1 {
      return start.task.attach(Task { await self.work(from: start) })
    }
    let gathered = Gathered(starts)
    for _ in 0..<min(starts.count, RunTask.processorCount) {
      // Ends when all are begun.
      Task { await self.begin(gathered) }
    }
  }

  // MARK: The runs

  /// Begins those that are left, one after the other, each as far as it goes without waiting.
  private func begin(_ starts: Gathered<Start>) async {
    var count = 0
    while let start = starts.next() {
      start.task.attach(Task.immediate { await self.work(from: start) })
      count += 1
      if count % WorkerRunner.runsBetweenYields == 0 { await Task.yield() }
    }
  }

  private func work(from first: Start) async {
    var next: Start? = first
    var runs = 0
    while let start = next {
      let outcome = await run(start)
      next = ended(start, outcome)
      runs += 1
      if runs % WorkerRunner.runsBetweenYields == 0 { await Task.yield() }
    }
  }

  private func noteGivenUp(_ job: JobID, _ count: Int) {
    surroundings.logger.warning(
      "a run did not stop after its time was over: it keeps its hand until it ends",
      metadata: ["job.id": "\(job)", "runs": "\(count)", "hands": "\(hands.concurrency)"])
  }

  private func run(_ start: Start) async -> Outcome {
    let assignment = start.assignment
    guard let kind = kinds[assignment.worker] else { return .unknownWorker }
    surroundings.witness?.began(assignment)
    defer { surroundings.witness?.ended(assignment.id) }
    let run = Run(services: services, assignment: assignment, surroundings: surroundings, lease: start.lease)
    do {
      return try await surroundings.run(assignment) { try await kind.perform(assignment.inputs, run) }
    } catch { return Outcome(failure: error) }
  }

  /// Tells the desk; answers with the run that this task goes on with.
  private func ended(_ start: Start, _ outcome: Outcome) -> Start? {
    surroundings.note(outcome, of: start.assignment)
    let (job, token) = (start.assignment.id, start.assignment.token)
    let note = start.lease.notes.hasSpoken ? notes.ended(job, token: token) : nil
    return state.withLock { state in
      let id = start.assignment.id
      state.current[start.assignment.token] = nil
      if failures != nil, outcome != .done { state.unfinished[start.assignment.token] = start.assignment }
      let actions = state.desk.ended(
        id, token: start.assignment.token, outcome: outcome, result: start.lease.result, note: note, now: .now)
      // Cancelling happens under this lock: a task that is not cancelled here is free for another run.
      let free = start.task.isCancelled ? nil : start.task
      var starts = perform(actions, &state, free: free)[...]
      let next = free == nil ? nil : starts.popFirst()
      if let next { state.current[next.assignment.token] = next }
      if !starts.isEmpty { spawn(starts, &state) }
      setAlarm(state)
      return next
    }
  }
}
