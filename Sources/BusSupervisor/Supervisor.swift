/// Keeps processes running until it is told to end, and leaves none behind.
///
/// Nothing is polled but memory where it is limited: it wakes when a process is started, says something, or ends, when
/// a moment has come, and when someone wishes or asks something.
public struct Supervisor: Sendable {
  /// How it all ended.
  public enum Outcome: Sendable, Equatable {
    /// Because it was told to.
    case stopped
    /// Because a process that is required ended before it was ready.
    case failed(process: String)
  }

  /// What people are told.
  public enum Line: Sendable, Equatable {
    /// A process wrote a line.
    case output(process: String, String)
    /// Something happened to a process, or to all of a program.
    case notice(process: String, SupervisorNotice)
  }

  let definitions: [ProcessDefinition]
  let policy: RestartPolicy
  let environment: [String: String]
  let seed: UInt64
  let scales: ScaleFile?
  let sockets: ListenSockets
  let replacement: Replacement?
  let handover: Handover?
  /// Set while it runs.
  var control: ControlServer?
  let tell: @Sendable (Line) -> Void
  let alert: @Sendable (SupervisorAlert) -> Void

  /// A supervisor of programs that have this environment, and what their definitions add.
  ///
  /// `tell` is called from several threads, for each process in its order. A seed makes its delays repeatable. How many
  /// processes people wished for is kept in the file, where one is given. The sockets are closed when all have ended.
  /// `alert` is called for what somebody should look at, and must not wait.
  ///
  /// With a replacement, its own program can be replaced by another one, which then resumes with what this one left.
  public init(
    _ definitions: [ProcessDefinition], policy: RestartPolicy = .standard, environment: [String: String],
    seed: UInt64? = nil, scales: ScaleFile? = nil, sockets: ListenSockets = .none,
    replacement: Replacement? = nil, resuming handover: Handover? = nil,
    alert: @escaping @Sendable (SupervisorAlert) -> Void = { _ in }, tell: @escaping @Sendable (Line) -> Void
  ) {
    var generator = SystemRandomNumberGenerator()
    self.definitions = definitions
    self.policy = policy
    self.environment = environment.filter { !ListenSockets.isMeant(by: $0.key) && $0.key != Handover.variable }
      .merging(["BUS_SUPERVISED": "\(ProcessFacts.ownID)"]) { $1 }
    self.seed = seed ?? generator.next()
    self.scales = scales
    self.sockets = sockets
    self.replacement = replacement
    self.handover = handover
    self.tell = tell
    self.alert = alert
  }

  /// Starts the processes and keeps them running; returns when a wish ended them all.
  ///
  /// Questions and wishes of other processes come over the control, where there is one; it is closed at the end.
  /// How long each engine's oldest job has waited comes with the loads, for those that scale by it.
  public func run(
    until wishes: AsyncStream<StopWish>, control: ControlServer? = nil, loads: AsyncStream<[String: Duration]>? = nil
  ) async -> Outcome {
    if let handover { ChildProcess.prepare(for: handover) }
    ProcessGuard.start(grace: definitions.map(\.grace).max() ?? .zero)
    if ProcessFacts.ownID == 1 { OrphanReaper.start() }
    let feed = SupervisorFeed()
    var supervisor = self
    supervisor.control = control
    var loop = SupervisorLoop(supervisor, feed: feed)
    await withDiscardingTaskGroup { group in
      group.addTask { for await wish in wishes { feed.yield(.wish(wish)) } }
      if let control {
        group.addTask {
          for await call in control.calls {
            feed.yield(.call(call))
            control.noteHeard()
          }
        }
      }
      if let loads { group.addTask { for await load in loads { feed.yield(.loads(load)) } } }
      loop.start(in: &group)
      var arriving = feed.inputs.makeAsyncIterator()
      while !loop.isFinished, let input = await arriving.next() {
        feed.take()
        loop.take(input, in: &group)
      }
      group.cancelAll()
    }
    sockets.close()
    // In this order: who hears that all have ended may start the next one at once.
    control?.close()
    loop.close()
    return loop.failure.map { .failed(process: $0) } ?? .stopped
  }
}
