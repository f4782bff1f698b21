#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Keeps processes running until it is told to end, and leaves none behind.
///
/// Nothing is polled: it wakes when a process is started, says that it is ready, or ends, when a delay is over, and
/// when someone wishes it to end.
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
    /// Something happened to a process.
    case notice(process: String, SupervisorNotice)
  }

  private let definitions: [ProcessDefinition]
  private let policy: RestartPolicy
  private let environment: [String: String]
  private let tell: @Sendable (Line) -> Void

  /// A supervisor of processes that have this environment, and what their definitions add.
  ///
  /// `tell` is called from several threads, for each process in its order.
  public init(
    _ definitions: [ProcessDefinition], policy: RestartPolicy = .standard, environment: [String: String],
    tell: @escaping @Sendable (Line) -> Void
  ) {
    self.definitions = definitions
    self.policy = policy
    self.environment = environment.merging(["BUS_SUPERVISED": "\(getpid())"]) { $1 }
    self.tell = tell
  }

  /// What the loop is told.
  private enum Input: Sendable {
    case launched(Int, pid: Int32)
    case ready(Int)
    case ended(Int, ProcessEnd)
    case deadline
    case wish(StopWish)
  }

  /// Starts the processes and keeps them running; returns when a wish ended them all.
  public func run(until wishes: AsyncStream<StopWish>) async -> Outcome {
    // At most three per process and one per wish and deadline are on their way at once.
    let (inputs, feed) = AsyncStream.makeStream(of: Input.self)
    var pool = ProcessPool(definitions, policy: policy)
    var children: [Int: ChildProcess] = [:]
    await withDiscardingTaskGroup { group in
      group.addTask { for await wish in wishes { feed.yield(.wish(wish)) } }
      var scheduled: ContinuousClock.Instant?
      var actions = pool.start(now: .now)
      var arriving = inputs.makeAsyncIterator()
      while true {
        for action in actions { perform(action, &children, in: &group, feed) }
        guard !pool.isFinished else { break }
        if let deadline = pool.nextDeadline, deadline != scheduled {
          scheduled = deadline
          // An outdated deadline only wakes the loop once for nothing.
          group.addTask { if await Self.sleeps(until: deadline) { feed.yield(.deadline) } }
        }
        guard let input = await arriving.next() else { break }
        actions = Self.apply(input, to: &pool)
      }
      group.cancelAll()
    }
    return pool.failure.map { .failed(process: definitions[$0].name) } ?? .stopped
  }

  private static func apply(_ input: Input, to pool: inout ProcessPool) -> [ProcessPool.Action] {
    let now = ContinuousClock.now
    return switch input {
    case .launched(let index, let pid): pool.launched(index, pid: pid, now: now)
    case .ready(let index): pool.ready(index, now: now)
    case .ended(let index, let end): pool.ended(index, end, now: now)
    case .deadline: pool.tick(now: now)
    case .wish(.gracefully): pool.stop(now: now)
    case .wish(.atOnce): pool.kill(now: now)
    }
  }

  private func perform(
    _ action: ProcessPool.Action, _ children: inout [Int: ChildProcess], in group: inout DiscardingTaskGroup,
    _ feed: AsyncStream<Input>.Continuation
  ) {
    switch action {
    case .spawn(let index):
      let definition = definitions[index]
      let child = ChildProcess(definition, environment: environment.merging(definition.environment) { $1 })
      children[index] = child
      group.addTask { await run(child, index, feed) }
    case .signal(let index, _, let signal): children[index]?.signal(signal)
    case .report(let index, let notice): tell(.notice(process: definitions[index].name, notice))
    case .finish: feed.finish()
    }
  }

  private func run(_ child: ChildProcess, _ index: Int, _ feed: AsyncStream<Input>.Continuation) async {
    let definition = definitions[index]
    let end = await child.run(
      line: { line in
        tell(.output(process: definition.name, line))
        if let prefix = definition.readyPrefix, line.hasPrefix(prefix) { feed.yield(.ready(index)) }
      },
      launched: { feed.yield(.launched(index, pid: $0)) })
    feed.yield(.ended(index, end))
  }

  /// Whether the moment came before the end of everything.
  private static func sleeps(until deadline: ContinuousClock.Instant) async -> Bool {
    do {
      try await ContinuousClock().sleep(until: deadline)
      return true
    } catch {
      return false
    }
  }
}
