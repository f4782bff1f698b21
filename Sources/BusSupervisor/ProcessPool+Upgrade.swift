/// All processes of a crew replaced by those of another generation, or, when those do not get ready, back again.
extension ProcessPool {
  /// Begins to replace all processes of a crew; the generation that the new ones have, nil while that is not possible.
  mutating func upgrade(
    _ crew: Int, _ plan: UpgradePlan, now: ContinuousClock.Instant
  ) -> (generation: Int, actions: [Action])? {
    guard crews.indices.contains(crew), isServing, crews[crew].upgrade == nil else { return nil }
    let (from, to) = (crews[crew].generation, crews[crew].nextGeneration)
    crews[crew].nextGeneration += 1
    crews[crew].generation = to
    crews[crew].upgrade = PoolCrew.Upgrade(
      plan: plan, from: from, to: to, startedAt: now, count: members.count { $0.crew == crew && !$0.isLeaving })
    // The other program starts without the failures of this one.
    return (to, balance(crew, now: now))
  }

  /// A start failed: if it was one of an upgrade, the third ends it.
  mutating func noteFailure(
    of member: PoolMember, _ end: ProcessEnd, now: ContinuousClock.Instant
  ) -> [Action] {
    guard var upgrade = crews[member.crew].upgrade, upgrade.cause == nil, member.generation == upgrade.to else {
      return []
    }
    upgrade.failures += 1
    crews[member.crew].upgrade = upgrade
    guard upgrade.failures >= upgrade.plan.maximumFailures else { return [] }
    return takeBack(member.crew, .ended(process: name(of: member), end, tries: upgrade.failures), now: now)
  }

  /// A start of an upgrade takes too long.
  mutating func noteLate(_ member: PoolMember, now: ContinuousClock.Instant) -> [Action] {
    guard let since = member.startingSince else { return [] }
    return takeBack(member.crew, .late(process: name(of: member), now - since), now: now)
  }

  /// One had to be killed that was told to end.
  mutating func noteKill(crew: Int, generation: Int) {
    guard let upgrade = crews[crew].upgrade, upgrade.cause == nil, generation != upgrade.to else { return }
    crews[crew].upgrade?.killed += 1
  }

  private mutating func takeBack(
    _ crew: Int, _ cause: UpgradeFailure, now: ContinuousClock.Instant
  ) -> [Action] {
    guard let upgrade = crews[crew].upgrade, upgrade.cause == nil else { return [] }
    crews[crew].upgrade?.cause = cause
    crews[crew].generation = upgrade.from
    return [.report(crews[crew].definition.name, .takingBack(cause))] + balance(crew, now: now)
  }

  /// Ends an upgrade when there is nothing left to do.
  mutating func finishUpgrade(_ crew: Int, now: ContinuousClock.Instant) -> [Action] {
    guard let upgrade = crews[crew].upgrade else { return [] }
    let all = members.filter { $0.crew == crew }
    let isUp = all.count { !isOld($0) && !$0.isLeaving && $0.isReady } >= crews[crew].target
    guard isUp else { return [] }
    if let cause = upgrade.cause {
      guard all.allSatisfy({ $0.isLeaving || $0.generation != upgrade.to }) else { return [] }
      crews[crew].upgrade = nil
      return [.upgraded(crew: crew, .takenBack(cause, count: crews[crew].target))]
    }
    guard all.allSatisfy({ $0.generation == upgrade.to }) else { return [] }
    crews[crew].upgrade = nil
    let duration = now - upgrade.startedAt
    return [.upgraded(crew: crew, .replaced(count: upgrade.count, killed: upgrade.killed, duration: duration))]
  }

  /// Who waits for an upgrade hears that it does not come any more.
  mutating func abandonUpgrades() -> [Action] {
    crews.indices.filter { crews[$0].upgrade != nil }.map { crew in
      crews[crew].upgrade = nil
      return .upgraded(crew: crew, .takenBack(.stopped, count: 0))
    }
  }
}
