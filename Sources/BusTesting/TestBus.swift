public import Bus
public import BusProtocol
internal import BusStore
public import Logging
internal import Synchronization

/// A bus for one test: the test's own engines, busd's own store, a clock that the test moves, and no busd.
///
/// ```swift
/// let bus = try TestBus()
/// try await bus.add(search)
/// try await bus.run { publish("user_changed", ["id": 42]) }
/// try bus.expectEnqueued(IndexUser.self, lock: LockKey(42))
/// try await bus.drain()
/// ```
/// Nothing runs by itself: work is done by ``drain(keepingScheduled:)``, ``step()`` and ``advance(by:)``, one job at a time.
/// A bus shares nothing with another one, so tests run beside each other.
public final class TestBus: Sendable {
  /// A wish for a job, and what became of it.
  public struct Wish: Hashable, Sendable {
    /// What was asked for.
    public let job: NewJob
    /// Whether it was kept, merged or parked.
    public let outcome: EnqueueOutcome
  }

  /// One run of a job.
  public struct Run: Hashable, Sendable {
    /// What was run.
    public let assignment: Assignment
    /// How it ended.
    public let outcome: Outcome
  }

  private struct State {
    var now: Timestamp
    var published: [Event] = []
    var wishes: [Wish] = []
    var runs: [Run] = []
  }

  /// More than this of a kind is not remembered: a test that makes more looks at something else.
  static let maximumRecordCount = 100_000

  /// A client of the bus.
  public let client: BusClient
  let inline: InlineBus
  let store: TestStore
  private let state: TestState

  /// Guarded, and shared with the bus that tells what happens.
  private final class TestState: Sendable {
    let state: Mutex<State>
    init(_ now: Timestamp) { state = Mutex(State(now: now)) }

    func note(_ notice: InlineBus.Notice) {
      state.withLock { state in
        switch notice {
        case .published(let event): TestState.append(event, to: &state.published)
        case .enqueued(let job, let outcome): TestState.append(Wish(job: job, outcome: outcome), to: &state.wishes)
        case .ran(let assignment, let outcome):
          TestState.append(Run(assignment: assignment, outcome: outcome), to: &state.runs)
        case .announced: break
        }
      }
    }

    private static func append<Element>(_ element: Element, to list: inout [Element]) {
      if list.count < maximumRecordCount { list.append(element) }
    }
  }

  /// A bus without engines, at a moment that the test may choose.
  public init(
    startingAt now: Timestamp = TestBus.firstMoment, service: String = "test",
    logger: Logger = Logger(label: "bus.test", factory: { _ in SwiftLogNoOpLogHandler() })
  ) throws {
    let state = TestState(now)
    store = try TestStore()
    inline = InlineBus(
      store, pace: .whenDrained, now: { state.state.withLock { $0.now } }, notice: { state.note($0) })
    self.state = state
    var configuration = try BusConfiguration(environment: ["BUS_SERVICE": service])
    configuration.environment = .inline(inline)
    client = try BusClient(configuration, logger: logger)
  }

  /// 2026-01-01, midnight in Greenwich.
  public static let firstMoment = Timestamp(microseconds: 1_767_225_600_000_000)

  /// Where publications and enqueues of other clients have to go to come here.
  public var environment: BusEnvironment { .inline(inline) }

  /// What a client or an engine of its own needs to know to be of this bus.
  public func configuration(service: String = "test") throws -> BusConfiguration {
    var configuration = try BusConfiguration(environment: ["BUS_SERVICE": service])
    configuration.environment = environment
    return configuration
  }

  /// Adds an engine: its services are made, and it gets what is published from now on.
  public func add<Services>(_ engine: Engine<Services>) async throws { try await inline.add(engine) }

  /// Runs code under test: all that it publishes and enqueues, through whatever client, comes to this bus.
  @discardableResult
  public func run<R>(_ body: () async throws -> R) async rethrows -> R {
    try await BusClient.$current.withValue(client) {
      try await BusEnvironment.with(environment) { try await body() }
    }
  }

  // MARK: Time

  /// What time it is on this bus.
  public var now: Timestamp { state.state.withLock { $0.now } }

