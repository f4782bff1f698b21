public import BusProtocol
internal import Logging
internal import Synchronization

/// A bus inside one process, without busd, files or threads: what clients and engines of ``BusEnvironment/inline`` share.
///
/// ```swift
/// let inline = InlineBus()
/// try await inline.add(search)
/// configuration.environment = .inline(inline)
/// try await BusClient(configuration).publish("user_changed", ["id": 42]).stored()    // the work is done, or throws
/// ```
/// A publication is mapped when it is published; the work is done one job at a time by whoever awaits:
/// ``drain()``, ``Receipt/stored(timeout:)``, an enqueue, or an engine that runs here. Events and inputs go through
/// JSON as ever. A job runs once: what it throws is thrown to whoever drains, and nothing is tried again.
public final class InlineBus: Sendable {
  /// When the work is done.
  package enum Pace: Sendable {
    /// Before an enqueue or a ``Receipt/stored(timeout:)`` returns.
    case atOnce
    /// When somebody drains.
    case whenDrained
  }

  /// What happened, for a test that keeps account.
  package enum Notice: Sendable {
    case published(Event)
    case announced(Announcement)
    case enqueued(NewJob, EnqueueOutcome)
    case ran(Assignment, Outcome)
  }

  private struct State {
    var roster = InlineRoster()
    var lastOffset: UInt64 = 0
    var lastSequences: [Topic: UInt64] = [:]
    var failures: [WorkFailure.Failure] = []
    /// Whether a task is on its way that drains.
    var isDrainedSoon = false
  }

  /// The bus of this process: what `BUS_ENVIRONMENT=inline` means.
  public static let process = InlineBus()

  /// Failures beyond this are not kept for who drains.
  static let maximumFailureCount = 1000

  /// Whether this task is inside of a run: then nothing waits for other work, least of all for its own.
  @TaskLocal private static var isRunning = false

  private let store: any InlineStore
  private let pace: Pace
  /// A bus that goes on for so many runs in one drain goes round in circles.
  private let maximumRunCount: Int
  package let now: @Sendable () -> Timestamp
  private let notice: (@Sendable (Notice) -> Void)?
  private let state = Mutex(State())
  private let turn = Turn()

  /// A bus of its own, without engines.
  public convenience init() {
    self.init(InlineMemory(), pace: .atOnce, now: { SystemClock.now() })
  }

  package init(
    _ store: any InlineStore, pace: Pace, now: @escaping @Sendable () -> Timestamp, maximumRunCount: Int = 100_000,
    notice: (@Sendable (Notice) -> Void)? = nil
  ) {
    self.store = store
    self.pace = pace
    self.now = now
    self.maximumRunCount = maximumRunCount
    self.notice = notice
  }

  // MARK: Engines

  /// Adds an engine: its services are made, and from now on its subscriptions get what is published.
  public func add<Services>(_ engine: Engine<Services>) async throws {
    let engine = try await InlineEngine(engine)
    state.withLock { $0.roster.add(engine) }
  }

  /// The names of its engines.
  public var engines: [Name] { roster.engines.map(\.name) }

  /// The engine that has the worker, if it is the only one.
  package func engine(of worker: Name) -> Name? { roster.engine(of: worker) }

  private var roster: InlineRoster { state.withLock { $0.roster } }

  /// Adds an engine that runs here; the stream tells when there may be work.
  func join(_ engine: InlineEngine) -> AsyncStream<Void> { state.withLock { $0.roster.join(engine) } }

  func leave(_ engine: Name) { state.withLock { $0.roster.leave(engine) } }

  /// There may be work: engines that run here look.
  func wake() { roster.wake() }

  // MARK: What comes in

  /// Takes an event: maps it, and keeps the jobs that it asks for.
  func publish(_ event: Event) throws {
    let event = try stamp(event)
    notice?(.published(event))
    var jobs: [NewJob] = []
    for (engine, mapping) in roster.mappings(of: event.topic) {
      do { jobs += try engine.map(event, mapping) } catch { note("\(engine.name)/\(mapping.name)", error) }
    }
    if !jobs.isEmpty { _ = try enqueue(jobs) }
  }

  /// Writes the event's record and reads it again, so that nothing comes along but what busd would hand on.
  private func stamp(_ event: Event) throws -> Event {
    var event = event
    state.withLock { state in
      state.lastOffset += 1
      state.lastSequences[event.topic, default: 0] += 1
      event.offset = Offset(state.lastOffset)
      event.sequence = state.lastSequences[event.topic] ?? 0
    }
    var bytes: [UInt8] = []
    try Record.append(event, to: &bytes)
    return try Record.event(bytes)
  }

  func enqueue(_ jobs: [NewJob]) throws -> [EnqueueOutcome] {
    note(jobs, try store.enqueue(jobs, at: now()))
  }

  /// The same for a batch or a chain.
  func enqueue(_ group: JobGroup) throws -> [EnqueueOutcome] {
    try group.check()
    return note(group.all, try store.enqueue(group, at: now()))
  }

  /// A part of the batch of a job.
  func batch(of job: JobID, from place: Int) throws -> JobBatch? { try store.batch(of: job, from: place) }

  private func note(_ jobs: [NewJob], _ outcomes: [EnqueueOutcome]) -> [EnqueueOutcome] {
    if let notice { for (job, outcome) in zip(jobs, outcomes) { notice(.enqueued(job, outcome)) } }
    wake()
    let roster = roster
    return zip(jobs, outcomes).map { job, outcome in
      guard case .enqueued(let id) = outcome, !roster.knows(job) else { return outcome }
      return .parked(id, reason: "no engine in this process has the worker \(job.queue.engine).\(job.worker)")
    }
  }

