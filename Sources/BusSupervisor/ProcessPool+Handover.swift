/// What a pool leaves to the pool of the next program, and goes on with.
extension ProcessPool {
  /// Whether it can be left now: nothing is being started or replaced, and nothing ends for good.
  var isQuiet: Bool {
    isServing && crews.allSatisfy { $0.upgrade == nil }
      && members.allSatisfy { if case .spawning = $0.state { false } else { true } }
  }

  /// The records of all programs and places; each process with what is known of it.
  func handOver(
    files: [[Int: String]], children: [Int: Handover.Child], now: ContinuousClock.Instant, to handover: inout Handover
  ) {
    if case .serving(let stage) = phase, stage != .min { handover.stage = stage }
    handover.crews = crews.indices.map { index in
      let crew = crews[index]
      return Handover.Crew(
        name: crew.definition.name, configured: crew.definition.count, wanted: crew.wanted, isQuiet: crew.isQuiet,
        generation: crew.generation, nextGeneration: crew.nextGeneration, wasUp: crew.wasUp,
        isAlarmed: crew.isAlarmed, files: files[index])
    }
    handover.members = members.compactMap { record(of: $0, children[$0.id], now: now) }
  }

  private func record(
    of member: PoolMember, _ child: Handover.Child?, now: ContinuousClock.Instant
  ) -> Handover.Member? {
    let state: Handover.State
    switch member.state {
    case .spawning: return nil
    case .running(_, let since, let isReady): state = .running(age: now - since, isReady: isReady)
    case .waiting(let until): state = .waiting(left: until - now)
    case .ending(_, let killAt): state = .ending(left: killAt.map { $0 - now })
    }
    return Handover.Member(
      id: member.id, crew: crews[member.crew].definition.name, slot: member.slot, generation: member.generation,
      state: state, changedAge: now - member.changedAt, startedAge: now - member.startedAt,
      heardAge: now - member.heardAt, isLeaving: member.isLeaving, isWorn: member.isWorn,
      isLate: member.isLate, isLooping: member.isLooping, failures: member.failures, restarts: member.restarts,
      lastEnd: member.lastEnd, status: member.status, ageLimit: member.limits.age,
      memoryLimit: member.limits.memory, jobLimit: member.limits.jobs, child: child)
  }

  /// Takes over what another pool left; programs that it did not have are started.
  ///
  /// A number of processes that was wished for is kept, unless the one it was wished instead of is another now.
  mutating func resume(_ handover: Handover, now: ContinuousClock.Instant) -> [Action] {
    for record in handover.crews {
      guard let crew = crews.firstIndex(where: { $0.definition.name == record.name }) else { continue }
      if record.configured == crews[crew].definition.count { crews[crew].wanted = record.wanted }
      crews[crew].isQuiet = record.isQuiet
      crews[crew].generation = record.generation
      crews[crew].nextGeneration = record.nextGeneration
      crews[crew].wasUp = record.wasUp
      crews[crew].isAlarmed = record.isAlarmed
    }
    for record in handover.members {
      guard let crew = crews.firstIndex(where: { $0.definition.name == record.crew }) else { continue }
      members.append(PoolMember(record, crew: crew, now: now))
      nextID = max(nextID, record.id + 1)
    }
    guard let stage = handover.stage ?? crews.map(\.definition.stage).min() else { return finish() }
    phase = .serving(stage: stage)
    return balanceAll(now: now) + goOnServing(now: now)
  }
}

extension PoolMember {
  /// The place as it was, but for the moments that have passed.
  fileprivate init(_ record: Handover.Member, crew: Int, now: ContinuousClock.Instant) {
    self.init(
      id: record.id, crew: crew, slot: record.slot, generation: record.generation, now: now - record.startedAge)
    let pid = record.child?.pid ?? 0
    let state: State =
      switch record.state {
      case .running(let age, let isReady): .running(pid: pid, since: now - age, isReady: isReady)
      case .waiting(let left): .waiting(until: now + left)
      case .ending(let left): .ending(pid: pid, killAt: left.map { now + $0 })
      }
    enter(state, now: now - record.changedAge)
    isLeaving = record.isLeaving
    isWorn = record.isWorn
    isLate = record.isLate
    isLooping = record.isLooping
    failures = record.failures
    restarts = record.restarts
    lastEnd = record.lastEnd
    status = record.status
    heardAt = now - record.heardAge
    limits.age = record.ageLimit
    limits.memory = record.memoryLimit
    limits.jobs = record.jobLimit
  }
}
