/// The effects of a supervisor: carries out what the pool decides, and tells it what came of it.
struct SupervisorLoop {
  /// What the loop is told.
  enum Input: Sendable {
    /// Of a member's run; one of a run that is over is outdated.
    case launched(Int, run: Int, pid: Int32)
    case ready(Int, run: Int)
    case message(Int, run: Int, ServiceMessage)
    case ended(Int, run: Int, ProcessEnd)
    case deadline(ContinuousClock.Instant)
    case measure
    case wish(StopWish)
    case call(ControlCall)
    case loads([String: Duration])
    /// The new program said whether it can go on.
    case asked(Result<Void, SupervisorError>)
    /// There may be a moment now for what waits for one.
    case look
  }

  /// How often memory is measured where it is limited.
  static let measureInterval = Duration.seconds(5)

  let supervisor: Supervisor
  let feed: SupervisorFeed
  let logs = LogBook()
  var pool: ProcessPool
  private(set) var children: [Int: (run: Int, child: ChildProcess)] = [:]
  private var runs = 0
  private var scheduled: ContinuousClock.Instant?
  /// The file of each generation of each crew, with links resolved when the generation began.
  var files: [[Int: String]]
  /// What decides how many there are of the crews that follow their loads.
  var scalers: [Int: Autoscaler] = [:]
  /// Those of them for which people wished a number.
  var setByHand: Set<Int> = []
  /// Who waits for upgrades.
  var askers: [UpgradeAsker] = []
  /// Who waits for the end.
  var stoppers: [ControlCall] = []
  /// The replacement of its own program that is under way.
  var takeover: Takeover?

  init(_ supervisor: Supervisor, feed: SupervisorFeed) {
    self.supervisor = supervisor
    self.feed = feed
    pool = ProcessPool(supervisor.definitions, policy: supervisor.policy, seed: supervisor.seed)
    files = supervisor.definitions.map { [0: ProcessFacts.resolved($0.executable)] }
    let kept = supervisor.scales?.load() ?? [:]
    for crew in pool.crews.indices {
      let definition = pool.crews[crew].definition
      scalers[crew] = definition.autoscaling.map { Autoscaler($0, minimum: definition.count) }
      // A number that was wished for is forgotten when the one that it was wished instead of is another.
      guard let wish = kept[definition.name], wish.configured == definition.count else { continue }
      pool.crews[crew].wanted = wish.wanted
      setByHand.insert(crew)
    }
  }

  var isFinished: Bool { pool.isFinished }
  var failure: String? { pool.failure }

  mutating func start(in group: inout DiscardingTaskGroup) {
    if supervisor.definitions.contains(where: { $0.recycling.memory != nil }) {
      let feed = feed
      group.addTask {
        while await Self.sleeps(until: .now + SupervisorLoop.measureInterval) { feed.yield(.measure) }
      }
    }
    if let handover = supervisor.handover {
      resume(handover, in: &group)
    } else {
      for crew in pool.crews.indices { sayPlaces(of: crew) }
      perform(pool.start(now: .now), in: &group)
    }
  }

  /// Takes one input, and does what follows from it.
  mutating func take(_ input: Input, in group: inout DiscardingTaskGroup) {
    if case .wish = input { supervisor.replacement?.signals.noteHeard() }
    carryOut(input, in: &group)
    if takeover != nil { advanceTakeover(in: &group) }
  }

  private mutating func carryOut(_ input: Input, in group: inout DiscardingTaskGroup) {
    let now = ContinuousClock.now
    switch input {
    case .launched(let id, let run, let pid):
      if isCurrent(id, run) { perform(pool.launched(id, pid: pid, now: now), in: &group) }
    case .ready(let id, let run): if isCurrent(id, run) { perform(pool.ready(id, now: now), in: &group) }
    case .message(let id, let run, let message):
      if isCurrent(id, run) { perform(heard(id, message, now: now), in: &group) }
    case .ended(let id, let run, let end):
      guard isCurrent(id, run) else { return }
      children[id] = nil
      perform(pool.ended(id, end, now: now), in: &group)
    case .deadline(let deadline):
      if scheduled == deadline { scheduled = nil }
      perform(pool.tick(now: now), in: &group)
    case .measure: measure(in: &group)
    case .wish(.gracefully): perform(pool.stop(now: now), in: &group)
    case .wish(.atOnce): perform(pool.kill(now: now), in: &group)
    case .wish(.relay(let signal)):
      for member in pool.members where pool.crews[member.crew].definition.isNumbered {
        children[member.id]?.child.relay(signal)
      }
    case .wish(.upgrade): perform(upgradeAll(now: now), in: &group)
    case .call(let call): perform(answer(call, now: now), in: &group)
    case .loads(let loads): perform(weigh(loads, now: now), in: &group)
    case .asked(let answer): asked(answer)
    case .look: break
    }
  }

  /// Nobody waits in vain.
  mutating func close() {
    giveUpTakeover(SupervisorError(.busy, "the supervisor ends", help: "start it again with 'bus work'"))
    for call in stoppers + askers.map(\.call) { call.finish() }
    logs.close()
  }

  /// Keeps what people wished for; what cannot be kept is said.
  func keepScales() throws(SupervisorError) {
    var wishes: [String: ScaleFile.Wish] = [:]
    for (index, crew) in pool.crews.enumerated() {
      let isWish = scalers[index] == nil ? crew.wanted != crew.definition.count : setByHand.contains(index)
      guard isWish else { continue }
      wishes[crew.definition.name] = ScaleFile.Wish(configured: crew.definition.count, wanted: crew.wanted)
    }
    try supervisor.scales?.save(wishes)
  }