  /// Whether one of the engines here has the job's worker, and the job has not to wait for a time.
  func canRunNow(_ job: NewJob) -> Bool { job.dueAt.map { $0 <= now() } ?? true && roster.knows(job) }

  /// Whether one of the engines here has a subscription for the topic.
  func wants(_ topic: Topic) -> Bool { !roster.mappings(of: topic).isEmpty }

  func announce(_ announcement: Announcement) throws {
    try store.announce(announcement)
    notice?(.announced(announcement))
    wake()
  }

  func withdraw(_ ids: [EventID]) throws -> [EventID] { try store.withdraw(ids) }

  private func note(_ what: String, job: JobID? = nil, _ error: any Error) {
    state.withLock { state in
      guard state.failures.count < InlineBus.maximumFailureCount else { return }
      state.failures.append(WorkFailure.Failure(what: what, job: job, error: error))
    }
  }

  // MARK: The work

  /// Does all work that is due, with what that work asks for, and returns when nothing is left of it.
  ///
  /// Throws a ``WorkFailure`` of all that failed since the last drain. Inside of a run it does nothing.
  public func drain() async throws {
    guard !InlineBus.isRunning else { return }
    let failures = try await turn.within {
      var count = 0
      while try await runNext() != nil {
        count += 1
        guard count < maximumRunCount else {
          throw BusError(
            code: "inline", "\(count) jobs ran, and more wait: work asks for itself for ever",
            help: "look for a worker that publishes what leads to itself")
        }
      }
      return takeFailures()
    }
    if let failure = WorkFailure(failures) { throw failure }
  }

  /// Does one piece of work, the next one that is due. Returns how it ended; nil when there is none.
  package func step() async throws -> JobResult? { try await turn.within { try await runNext() } }

  package func takeFailures() -> [WorkFailure.Failure] {
    state.withLock { state in
      defer { state.failures = [] }
      return state.failures
    }
  }

  /// Where the work is done at once: does it.
  func settle() async throws { if pace == .atOnce { try await drain() } }

  /// The same for an engine that runs here: nobody catches what it would throw.
  func drain(_ logger: Logger) async {
    do { try await drain() } catch {
      logger.error("work in this process failed", metadata: ["error": "\(error)"])
    }
  }

  /// Does what a publication left, where no engine runs that would; a burst of publications makes one task.
  func drainSoon(_ logger: Logger) {
    let isMine = state.withLock { state in
      guard pace == .atOnce, !state.roster.hasRunner, !state.isDrainedSoon else { return false }
      state.isDrainedSoon = true
      return true
    }
    guard isMine else { return }
    // Nobody awaits it: it ends when nothing is left. A client that stops drains once more.
    Task {
      state.withLock { $0.isDrainedSoon = false }
      await drain(logger)
    }
  }

  /// When there will be work that nobody brings: a job or an event to come is due.
  var nextMoment: ContinuousClock.Instant? {
    guard let due = try? store.nextDue() else { return nil }
    return .now + max(.zero, due - now())
  }

  /// Runs a job here and now, beside what waits, and throws what it throws.
  package func run(_ job: NewJob) async throws -> Outcome {
    let job = try NewJob(json: JSONParser.parse(job.json.bytes))
    guard let engine = roster[job.queue.engine] else {
      throw BusError(
        code: "inline", "engine \(job.queue.engine) does not run in this process",
        help: "add it to the bus before its jobs run")
    }
    let assignment = Assignment(
      id: job.id, token: 1, attempt: 1, queue: job.queue, worker: job.worker, inputs: job.inputs, cause: job.cause)
    let (result, error) = await InlineBus.$isRunning.withValue(true) { await engine.run(assignment, in: self) }
    notice?(.ran(assignment, result.outcome))
    if let error { throw error }
    return result.outcome
  }

  private func runNext() async throws -> JobResult? {
    for announcement in try store.takeAnnouncements(dueBy: now()) { try publish(Event(announcement, at: now())) }
    let roster = roster
    guard let assignment = try store.claim(roster.hands, at: now()), let engine = roster[assignment.queue.engine]
    else { return nil }
    let (result, error) = await InlineBus.$isRunning.withValue(true) { await engine.run(assignment, in: self) }
    try store.finish(result, at: now())
    if let error { note("\(engine.name).\(assignment.worker)", job: assignment.id, error) }
    notice?(.ran(assignment, result.outcome))
    return result
  }

  /// Where the words of a run go: at once to the store.
  func notes(of assignment: Assignment) -> RunNotes {
    let lineCount = Mutex(0)
    return RunNotes { update in
      lineCount.withLock { count in
        var note = JobNote(id: assignment.id, token: assignment.token, first: count + 1)
        if case .progress(let progress) = update { note.progress = progress }
        if let line = JobLine(update, at: self.now()) { note.lines = [line] }
        count += note.lines.count
        do { try self.store.note(note, at: self.now()) } catch {
          self.note("\(assignment.queue.engine).\(assignment.worker)", job: assignment.id, error)
        }
      }
    }
  }
}

extension Event {
  /// The event that an announcement becomes.
  init(_ announcement: Announcement, at now: Timestamp) {
    self.init(
      id: announcement.id, topic: announcement.topic, data: announcement.data, time: now,
      headers: announcement.headers)
  }
}