  /// Lets time pass, and does all work that becomes due, each at its moment; retries come about by it too.
  ///
  /// Throws a `WorkFailure` of all that failed.
  public func advance(by duration: Duration) async throws {
    let end = now + duration
    var failures: [WorkFailure.Failure] = []
    repeat {
      do { try await inline.drain() } catch let failure as WorkFailure { failures += failure.failures }
    } while try moveToNextDue(until: end)
    state.state.withLock { $0.now = end }
    do { try await inline.drain() } catch let failure as WorkFailure { failures += failure.failures }
    if let failure = WorkFailure(failures) { throw failure }
  }

  private func moveToNextDue(until end: Timestamp) throws -> Bool {
    guard let due = try store.nextDue(), due < end, due > now else { return false }
    state.state.withLock { $0.now = due }
    return true
  }

  // MARK: Work

  /// Does all work that is due, and all that it leads to.
  ///
  /// Throws a `WorkFailure` when something failed, and an ``ExpectationFailure`` when a job is left that is not done:
  /// parked, dead, or waiting for a time, unless those are to be kept.
  public func drain(keepingScheduled: Bool = false) async throws {
    try await inline.drain()
    let left = try jobs().filter { job in
      switch job.state {
      case .done, .notNeeded, .merged, .expired: false
      case .scheduled: !keepingScheduled
      default: true
      }
    }
    let announced = keepingScheduled ? [] : try announcements
    guard !left.isEmpty || !announced.isEmpty else { return }
    throw ExpectationFailure("work_left", TestBus.left(left, announced))
  }

  /// Does the next piece of work that is due; nil when there is none. A run that fails is thrown as `WorkFailure`.
  @discardableResult
  public func step() async throws -> Job? {
    let result = try await inline.step()
    if let failure = WorkFailure(inline.takeFailures()) { throw failure }
    return try result.flatMap { try store.job($0.id) }
  }

  private static func left(_ jobs: [Job], _ announcements: [Announcement]) -> String {
    let lines =
      jobs.map {
        "\($0.wish.queue.engine).\($0.wish.worker) is \($0.state.rawValue)" + ($0.reason.map { ": \($0)" } ?? "")
      }
      + announcements.map { "event \($0.topic) comes at \($0.dueAt)" }
    return "work is left: \(lines.prefix(10).joined(separator: "; ")); advance(by:) lets time pass"
  }

  // MARK: What happened

  /// The events that were published, in their order.
  public var published: [Event] { state.state.withLock { $0.published } }
  /// The jobs that were asked for, by subscriptions and directly, in their order.
  public var wishes: [Wish] { state.state.withLock { $0.wishes } }
  /// The runs, in their order.
  public var runs: [Run] { state.state.withLock { $0.runs } }

  /// The events to come, the first due first.
  public var announcements: [Announcement] {
    get throws { try store.announcements(dueBy: Timestamp(microseconds: .max)) }
  }

  /// The jobs of the bus with all that happened to them, oldest first, at most 1000.
  public func jobs(_ worker: Name? = nil, state: JobState? = nil) throws -> [Job] {
    try store.jobs(JobFilter(state: state, worker: worker, limit: 1000, sort: .oldest))
  }

  /// What the runs of a job wrote: lines and parts of the answer, in their order. How far it is says its `progress`.
  public func lines(of job: JobID) throws -> [KeptLine] { try store.lines(of: job) }

  /// The job that waits under a queue lock; a wish for an equal one is merged into it.
  public func holder<W: Worker>(ofQueueLock key: LockKey, of worker: W.Type) throws -> Job? {
    let waiting: Set<JobState> = [.scheduled, .ready, .blocked, .parked]
    let text = key.text(workerNamespace: namespace(of: worker))
    return try jobs(W.name).first { waiting.contains($0.state) && $0.wish.queueLock == text }
  }

  /// The job that runs under a worker lock; to be asked while it runs.
  public func holder<W: Worker>(ofWorkerLock key: LockKey, of worker: W.Type) throws -> Job? {
    try store.holder(ofWorkerLock: key.text(workerNamespace: namespace(of: worker)))
  }

  func namespace<W: Worker>(of worker: W.Type) -> String {
    "\(engine(of: worker)?.text ?? "?").\(W.name)"
  }

  /// The worker's own engine, else the one of the bus that has it.
  func engine<W: Worker>(of worker: W.Type) -> Name? { W.engine ?? inline.engine(of: W.name) }
}