  /// Where a program's processes accept connections.
  func places(of crew: Int) -> [String] {
    supervisor.sockets.sockets(of: pool.crews[crew].definition.name).map(\.place)
  }

  private func sayPlaces(of crew: Int) {
    for place in places(of: crew) {
      perform(report: .listening(place), of: pool.crews[crew].definition.name)
    }
  }

  private func isCurrent(_ id: Int, _ run: Int) -> Bool { children[id]?.run == run }

  private mutating func heard(
    _ id: Int, _ message: ServiceMessage, now: ContinuousClock.Instant
  ) -> [ProcessPool.Action] {
    pool.heard(id, status: message.status, now: now)
    let worked = message.jobs.map { pool.worked(id, jobs: $0, now: now) } ?? []
    guard message.isReady, let member = pool.member(id), pool.crews[member.crew].definition.readiness == .message
    else { return worked }
    return worked + pool.ready(id, now: now)
  }

  private mutating func measure(in group: inout DiscardingTaskGroup) {
    for member in pool.members where member.limits.memory != nil {
      guard let pid = member.pid, let memory = ProcessFacts.residentByteCount(of: pid) else { continue }
      perform(pool.measured(member.id, memory: memory, now: .now), in: &group)
    }
  }

  // MARK: What is done

  mutating func perform(_ actions: [ProcessPool.Action], in group: inout DiscardingTaskGroup) {
    for action in actions {
      switch action {
      case .spawn(let id): spawn(id, in: &group)
      case .signal(let id, _, let signal): children[id]?.child.signal(signal)
      case .report(let process, let notice): perform(report: notice, of: process)
      case .upgraded(let crew, let outcome):
        upgraded(crew, outcome)
        if let alert = alert(crew, outcome) { supervisor.alert(alert) }
      case .finish: feed.finish()
      }
    }
    schedule(in: &group)
  }

  private func perform(report notice: SupervisorNotice, of process: String) {
    let notice = completed(notice)
    supervisor.tell(.notice(process: process, notice))
    logs.add("-- \(notice)", of: process)
    if let alert = alert(process, notice) { supervisor.alert(alert) }
  }

  /// Sleeps until the next deadline; an outdated one only wakes the loop once for nothing.
  private mutating func schedule(in group: inout DiscardingTaskGroup) {
    guard !isFinished, let deadline = pool.nextDeadline else { return }
    if let scheduled, scheduled <= deadline { return }
    scheduled = deadline
    let feed = feed
    group.addTask { if await Self.sleeps(until: deadline) { feed.yield(.deadline(deadline)) } }
  }

  private mutating func spawn(_ id: Int, in group: inout DiscardingTaskGroup) {
    guard let member = pool.member(id) else { return }
    let definition = pool.crews[member.crew].definition
    var launch = Launch(definition, environment: environment(of: definition, member))
    // One of an older generation is started from the file of that time, as long as that is there.
    if let file = files[member.crew][member.generation], BinaryPlaces.isProgram(file) { launch.path = file }
    launch.sockets = supervisor.sockets.sockets(of: definition.name)
    launch.isHeard = true
    run(ChildProcess(launch), for: member, in: &group)
  }

  /// Hears of a member's process until it has ended.
  mutating func run(_ child: ChildProcess, for member: PoolMember, in group: inout DiscardingTaskGroup) {
    let (id, definition) = (member.id, pool.crews[member.crew].definition)
    runs += 1
    children[id] = (runs, child)
    let listener = listener(to: pool.name(of: member), definition, id, run: runs)
    let (feed, run) = (feed, runs)
    group.addTask { feed.yield(.ended(id, run: run, await child.run(listener))) }
  }

  private func environment(of definition: ProcessDefinition, _ member: PoolMember) -> [String: String] {
    var all = supervisor.environment.merging(definition.environment) { $1 }
    if definition.isNumbered { all["BUS_SLOT"] = "\(member.slot)" }
    if let port = definition.firstPort { all["PORT"] = "\(port + member.slot - 1)" }
    all["BUS_RECYCLE_JOBS"] = member.limits.jobs.map { "\($0)" }
    all.merge(ListenSockets.variables(supervisor.sockets.sockets(of: definition.name))) { $1 }
    // A process is asked to say that it is alive twice in the time in which it has to.
    all["WATCHDOG_USEC"] = definition.watchdog.map { "\(ProcessFacts.microseconds($0))" }
    all["WATCHDOG_PID"] = nil
    return all
  }

  private func listener(
    to process: String, _ definition: ProcessDefinition, _ id: Int, run: Int
  ) -> ChildProcess.Listener {
    let (feed, logs, tell) = (feed, logs, supervisor.tell)
    return ChildProcess.Listener(
      line: { line in
        logs.add(line, of: process)
        tell(.output(process: process, line))
        if case .line(let prefix) = definition.readiness, line.hasPrefix(prefix) { feed.yield(.ready(id, run: run)) }
      },
      message: { feed.yield(.message(id, run: run, $0)) },
      // Said here and not when the pool knows: its own first line may come before that.
      launched: { pid in
        let notice = SupervisorNotice.started(pid: pid)
        tell(.notice(process: process, notice))
        logs.add("-- \(notice)", of: process)
        feed.yield(.launched(id, run: run, pid: pid))
      })
  }

  /// Whether the moment came before the end of everything.
  static func sleeps(until deadline: ContinuousClock.Instant) async -> Bool {
    do {
      try await ContinuousClock().sleep(until: deadline)
      return true
    } catch {
      return false
    }
  }
}
