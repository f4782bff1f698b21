internal import BusProtocol

/// Pauses of schedules and subscriptions: kept in their rows, over restarts and new plans.
extension SQLiteJobStore {
  /// Stops a schedule, or lets it go on.
  func pause(_ schedule: ScheduleName, _ pause: Pause?) throws -> StoreReply {
    let name = schedule.description
    guard let status = try statements.schedules.one.bind(name).first({ try self.schedule($0) }) else {
      return .held(isKnown: false, before: nil)
    }
    if status.pause != nil, pause != nil { return .held(isKnown: true, before: status.pause) }
    try statements.insight.pauseSchedule.bind(pause?.since.microseconds).bind(pause?.reason).bind(name).run()
    return .held(isKnown: true, before: status.pause)
  }

  /// Stops a subscription, so that its runner's token is void, or lets it go on.
  func pause(_ subscription: SubscriptionName, _ pause: Pause?) throws -> StoreReply {
    let name = subscription.description
    let found: Pause?? = try statements.insight.pauseOfSubscription.bind(name).first { $0.pause() }
    guard let before = found else { return .held(isKnown: false, before: nil) }
    if before != nil, pause != nil { return .held(isKnown: true, before: before) }
    try statements.insight.pauseSubscription.bind(pause?.since.microseconds).bind(pause?.reason).bind(name).run()
    if pause != nil { try statements.leaseSubscription.bind(UInt64(0)).bind(name).run() }
    return .held(isKnown: true, before: before)
  }
}

extension SQLStatement {
  /// The reason and the beginning of a pause, in this order.
  func pause() -> Pause? {
    let (reason, since) = (text(), time())
    return since.map { Pause(reason: reason ?? "", since: $0) }
  }
}
