/// What is to be done about a set of processes: a state machine that is told what happened and says what to do.
///
/// It knows no clock and no system: whoever drives it passes the moment in, carries the actions out, and reports
/// each spawned process as launched and later as ended, also the ones that could not be started.
struct ProcessPool {
  /// What to do now.
  enum Action: Equatable {
    /// Start a process for the member; report it as launched or, when that fails, as ended.
    case spawn(Int)
    /// Send the signal to the member's process and to all that it started.
    case signal(Int, pid: Int32, ProcessSignal)
    /// Tell the people about the process of that name.
    case report(String, SupervisorNotice)
    /// An upgrade of the crew is over.
    case upgraded(crew: Int, UpgradeOutcome)
    /// Everything has ended, nothing more will come.
    case finish
  }

  /// The signals that a pool sends.
  enum ProcessSignal: Equatable {
    case terminate
    case abort
    case kill
  }

  /// How far all of them are.
  enum Phase: Equatable {
    /// Those up to this stage are kept running.
    case serving(stage: Int)
    /// Those from this stage on are told to end.
    case stopping(stage: Int)
    /// All have ended.
    case finished
  }

  /// How long a process that is stuck has for its core.
  static let abortGrace = Duration.seconds(5)

  let policy: RestartPolicy
  /// The programs, in the order in which they were given.
  var crews: [PoolCrew]
  /// Their processes, in the order in which they came.
  var members: [PoolMember] = []
  var phase = Phase.serving(stage: .min)
  var isKilling = false
  var chance: Chance
  var nextID = 0

  /// The required process that ended before it was ready.
  private(set) var failure: String?

  init(_ definitions: [ProcessDefinition], policy: RestartPolicy, seed: UInt64) {
    self.policy = policy
    crews = definitions.map(PoolCrew.init)
    chance = Chance(seed: seed)
  }

  /// Whether everything has ended.
  var isFinished: Bool { phase == .finished }

  /// The member of an id, as long as there is one.
  func member(_ id: Int) -> PoolMember? { position(id).map { members[$0] } }

  /// What the member's process is called.
  func name(of member: PoolMember) -> String { crews[member.crew].definition.processName(slot: member.slot) }

  // MARK: What happens

  /// Begins with the first stage.
  mutating func start(now: ContinuousClock.Instant) -> [Action] {
    guard let first = crews.map(\.definition.stage).min() else { return finish() }
    phase = .serving(stage: first)
    return balanceAll(now: now) + goOnServing(now: now)
  }

  /// A spawned process has a process id.
  mutating func launched(_ id: Int, pid: Int32, now: ContinuousClock.Instant) -> [Action] {
    guard let index = position(id), case .spawning(let since, let isReady) = members[index].state else { return [] }
    members[index].enter(.running(pid: pid, since: since, isReady: false), now: now)
    if isEnding(members[index]) { return end(id, now: now) }
    if isReady { return ready(id, now: now) }
    guard case .after(let duration) = crews[members[index].crew].definition.readiness, duration <= now - since
    else { return [] }
    return becomeReady(id, now: now)
  }

  /// A process said that it is ready.
  mutating func ready(_ id: Int, now: ContinuousClock.Instant) -> [Action] {
    guard let index = position(id) else { return [] }
    switch members[index].state {
    case .spawning(let since, _):
      members[index].enter(.spawning(since: since, isReady: true), now: now)
      return []
    case .running(let pid, let since, false):
      let notice = SupervisorNotice.ready(pid: pid, after: now - since)
      return [.report(name(of: members[index]), notice)] + becomeReady(id, now: now)
    case .running, .waiting, .ending: return []
    }
  }

  /// A process said that it is alive, and perhaps how it is.
  mutating func heard(_ id: Int, status: String?, now: ContinuousClock.Instant) {
    guard let index = position(id) else { return }
    members[index].heardAt = now
    if let status { members[index].status = status }
  }

  /// A process ended, or could not be started.
  mutating func ended(_ id: Int, _ end: ProcessEnd, now: ContinuousClock.Instant) -> [Action] {
    guard let index = position(id) else { return [] }
    let member = members[index]
    switch member.state {
    case .waiting: return []
    case .spawning, .running, .ending:
      if member.isLeaving || !isServing { return leave(member, end, now: now) }
      // One that is ending and neither leaves nor stops was stuck.
      return restart(index, after: end, uptime: now - member.startedAt, now: now)
    }
  }

  /// Everything is to end, the last stage first.
  mutating func stop(now: ContinuousClock.Instant) -> [Action] {
    guard isServing else { return [] }
    guard let last = crews.map(\.definition.stage).max() else { return finish() }
    phase = .stopping(stage: last)
    return abandonUpgrades() + stopStage(last, now: now) + goOnStopping(now: now)
  }

  /// Everything is to end at once.
  mutating func kill(now: ContinuousClock.Instant) -> [Action] {
    guard phase != .finished else { return [] }
    isKilling = true
    phase = .stopping(stage: crews.map(\.definition.stage).min() ?? 0)
    return abandonUpgrades() + members.map(\.id).flatMap { end($0, now: now) } + goOnStopping(now: now)
  }

  // MARK: Starting

  var isServing: Bool { if case .serving = phase { true } else { false } }

  func position(_ id: Int) -> Int? { members.firstIndex { $0.id == id } }

