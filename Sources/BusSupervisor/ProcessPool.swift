/// What is to be done about a set of processes: a state machine that is told what happened and says what to do.
///
/// It knows no clock and no system: whoever drives it passes the moment in, carries the actions out, and reports
/// each spawned process as launched and later as ended, also the ones that could not be started.
struct ProcessPool {
  /// What to do now.
  enum Action: Equatable {
    /// Start the process; report it as launched or, when that fails, as ended.
    case spawn(Int)
    /// Send the signal to the process and to all that it started.
    case signal(Int, pid: Int32, ProcessSignal)
    /// Tell the people.
    case report(Int, SupervisorNotice)
    /// Everything has ended, nothing more will come.
    case finish
  }

  /// The signals that a pool sends.
  enum ProcessSignal: Equatable {
    case terminate
    case kill
  }

  /// Where one process is in its life.
  enum State: Equatable {
    /// Not started yet; its stage has not come.
    case idle
    /// Spawned, not launched yet; its first words may be heard before its process id is known.
    case spawning(since: ContinuousClock.Instant, isReady: Bool = false)
    /// It runs.
    case running(pid: Int32, since: ContinuousClock.Instant, isReady: Bool)
    /// It ended, and is started again at that moment.
    case waiting(until: ContinuousClock.Instant)
    /// It was told to end, and is killed at that moment; nil when it was killed.
    case ending(pid: Int32, killAt: ContinuousClock.Instant?)
    /// It ended, and stays so.
    case ended
  }

  /// How far all of them are.
  private enum Phase: Equatable {
    /// Those up to this stage are kept running.
    case serving(stage: Int)
    /// Those from this stage on are told to end.
    case stopping(stage: Int)
    /// All have ended.
    case finished
  }

  private let definitions: [ProcessDefinition]
  private let policy: RestartPolicy
  private(set) var states: [State]
  private var failures: [Int]
  private var wasReady: [Bool]
  private var phase = Phase.serving(stage: .min)
  private var isKilling = false

  /// The required process that ended before it was ready.
  private(set) var failure: Int?

  init(_ definitions: [ProcessDefinition], policy: RestartPolicy) {
    self.definitions = definitions
    self.policy = policy
    states = Array(repeating: .idle, count: definitions.count)
    failures = Array(repeating: 0, count: definitions.count)
    wasReady = Array(repeating: false, count: definitions.count)
  }

  /// Whether everything has ended.
  var isFinished: Bool { phase == .finished }

  /// When ``tick(now:)`` has something to do next.
  var nextDeadline: ContinuousClock.Instant? {
    states.compactMap { state in
      switch state {
      case .waiting(let until): until
      case .ending(_, let killAt): killAt
      case .idle, .spawning, .running, .ended: nil
      }
    }.min()
  }

  // MARK: What happens

  /// Begins with the first stage.
  mutating func start(now: ContinuousClock.Instant) -> [Action] {
    guard let first = definitions.map(\.stage).min() else { return finish() }
    phase = .serving(stage: first)
    return spawnStage(first, now: now)
  }

  /// A spawned process has a process id.
  mutating func launched(_ index: Int, pid: Int32, now: ContinuousClock.Instant) -> [Action] {
    guard states.indices.contains(index), case .spawning(let since, let isReady) = states[index] else { return [] }
    states[index] = .running(pid: pid, since: since, isReady: false)
    var actions: [Action] = [.report(index, .started(pid: pid))]
    if case .stopping(let stage) = phase, definitions[index].stage >= stage || isKilling {
      return actions + end(index, now: now)
    }
    if isReady { return actions + ready(index, now: now) }
    if definitions[index].readyPrefix == nil { actions += becomeReady(index, now: now) }
    return actions
  }

  /// A process said that it is ready.
  mutating func ready(_ index: Int, now: ContinuousClock.Instant) -> [Action] {
    guard states.indices.contains(index) else { return [] }
    switch states[index] {
    case .spawning(let since, _):
      states[index] = .spawning(since: since, isReady: true)
      return []
    case .running(let pid, let since, false):
      return [.report(index, .ready(pid: pid, after: now - since))] + becomeReady(index, now: now)
    case .idle, .running, .waiting, .ending, .ended: return []
    }
  }

  /// A process ended, or could not be started.
  mutating func ended(_ index: Int, _ end: ProcessEnd, now: ContinuousClock.Instant) -> [Action] {
    guard states.indices.contains(index) else { return [] }
    switch states[index] {
    case .spawning(let since, _), .running(_, let since, _):
      if case .stopping = phase { return settle(index, [.report(index, .stopped(end))], now: now) }
      return restart(index, after: end, uptime: now - since, now: now)
    case .ending: return settle(index, [.report(index, .stopped(end))], now: now)
    case .idle, .waiting, .ended: return []
    }
  }

