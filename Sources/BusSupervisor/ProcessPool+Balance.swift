/// How many there are: more, fewer, others.
///
/// One that works is told to end only when as many as are wanted are ready without it. So a process is replaced by
/// starting another one first, and there are for a while more than wanted, by the plan's extra at most.
extension ProcessPool {
  /// So many processes are wanted from now on.
  mutating func scale(_ crew: Int, to count: Int, now: ContinuousClock.Instant) -> [Action] {
    guard crews.indices.contains(crew), isServing else { return [] }
    crews[crew].wanted = max(0, count)
    return balance(crew, now: now)
  }

  /// None is started any more and those that run are told to end, or all that are wanted are started again.
  mutating func quiet(_ crew: Int, _ isQuiet: Bool, now: ContinuousClock.Instant) -> [Action] {
    guard crews.indices.contains(crew), isServing else { return [] }
    crews[crew].isQuiet = isQuiet
    return balance(crew, now: now)
  }

  mutating func balanceAll(now: ContinuousClock.Instant) -> [Action] {
    crews.indices.flatMap { balance($0, now: now) }
  }

  /// Brings a crew one step nearer to what it is to be.
  mutating func balance(_ crew: Int, now: ContinuousClock.Instant) -> [Action] {
    guard case .serving(let stage) = phase, crews[crew].definition.stage <= stage else { return [] }
    var actions: [Action] = []
    while let leaver = nextLeaver(crew) {
      members[leaver].isLeaving = true
      actions += end(members[leaver].id, now: now)
    }
    while mayAdd(to: crew) { actions += add(to: crew, now: now) }
    return actions + finishUpgrade(crew, now: now) + settleAlarm(crew)
  }

  func readyCount(_ crew: Int) -> Int { members.count { $0.crew == crew && !$0.isLeaving && $0.isReady } }

  /// Whether the member is not what its crew is to be made of.
  func isOld(_ member: PoolMember) -> Bool {
    member.isWorn || member.generation != crews[member.crew].generation
  }

  private func mayAdd(to crew: Int) -> Bool {
    let all = members.filter { $0.crew == crew }
    let staying = all.filter { !$0.isLeaving }
    let target = crews[crew].target
    if staying.count < target { return true }
    let fresh = staying.count { !isOld($0) }
    return fresh < staying.count && fresh < target && all.count < target + extra(crew)
  }

  private func extra(_ crew: Int) -> Int { crews[crew].upgrade?.plan.extra(over: crews[crew].target) ?? 1 }

  /// The one that is to go next.
  private func nextLeaver(_ crew: Int) -> Int? {
    let staying = members.indices.filter { members[$0].crew == crew && !members[$0].isLeaving }
    let target = crews[crew].target
    let old = staying.filter { isOld(members[$0]) }
    guard !old.isEmpty else { return staying.count > target ? leastUseful(staying) : nil }
    let fresh = staying.filter { !isOld(members[$0]) }
    if fresh.count > target { return leastUseful(fresh) }
    let freshReady = fresh.count { members[$0].isReady }
    // One that is about to come back goes when another one works in its place; one that was taken back goes at once.
    let places = crews[crew].upgrade?.cause == nil ? freshReady + old.count : staying.count
    if places > target, let idle = old.filter({ !members[$0].isReady }).max(by: isBefore) { return idle }
    let mayGo = isFleet(crew) ? freshReady >= target : readyCount(crew) > target
    return mayGo ? old.filter { members[$0].isReady }.min(by: isBefore) : nil
  }

  private func isFleet(_ crew: Int) -> Bool {
    guard let upgrade = crews[crew].upgrade else { return false }
    return upgrade.plan.isFleet && upgrade.cause == nil
  }

  /// One that is not ready, else the one with the highest number.
  private func leastUseful(_ indices: [Int]) -> Int? {
    indices.max { left, right in
      let (isLeftReady, isRightReady) = (members[left].isReady, members[right].isReady)
      return isLeftReady == isRightReady ? isBefore(left, right) : isLeftReady
    }
  }

  private func isBefore(_ left: Int, _ right: Int) -> Bool { members[left].slot < members[right].slot }
}