  /// A new member in the lowest slot that is free.
  mutating func add(to crew: Int, now: ContinuousClock.Instant) -> [Action] {
    let taken = Set(members.lazy.filter { $0.crew == crew }.map(\.slot))
    var slot = 1
    while taken.contains(slot) { slot += 1 }
    var member = PoolMember(id: nextID, crew: crew, slot: slot, generation: crews[crew].generation, now: now)
    member.limits = crews[crew].definition.recycling.limits(chance: chance.part())
    nextID += 1
    members.append(member)
    return [.spawn(member.id)]
  }

  mutating func respawn(_ index: Int, now: ContinuousClock.Instant) -> [Action] {
    members[index].enter(.spawning(since: now), now: now)
    members[index].isWorn = false
    members[index].isLate = false
    members[index].status = nil
    members[index].limits = crews[members[index].crew].definition.recycling.limits(chance: chance.part())
    return [.spawn(members[index].id)]
  }

  mutating func becomeReady(_ id: Int, now: ContinuousClock.Instant) -> [Action] {
    guard let index = position(id), case .running(let pid, let since, _) = members[index].state else { return [] }
    members[index].enter(.running(pid: pid, since: since, isReady: true), now: now)
    members[index].heardAt = now
    let crew = members[index].crew
    if readyCount(crew) >= crews[crew].target { crews[crew].wasUp = true }
    return balance(crew, now: now) + goOnServing(now: now)
  }

  /// Begins the next stage once all up to this one were ready.
  mutating func goOnServing(now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    while case .serving(let stage) = phase,
      crews.allSatisfy({ $0.definition.stage > stage || $0.wasUp || $0.target == 0 }),
      let next = crews.map(\.definition.stage).filter({ $0 > stage }).min()
    {
      phase = .serving(stage: next)
      actions += balanceAll(now: now)
    }
    return actions
  }

  private mutating func restart(
    _ index: Int, after end: ProcessEnd, uptime: Duration, now: ContinuousClock.Instant
  ) -> [Action] {
    let member = members[index]
    let name = name(of: member)
    if crews[member.crew].definition.isRequired, !crews[member.crew].wasUp {
      members.remove(at: index)
      failure = name
      return [.report(name, .failed(end))] + stop(now: now)
    }
    // One that was stuck had been ready.
    let wasReady = if case .ending = member.state { !member.isLate } else { member.isReady }
    members[index].failures = wasReady && uptime >= policy.settledAfter ? 0 : member.failures + 1
    if members[index].failures >= policy.alarmAfter { members[index].isLooping = true }
    members[index].restarts += 1
    members[index].lastEnd = end
    let counted = wasReady ? members[index].failures - 1 : members[index].failures
    let delay = policy.delay(afterFailures: counted, chance: chance.part())
    let notice = SupervisorNotice.restarting(end, uptime: uptime, failures: members[index].failures, delay: delay)
    var actions: [Action] = [.report(name, notice)]
    if delay > .zero {
      members[index].enter(.waiting(until: now + delay), now: now)
    } else {
      actions += respawn(index, now: now)
    }
    if !wasReady { actions += noteFailure(of: member, end, now: now) }
    return actions + balance(member.crew, now: now)
  }

  // MARK: Ending

  /// Whether it has to go as soon as it can be told.
  private func isEnding(_ member: PoolMember) -> Bool {
    if member.isLeaving || isKilling { return true }
    if case .stopping(let stage) = phase { return crews[member.crew].definition.stage >= stage }
    return false
  }

  private mutating func stopStage(_ stage: Int, now: ContinuousClock.Instant) -> [Action] {
    members.filter { crews[$0.crew].definition.stage == stage }.flatMap { end($0.id, now: now) }
  }

  /// Tells one process to end, as far as that is not done yet.
  mutating func end(_ id: Int, now: ContinuousClock.Instant) -> [Action] {
    guard let index = position(id) else { return [] }
    let name = name(of: members[index])
    switch members[index].state {
    case .waiting:
      members.remove(at: index)
      return []
    case .running(let pid, _, _):
      let grace = crews[members[index].crew].definition.grace
      members[index].enter(.ending(pid: pid, killAt: isKilling ? nil : now + grace), now: now)
      guard !isKilling else { return [.report(name, .killing(pid: pid)), .signal(id, pid: pid, .kill)] }
      let notice = isServing ? SupervisorNotice.draining(pid: pid) : .stopping(pid: pid)
      return [.report(name, notice), .signal(id, pid: pid, .terminate)]
    case .ending(let pid, _?) where isKilling:
      members[index].enter(.ending(pid: pid, killAt: nil), now: now)
      return [.report(name, .killing(pid: pid)), .signal(id, pid: pid, .kill)]
    // One that is being spawned is told when it is launched.
    case .spawning, .ending: return []
    }
  }

  /// A process is gone that is not started again.
  private mutating func leave(
    _ member: PoolMember, _ end: ProcessEnd, now: ContinuousClock.Instant
  ) -> [Action] {
    members.removeAll { $0.id == member.id }
    let report = Action.report(name(of: member), .stopped(end))
    return [report] + (isServing ? balance(member.crew, now: now) : goOnStopping(now: now))
  }

  /// Goes down the stages as far as all of one have ended.
  private mutating func goOnStopping(now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    while case .stopping(let stage) = phase {
      guard members.allSatisfy({ crews[$0.crew].definition.stage < stage }) else { return actions }
      guard let next = crews.map(\.definition.stage).filter({ $0 < stage }).max() else { return actions + finish() }
      phase = .stopping(stage: next)
      actions += stopStage(next, now: now)
    }
    return actions
  }

  mutating func finish() -> [Action] {
    phase = .finished
    return [.finish]
  }
}