  /// Everything is to end, the last stage first.
  mutating func stop(now: ContinuousClock.Instant) -> [Action] {
    guard case .serving = phase else { return [] }
    guard let last = definitions.map(\.stage).max() else { return finish() }
    phase = .stopping(stage: last)
    return stopStage(last, now: now) + goOnStopping(now: now)
  }

  /// Everything is to end at once.
  mutating func kill(now: ContinuousClock.Instant) -> [Action] {
    guard phase != .finished else { return [] }
    isKilling = true
    phase = .stopping(stage: definitions.map(\.stage).min() ?? 0)
    return states.indices.flatMap { end($0, now: now) } + goOnStopping(now: now)
  }

  /// Time has passed: what was waited for is started, what did not end in time is killed.
  mutating func tick(now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    for index in states.indices {
      switch states[index] {
      case .waiting(let until) where until <= now: actions += spawn(index, now: now)
      case .ending(let pid, let killAt?) where killAt <= now:
        states[index] = .ending(pid: pid, killAt: nil)
        actions += [.report(index, .killing(pid: pid)), .signal(index, pid: pid, .kill)]
      case .idle, .spawning, .running, .waiting, .ending, .ended: break
      }
    }
    return actions
  }

  // MARK: Starting

  private mutating func spawnStage(_ stage: Int, now: ContinuousClock.Instant) -> [Action] {
    definitions.indices.filter { definitions[$0].stage == stage }.flatMap { spawn($0, now: now) }
  }

  private mutating func spawn(_ index: Int, now: ContinuousClock.Instant) -> [Action] {
    states[index] = .spawning(since: now)
    return [.spawn(index)]
  }

  private mutating func becomeReady(_ index: Int, now: ContinuousClock.Instant) -> [Action] {
    guard case .running(let pid, let since, _) = states[index] else { return [] }
    states[index] = .running(pid: pid, since: since, isReady: true)
    wasReady[index] = true
    guard case .serving(let stage) = phase,
      definitions.indices.allSatisfy({ definitions[$0].stage > stage || wasReady[$0] }),
      let next = definitions.map(\.stage).filter({ $0 > stage }).min()
    else { return [] }
    phase = .serving(stage: next)
    return spawnStage(next, now: now)
  }

  private mutating func restart(
    _ index: Int, after end: ProcessEnd, uptime: Duration, now: ContinuousClock.Instant
  ) -> [Action] {
    if definitions[index].isRequired, !wasReady[index] {
      states[index] = .ended
      failure = index
      return [.report(index, .failed(end))] + stop(now: now)
    }
    failures[index] = uptime >= policy.settledAfter ? 0 : failures[index] + 1
    let delay = policy.delay(afterFailures: failures[index])
    let notice = SupervisorNotice.restarting(end, uptime: uptime, failures: failures[index], delay: delay)
    guard delay > .zero else { return [.report(index, notice)] + spawn(index, now: now) }
    states[index] = .waiting(until: now + delay)
    return [.report(index, notice)]
  }

  // MARK: Ending

  private mutating func stopStage(_ stage: Int, now: ContinuousClock.Instant) -> [Action] {
    definitions.indices.filter { definitions[$0].stage == stage }.flatMap { end($0, now: now) }
  }

  /// Tells one process to end, as far as that is not done yet.
  private mutating func end(_ index: Int, now: ContinuousClock.Instant) -> [Action] {
    switch states[index] {
    case .idle, .waiting:
      states[index] = .ended
      return []
    case .running(let pid, _, _):
      states[index] = .ending(pid: pid, killAt: isKilling ? nil : now + definitions[index].grace)
      return isKilling
        ? [.report(index, .killing(pid: pid)), .signal(index, pid: pid, .kill)]
        : [.report(index, .stopping(pid: pid)), .signal(index, pid: pid, .terminate)]
    case .ending(let pid, _?) where isKilling:
      states[index] = .ending(pid: pid, killAt: nil)
      return [.report(index, .killing(pid: pid)), .signal(index, pid: pid, .kill)]
    // One that is being spawned is told when it is launched.
    case .spawning, .ending, .ended: return []
    }
  }

  private mutating func settle(_ index: Int, _ actions: [Action], now: ContinuousClock.Instant) -> [Action] {
    states[index] = .ended
    return actions + goOnStopping(now: now)
  }

  /// Goes down the stages as far as all of one have ended.
  private mutating func goOnStopping(now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    while case .stopping(let stage) = phase {
      let isEmpty = definitions.indices.allSatisfy { definitions[$0].stage < stage || states[$0] == .ended }
      guard isEmpty else { return actions }
      guard let next = definitions.map(\.stage).filter({ $0 < stage }).max() else { return actions + finish() }
      phase = .stopping(stage: next)
      actions += stopStage(next, now: now)
    }
    return actions
  }

  private mutating func finish() -> [Action] {
    phase = .finished
    return [.finish]
  }
}
