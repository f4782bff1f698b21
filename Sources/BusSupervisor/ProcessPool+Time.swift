extension ProcessPool {
  /// When ``tick(now:)`` has something to do next.
  var nextDeadline: ContinuousClock.Instant? { members.lazy.compactMap { self.deadline(of: $0) }.min() }

  private func deadline(of member: PoolMember) -> ContinuousClock.Instant? {
    switch member.state {
    case .waiting(let until): return until
    case .ending(_, let killAt): return killAt
    case .spawning: return startDeadline(of: member)
    case .running(_, let since, false):
      let moments = [readyByTime(member, since: since), startDeadline(of: member), startLimit(of: member, since)]
      return moments.compactMap { $0 }.min()
    case .running(_, let since, true):
      return [silentAt(member), calmAt(member), wornAt(member, since: since)].compactMap { $0 }.min()
    }
  }

  /// Time has passed: what was waited for is started, what did not end in time is killed, what is stuck too.
  mutating func tick(now: ContinuousClock.Instant) -> [Action] {
    members.map(\.id).flatMap { tick($0, now: now) }
  }

  private mutating func tick(_ id: Int, now: ContinuousClock.Instant) -> [Action] {
    // What was done about an earlier one may have removed it.
    guard let index = position(id), let deadline = deadline(of: members[index]), deadline <= now else { return [] }
    let member = members[index]
    switch member.state {
    case .waiting: return respawn(index, now: now)
    case .ending(let pid, _):
      members[index].enter(.ending(pid: pid, killAt: nil), now: now)
      if member.isLeaving { noteKill(crew: member.crew, generation: member.generation) }
      return [.report(name(of: member), .killing(pid: pid)), .signal(id, pid: pid, .kill)]
    case .spawning: return noteLate(member, now: now)
    case .running(let pid, let since, false):
      if let moment = readyByTime(member, since: since), moment <= now { return becomeReady(id, now: now) }
      if let moment = startDeadline(of: member), moment <= now { return noteLate(member, now: now) }
      return abortLate(index, pid: pid, after: now - since, now: now)
    case .running(let pid, let since, true):
      if let moment = silentAt(member), moment <= now { return abort(index, pid: pid, now: now) }
      if let moment = calmAt(member), moment <= now { return calm(index, now: now) }
      return wornAt(member, since: since) == nil ? [] : replace(index, .tooOld(now - since), now: now)
    }
  }

  /// A member's process said how many jobs it has done.
  mutating func worked(_ id: Int, jobs: Int, now: ContinuousClock.Instant) -> [Action] {
    guard let index = position(id), let limit = members[index].limits.jobs, jobs >= limit else { return [] }
    return mayReplace(members[index]) ? replace(index, .tooBusy(jobs), now: now) : []
  }

  /// The resident memory of a member's process was measured.
  mutating func measured(_ id: Int, memory: Int64, now: ContinuousClock.Instant) -> [Action] {
    guard let index = position(id), let limit = members[index].limits.memory, memory > limit else { return [] }
    return mayReplace(members[index]) ? replace(index, .tooLarge(memory), now: now) : []
  }

  private func mayReplace(_ member: PoolMember) -> Bool {
    member.isReady && !member.isWorn && !member.isLeaving && isServing
  }

  private func readyByTime(_ member: PoolMember, since: ContinuousClock.Instant) -> ContinuousClock.Instant? {
    guard case .after(let duration) = crews[member.crew].definition.readiness else { return nil }
    return since + duration
  }

  /// When one counts as stuck.
  private func silentAt(_ member: PoolMember) -> ContinuousClock.Instant? {
    crews[member.crew].definition.watchdog.map { member.heardAt + $0 }
  }

  private func wornAt(_ member: PoolMember, since: ContinuousClock.Instant) -> ContinuousClock.Instant? {
    guard !member.isWorn, !member.isLeaving, isServing else { return nil }
    return member.limits.age.map { since + $0 }
  }

  /// By when a process of an upgrade has to be ready.
  private func startDeadline(of member: PoolMember) -> ContinuousClock.Instant? {
    guard let upgrade = crews[member.crew].upgrade, upgrade.cause == nil, member.generation == upgrade.to,
      !member.isLeaving
    else { return nil }
    return member.startingSince.map { $0 + upgrade.plan.deadline }
  }

  /// By when a process has to be ready that says so itself.
  private func startLimit(of member: PoolMember, _ since: ContinuousClock.Instant) -> ContinuousClock.Instant? {
    let definition = crews[member.crew].definition
    if case .after = definition.readiness { return nil }
    return member.isLeaving || !isServing ? nil : definition.startLimit.map { since + $0 }
  }

  private mutating func abortLate(
    _ index: Int, pid: Int32, after duration: Duration, now: ContinuousClock.Instant
  ) -> [Action] {
    members[index].enter(.ending(pid: pid, killAt: now + ProcessPool.abortGrace), now: now)
    members[index].isLate = true
    members[index].status = "was not ready after \(duration.brief)"
    return [
      .report(name(of: members[index]), .late(pid: pid, after: duration)), .signal(members[index].id, pid: pid, .abort),
    ]
  }

  private mutating func abort(_ index: Int, pid: Int32, now: ContinuousClock.Instant) -> [Action] {
    let member = members[index]
    members[index].enter(.ending(pid: pid, killAt: now + ProcessPool.abortGrace), now: now)
    let notice = SupervisorNotice.stuck(pid: pid, silentFor: now - member.heardAt, status: member.status)
    return [.report(name(of: member), notice), .signal(member.id, pid: pid, .abort)]
  }

  private mutating func replace(_ index: Int, _ reason: WearReason, now: ContinuousClock.Instant) -> [Action] {
    members[index].isWorn = true
    return [.report(name(of: members[index]), .worn(reason))] + balance(members[index].crew, now: now)
  }
}
