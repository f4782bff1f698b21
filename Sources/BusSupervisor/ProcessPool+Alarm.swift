/// Processes that do not stay up: told once when that begins, and once when it is over.
extension ProcessPool {
  /// When a process that did not stay up has been ready for so long that it is believed.
  func calmAt(_ member: PoolMember) -> ContinuousClock.Instant? {
    member.isLooping && !member.isLeaving && isServing ? member.changedAt + policy.calmAfter : nil
  }

  /// A process stayed up at last.
  mutating func calm(_ index: Int, now: ContinuousClock.Instant) -> [Action] {
    members[index].isLooping = false
    return balance(members[index].crew, now: now)
  }

  /// Tells what has changed since it was told the last time: a hundred processes of one program are one alarm.
  mutating func settleAlarm(_ crew: Int) -> [Action] {
    let first = members.first { $0.crew == crew && $0.isLooping && !$0.isLeaving }
    if let first, !crews[crew].isAlarmed {
      crews[crew].isAlarmed = true
      let end = first.lastEnd ?? .notStarted(reason: "unknown")
      return [.report(name(of: first), .looping(end, failures: first.failures))]
    }
    guard first == nil, crews[crew].isAlarmed else { return [] }
    crews[crew].isAlarmed = false
    return [.report(crews[crew].definition.name, .recovered)]
  }
}
