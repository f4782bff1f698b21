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
  let tell: @Sendable (Line) -> Void
  let alert: @Sendable (SupervisorAlert) -> Void

  /// A supervisor of programs that have this environment, and what their definitions add.
  ///
  /// `tell` is called from several threads, for each process in its order. A seed makes its delays repeatable. How many
  /// processes people wished for is kept in the file, where one is given. `alert` is called for what somebody should look
  /// at, and must not wait.
  public init(
    _ definitions: [ProcessDefinition], policy: RestartPolicy = .standard, environment: [String: String],
    seed: UInt64? = nil, scales: ScaleFile? = nil, alert: @escaping @Sendable (SupervisorAlert) -> Void = { _ in },
    tell: @escaping @Sendable (Line) -> Void
  ) {
    var generator = SystemRandomNumberGenerator()
    self.definitions = definitions
    self.policy = policy
    self.environment = environment.merging(["BUS_SUPERVISED": "\(ProcessFacts.ownID)"]) { $1 }
    self.seed = seed ?? generator.next()
    self.scales = scales
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
    ProcessGuard.start(grace: definitions.map(\.grace).max() ?? .zero)
    if ProcessFacts.ownID == 1 { OrphanReaper.start() }
    // At most a few per process and one per wish and deadline are on their way at once.
    let (inputs, feed) = AsyncStream.makeStream(of: SupervisorLoop.Input.self)
    var loop = SupervisorLoop(self, feed: feed)
    await withDiscardingTaskGroup { group in
      group.addTask { for await wish in wishes { feed.yield(.wish(wish)) } }
      if let control { group.addTask { for await call in control.calls { feed.yield(.call(call)) } } }
      if let loads { group.addTask { for await load in loads { feed.yield(.loads(load)) } } }
      loop.start(in: &group)
      var arriving = inputs.makeAsyncIterator()
      while !loop.isFinished, let input = await arriving.next() { loop.take(input, in: &group) }
      group.cancelAll()
    }
    // In this order: who hears that all have ended may start the next one at once.
    control?.close()
    loop.close()
    return loop.failure.map { .failed(process: $0) } ?? .stopped
  }
}
