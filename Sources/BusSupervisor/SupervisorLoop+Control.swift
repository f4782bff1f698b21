internal import BusProtocol

/// What a supervisor answers over its control.
extension SupervisorLoop {
  mutating func answer(_ call: ControlCall, now: ContinuousClock.Instant) -> [ProcessPool.Action] {
    do throws(SupervisorError) {
      switch call.request {
      case .processes: showProcesses(to: call, now: now)
      case .scale(let changes): return try scale(changes, call, now: now)
      case .replace: try replace(call, now: now)
      case .upgrade(let names, let plan): return try upgrade(names, plan, call, now: now)
      case .quiet(let names, let isQuiet): return try quiet(names, isQuiet, call, now: now)
      case .logs(let name, let count, let follow): try showLogs(of: name, count, follow: follow, to: call)
      case .stop(let atOnce):
        call.send(["stopping": pool.members.count.jsonValue])
        stoppers.append(call)
        return atOnce ? pool.kill(now: now) : pool.stop(now: now)
      }
    } catch {
      call.refuse(error)
    }
    return []
  }

  /// The crew of a name; the error says which there are.
  private func crew(_ name: String) throws(SupervisorError) -> Int {
    if let crew = pool.crews.firstIndex(where: { $0.definition.name == name && $0.definition.isNumbered }) {
      return crew
    }
    let known = pool.crews.map(\.definition).filter(\.isNumbered).map(\.name).joined(separator: ", ")
    throw SupervisorError(
      .unknownEngine, "this supervisor has no engine '\(name)'", help: "it has: \(known.isEmpty ? "none" : known)")
  }

  private func crews(_ names: [String]) throws(SupervisorError) -> [Int] {
    guard !names.isEmpty else { return pool.crews.indices.filter { pool.crews[$0].definition.isNumbered } }
    var crews: [Int] = []
    for name in names {
      let crew = try crew(name)
      if !crews.contains(crew) { crews.append(crew) }
    }
    return crews
  }

  func requireServing() throws(SupervisorError) {
    guard pool.isServing else {
      throw SupervisorError(.busy, "the supervisor is about to end", help: "start it again with 'bus work'")
    }
  }

  // MARK: How many

  private mutating func scale(
    _ changes: [String: ScaleChange], _ call: ControlCall, now: ContinuousClock.Instant
  ) throws(SupervisorError) -> [ProcessPool.Action] {
    try requireServing()
    var wishes: [(crew: Int, wanted: Int, isByHand: Bool)] = []
    for (name, change) in changes.sorted(by: { $0.key < $1.key }) {
      let crew = try crew(name)
      let configured = pool.crews[crew].definition.count
      guard let wanted = change.applied(to: pool.crews[crew].wanted, configured: configured) else {
        throw SupervisorError(
          .badRequest, "\(name) has \(pool.crews[crew].wanted) processes and cannot have \(change)",
          help: "0 to \(ScaleChange.maximum) are possible: bus scale \(name)=4")
      }
      wishes.append((crew, wanted, change != .auto))
    }
    // All or none: a wrong name changes nothing.
    var actions: [ProcessPool.Action] = []
    for (crew, wanted, isByHand) in wishes {
      call.send([
        "engine": .string(pool.crews[crew].definition.name), "was": pool.crews[crew].wanted.jsonValue,
        "wanted": wanted.jsonValue, "configured": pool.crews[crew].definition.count.jsonValue,
      ])
      if isByHand { setByHand.insert(crew) } else { setByHand.remove(crew) }
      actions += pool.scale(crew, to: wanted, now: now)
    }
    do throws(SupervisorError) { try keepScales() } catch {
      call.refuse(error)
      return actions
    }
    call.finish()
    return actions
  }

  private mutating func quiet(
    _ names: [String], _ isQuiet: Bool, _ call: ControlCall, now: ContinuousClock.Instant
  ) throws(SupervisorError) -> [ProcessPool.Action] {
    try requireServing()
    var actions: [ProcessPool.Action] = []
    for crew in try crews(names) {
      call.send([
        "engine": .string(pool.crews[crew].definition.name), "quiet": .bool(isQuiet),
        "processes": pool.members.count { $0.crew == crew }.jsonValue, "wanted": pool.crews[crew].wanted.jsonValue,
      ])
      actions += pool.quiet(crew, isQuiet, now: now)
    }
    call.finish()
    return actions
  }

  // MARK: Others

  /// A signal asked for it: what comes of it is said to all.
  mutating func upgradeAll(now: ContinuousClock.Instant) -> [ProcessPool.Action] {
    do throws(SupervisorError) { return try upgrade([], UpgradePlan(), nil, now: now) } catch {
      return [.report("supervisor", .refused(error))]
    }
  }

  private mutating func upgrade(
    _ names: [String], _ plan: UpgradePlan, _ call: ControlCall?, now: ContinuousClock.Instant
  ) throws(SupervisorError) -> [ProcessPool.Action] {
    try requireServing()
    guard takeover == nil else {
      throw SupervisorError(.busy, "this supervisor is just being replaced", help: "run the same command again")
    }
    let crews = try crews(names)
    for crew in crews {
      let definition = pool.crews[crew].definition
      guard pool.crews[crew].upgrade == nil else {
        throw SupervisorError(
          .busy, "an upgrade of \(definition.name) is under way",
          help: "wait for it: bus logs \(definition.name) --follow")
      }
      guard BinaryPlaces.isProgram(definition.executable) else {
        throw SupervisorError(
          .binaryNotFound, "\(definition.executable) is no program now; nothing was replaced",
          help: "build it, and run the same command again; the old processes of \(definition.name) still run")
      }
    }
    if let call { askers.append(UpgradeAsker(call: call, crews: Set(crews))) }
    var actions: [ProcessPool.Action] = []
    for crew in crews {
      guard let begun = pool.upgrade(crew, plan, now: now) else { continue }
      files[crew][begun.generation] = ProcessFacts.resolved(pool.crews[crew].definition.executable)
      actions += begun.actions
    }
    if crews.isEmpty { call?.finish() }
    return actions
  }

