internal import BusProtocol
internal import Logging
internal import Synchronization

/// One engine on one connection: says what it wants at each session, hands what busd pushes to its runners, and keeps
/// the leases alive.
final class EngineRunner<Services: Sendable>: Sendable {
  private struct State {
    var workers: WorkerRunner<Services>?
    var subscriptions: [SubscriptionName: SubscriptionRunner] = [:]
    var lease: Duration = .seconds(15)
    var isStopping = false
    /// When the beats that busd has not answered yet were sent, oldest first, and which token was the newest then.
    var beats: [(sentAt: ContinuousClock.Instant, newestToken: UInt64)] = []
  }

  /// An answer to a beat of which more than this many are unanswered counts for the oldest that is remembered.
  private static var rememberedBeats: Int { 16 }

  private let declarations: EngineDeclarations<Services>
  private let services: Services
  private let concurrency: Int?
  private let port: EnginePort
  private let surroundings: RunSurroundings
  private let manager: ServiceManager?
  private let failures: FailureReports?
  private let state = Mutex(State())
  private let alarm = Alarm()
  private let exhaustion = AsyncStream<Never>.makeStream()

  /// The hands of a process for which neither the environment nor the topology says a number.
  static var defaultConcurrency: Int { 8 }
  /// The most jobs that a process holds beyond those that run.
  static var maximumPrefetch: Int { 512 }

  init(
    _ declarations: EngineDeclarations<Services>, services: Services, concurrency: Int?, port: EnginePort,
    surroundings: RunSurroundings, manager: ServiceManager? = nil, failures: FailureReports? = nil
  ) {
    self.declarations = declarations
    self.services = services
    self.concurrency = concurrency
    self.port = port
    self.surroundings = surroundings
    self.manager = manager
    self.failures = failures
  }

  // MARK: What busd says

  /// A session began, the first or another: busd hears all that belongs to it, in this order.
  func sessionBegan(_ welcome: Welcome) {
    let (workers, subscriptions) = state.withLock { state in
      state.lease = welcome.lease
      state.beats = []
      let workers = state.workers ?? makeWorkers(welcome)
      state.workers = workers
      if state.subscriptions.isEmpty { state.subscriptions = makeSubscriptions(welcome) }
      return (workers, state.isStopping ? [] : state.subscriptions.values.map { $0 })
    }
    if !subscriptions.isEmpty { port.wish(subscriptions.map(\.wish)) }
    // Also when there are none: those of an older binary are not declared any more then.
    port.declare(declarations.schedules.compactMap { $0.wish(of: surroundings.engine) })
    workers.sessionBegan(queueTimeouts: queueTimeouts(welcome.wiring))
    manager?.ready()
    beat()
  }

  /// busd pushed something.
  func received(_ reply: Reply) {
    let (workers, subscriptions) = state.withLock { ($0.workers, $0.subscriptions) }
    switch reply {
    case .jobs(let assignments):
      workers?.assigned(assignments)
      keepBeating()
    case .cancel(let jobs): workers?.cancel(jobs)
    case .granted(let grants):
      for grant in grants { subscriptions[grant.subscription]?.granted(grant) }
      keepBeating()
    case .beaten(let lostJobs, let lostSubscriptions):
      // Answers come in order: this one is for the oldest beat, or for a later one, which only makes it safer.
      let beat = state.withLock { $0.beats.isEmpty ? nil : $0.beats.removeFirst() }
      if let beat { workers?.beaten(lost: lostJobs, sentAt: beat.sentAt, newestToken: beat.newestToken) }
      for name in lostSubscriptions { subscriptions[name]?.lost() }
    default: break
    }
  }

  /// Ends in order: no new work; what is mapped is stored; what runs ends within the grace or goes back.
  func stop(grace: Duration) async {
    let (workers, subscriptions) = state.withLock { state in
      state.isStopping = true
      return (state.workers, state.subscriptions.values.map { $0 })
    }
    await withDiscardingTaskGroup { group in
      let port = port
      for subscription in subscriptions {
        group.addTask {
          await subscription.stop()
          // The jobs that run may take their time: events need not wait for that.
          port.request(.subscribe([subscription.farewell])) { _ in }
        }
      }
      if let workers { group.addTask { await workers.stop(grace: grace) } }
    }
    await failures?.end()
    alarm.cancel()
  }

  /// Returns when every hand is taken by a run that does not stop, or when the task is cancelled.
  func untilExhausted() async { for await _ in exhaustion.stream {} }

  // MARK: Leases

  /// Says what is held, while anything is, each third of the lease.
  private func beat() {
    let (workers, subscriptions, lease) = state.withLock { ($0.workers, $0.subscriptions, $0.lease) }
    let lost = subscriptions.values.filter { $0.wasLost(within: lease * 2) }
    if !lost.isEmpty {
      port.wish(lost.map(\.wish))
      keepBeating()
    }
    let (jobs, newestToken) = workers?.held ?? ([], 0)
    let seats = subscriptions.values.compactMap(\.held)
    guard !jobs.isEmpty || !seats.isEmpty else { return }
    state.withLock { state in
      if state.beats.count < EngineRunner.rememberedBeats { state.beats.append((.now, newestToken)) }
    }
    port.say(.beat(jobs: jobs, subscriptions: seats))
    keepBeating()
  }

  private func keepBeating() {
    let lease = state.withLock { $0.lease }
    alarm.set(at: .now + lease / 3) { [weak self] in self?.beat() }
  }

  // MARK: Wiring

  private func makeWorkers(_ welcome: Welcome) -> WorkerRunner<Services> {
    let hands = Hands(
      engine: surroundings.engine,
      queues: queues(welcome.wiring).map { QueueName(engine: surroundings.engine, name: $0) },
      workers: declarations.workers.map(\.name),
      concurrency: concurrency ?? welcome.wiring?.concurrency ?? EngineRunner.defaultConcurrency)
    return WorkerRunner(
      kinds: declarations.workers, services: services, hands: hands,
      maximumPrefetch: EngineRunner.maximumPrefetch, lease: welcome.lease, port: port, surroundings: surroundings,
      failures: failures, exhausted: { [exhaustion] in exhaustion.continuation.finish() })
  }

  private func queueTimeouts(_ wiring: EngineWiring?) -> [QueueName: Timeout] {
    var timeouts: [QueueName: Timeout] = [:]
    for queue in wiring?.queues ?? [] {
      timeouts[QueueName(engine: surroundings.engine, name: queue.name)] = queue.timeout.map { Timeout($0) }
    }
    return timeouts
  }

  /// Without a topology an engine works every queue that its declarations name.
  private func queues(_ wiring: EngineWiring?) -> [Name] {
    if let wiring, !wiring.queues.isEmpty { return wiring.queues.map(\.name) }
    let named = declarations.workers.map(\.queue) + declarations.subscriptions.compactMap(\.queue)
    return [.defaultQueue] + Set(named).subtracting([.defaultQueue]).sorted()
  }

  private func makeSubscriptions(_ welcome: Welcome) -> [SubscriptionName: SubscriptionRunner] {
    var runners: [SubscriptionName: SubscriptionRunner] = [:]
    for var mapping in declarations.subscriptions {
      let wired = welcome.wiring?.subscriptions.first { $0.name == mapping.name }
      guard wired?.isEnabled ?? true else { continue }
      mapping.where = wired?.where
      mapping.middleware = surroundings.middleware
      let runner = SubscriptionRunner(mapping, wiredQueue: wired?.queue, port: port, surroundings: surroundings)
      runners[runner.name] = runner
    }
    return runners
  }
}