  /// An upgrade is over: those who wait for it hear how.
  mutating func upgraded(_ crew: Int, _ outcome: UpgradeOutcome) {
    // What no process is started from any more is forgotten.
    let generation = pool.crews[crew].generation
    files[crew] = files[crew].filter { $0.key >= generation }
    let answer = json(of: crew, outcome)
    for index in askers.indices where askers[index].crews.contains(crew) {
      askers[index].call.send(answer)
      askers[index].crews.remove(crew)
      if askers[index].crews.isEmpty { askers[index].call.finish() }
    }
    askers.removeAll { $0.crews.isEmpty }
  }

  private func json(of crew: Int, _ outcome: UpgradeOutcome) -> JSONValue {
    let name = JSONValue.string(pool.crews[crew].definition.name)
    switch outcome {
    case .replaced(let count, let killed, let duration):
      return [
        "engine": name, "replaced": count.jsonValue, "killed": killed.jsonValue,
        "seconds": .double(duration.inSeconds),
      ]
    case .takenBack(let failure, let count):
      let process = failure.process
      return [
        "engine": name, "taken_back": .string(failure.description), "processes": count.jsonValue,
        "process": process.map { .string($0) } ?? .null,
        "file": .string(pool.crews[crew].definition.executable),
        "output": .array(words(of: process).map { .string($0) }),
      ]
    }
  }

  // MARK: What there is

  private func showProcesses(to call: ControlCall, now: ContinuousClock.Instant) {
    for crew in pool.crews.indices {
      for member in pool.members.filter({ $0.crew == crew }).sorted(by: { $0.slot < $1.slot }) {
        call.send(json(of: member, now: now))
      }
    }
    for (index, crew) in pool.crews.enumerated() where crew.definition.isNumbered {
      var program: JSONObject = [
        "engine": .string(crew.definition.name), "wanted": crew.wanted.jsonValue,
        "configured": crew.definition.count.jsonValue, "quiet": .bool(crew.isQuiet),
        "upgrading": .bool(crew.upgrade != nil),
      ]
      if let rule = crew.definition.autoscaling {
        program.set("maximum", rule.maximum.jsonValue)
        program.set("by_hand", setByHand.contains(index))
      }
      let places = places(of: index)
      if !places.isEmpty { program["listen"] = .array(places.map { .string($0) }) }
      call.send(.object(program))
    }
    call.finish()
  }

  private func json(of member: PoolMember, now: ContinuousClock.Instant) -> JSONValue {
    let memory = member.pid.flatMap(ProcessFacts.residentByteCount)
    return [
      "process": .string(pool.name(of: member)), "engine": .string(pool.crews[member.crew].definition.name),
      "slot": member.slot.jsonValue, "pid": member.pid.map(\.jsonValue) ?? .null,
      "state": .string(pool.word(for: member)), "seconds": .double((now - member.changedAt).inSeconds),
      "restarts": member.restarts.jsonValue, "last_exit": member.lastEnd.map { .string($0.description) } ?? .null,
      "memory": memory.map { .integer($0) } ?? .null, "status": member.status.map { .string($0) } ?? .null,
      "generation": member.generation.jsonValue, "doing": doing(member).map { .string($0) } ?? .null,
    ]
  }

  /// What a process shows that it is doing: what stands behind `ENGINE.SLOT: ` in its title.
  private func doing(_ member: PoolMember) -> String? {
    guard let title = member.pid.flatMap(ProcessFacts.title), let colon = title.firstIndex(of: ":") else { return nil }
    let name = title[..<colon]
    let words = title[colon...].dropFirst(2)
    return name.hasSuffix(".\(member.slot)") && !name.contains("/") && !words.isEmpty ? String(words) : nil
  }

  /// One that is stuck says no more what it did: its title may.
  func completed(_ notice: SupervisorNotice) -> SupervisorNotice {
    guard case .stuck(let pid, let silence, nil) = notice, let member = pool.members.first(where: { $0.pid == pid })
    else { return notice }
    return .stuck(pid: pid, silentFor: silence, status: doing(member))
  }

  private func showLogs(
    of name: String?, _ count: Int, follow: Bool, to call: ControlCall
  ) throws(SupervisorError) {
    if let name, !isKnown(name) {
      _ = try crew(String(name.prefix { $0 != "." }))
      throw SupervisorError(.unknownEngine, "there is no process \(name)", help: "bus ps")
    }
    guard logs.show(count, of: name, to: call, follow: follow) else {
      throw SupervisorError(.busy, "too many follow the lines already", help: "end one of them")
    }
  }

  /// Whether a program or a process of the name is or was there.
  private func isKnown(_ name: String) -> Bool {
    pool.crews.contains { $0.definition.name == name } || pool.members.contains { pool.name(of: $0) == name }
      || !logs.last(1) { $0 == name }.isEmpty
  }
}

extension ProcessPool {
  /// The member's state as people call it.
  func word(for member: PoolMember) -> String {
    switch member.state {
    case .waiting: "backoff"
    case .spawning, .running(_, _, false): "starting"
    case .running(_, _, true): "ready"
    case .ending: member.isLeaving && isServing ? "draining" : "stopping"
    }
  }
}

extension UpgradeFailure {
  /// The process that did not get ready.
  var process: String? {
    switch self {
    case .ended(let process, _, _), .late(let process, _): process
    case .stopped: nil
    }
  }
}
