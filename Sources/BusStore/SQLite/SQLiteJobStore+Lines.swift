internal import BusProtocol

/// Whom a blocked job waits for.
enum BlockedBy: Int64 {
  /// Another job runs under its worker lock, or goes before it.
  case workerLock = 0
  /// As many run under its limit as may, or as many are ready to; or its rate is used up.
  case limit = 1
}

/// The lines of jobs that wait for a limit.
///
/// A job waits for its worker lock first and then for its limit, so one line never holds up the other. Of each queue
/// only as many jobs under a limit are ready as could start; the others stand in the line, in the order in which they
/// go, and nobody looks at them before it is their turn. What runs under a limit is counted from the rows that run: it
/// cannot leak. The line moves when one of the limit stops running (``release(_:_:at:)``), and when the meter of a rate
/// opens (``openLimits(at:)``).
extension SQLiteJobStore {
  /// What keeps a job from being ready; nil for nothing. A new job is younger than all: its place is before `.max`.
  func obstacle(
    _ workerLock: String?, _ limit: JobLimit?, _ queue: Int64, _ priority: Int, before seq: Int64, at now: Timestamp
  ) throws -> BlockedBy? {
    if try isWorkerLockHeld(workerLock, queue, priority, before: seq) { return .workerLock }
    guard let limit else { return nil }
    return try mayBeReady(limit, queue, priority, before: seq, at: now) ? nil : .limit
  }

  /// The same for a ready job that is about to start.
  func obstacleAtStart(_ workerLock: String?, _ limit: JobLimit?, at now: Timestamp) throws -> BlockedBy? {
    if let workerLock, try isHeld(workerLock) { return .workerLock }
    guard let limit else { return nil }
    try writeTurns()
    if let concurrency = limit.concurrency, try running(limit, atMost: concurrency) >= concurrency { return .limit }
    guard let rate = limit.rate else { return nil }
    let meter = try meter(of: limit.key)
    guard meter.available(rate, at: now) < 1 else { return nil }
    try lookAgain(limit.key, at: meter.opening(rate, at: now))
    return .limit
  }

  private func isHeld(_ workerLock: String) throws -> Bool {
    if pending.holds(workerLock) { return true }
    return try statements.lockIsHeld.bind(workerLock).first { $0.integer() } != nil
  }

  /// A job stopped running, or being ready, or waiting for its limit: those behind it may go.
  ///
  /// Returns how many are ready now that were not.
  @discardableResult func release(_ workerLock: String?, _ limit: String?, at now: Timestamp) throws -> Int {
    var count = 0
    if let workerLock {
      count += try release(workerLock: workerLock, at: now)
      // Who asks for this looks at rows.
      try writeTurns()
    }
    if let limit { count += try release(limit: limit, at: now) }
    return count
  }

  /// Lets the first of the line be ready in each queue, as long as the limit allows it.
  private func release(limit key: String, at now: Timestamp) throws -> Int {
    try writeTurns()
    var (queue, count): (Int64, Int) = (0, 0)
    while let head = try lineHead(key, from: queue) {
      queue = head.queue
      if try isWorkerLockHeld(head.workerLock, queue, head.priority, before: head.seq) {
        try statements.block.bind(BlockedBy.workerLock.rawValue).bind(head.seq).run()
      } else if try mayBeReady(head.limit, queue, head.priority, before: head.seq, at: now) {
        try wake(head.seq, of: queue)
        count += 1
      } else {
        queue += 1
      }
    }
    return count
  }

  private struct LineHead {
    var seq: Int64
    var queue: Int64
    var priority: Int
    var workerLock: String?
    var limit: JobLimit
  }

  private func lineHead(_ key: String, from queue: Int64) throws -> LineHead? {
    try statements.lineHead.bind(key).bind(queue).first { row in
      let (seq, queue, priority, workerLock) = (row.integer(), row.integer(), Int(row.integer()), row.text())
      return LineHead(
        seq: seq, queue: queue, priority: priority, workerLock: workerLock,
        limit: try row.limit() ?? JobLimit(key: key))
    }
  }

  /// Whether a job may be ready: nobody of its queue waits before it, and with those that are ready before it and
  /// those that run it is within the limit.
  func mayBeReady(
    _ limit: JobLimit, _ queue: Int64, _ priority: Int, before seq: Int64, at now: Timestamp
  ) throws -> Bool {
    func bindPlace(_ statement: SQLStatement) -> SQLStatement {
      statement.bind(limit.key).bind(queue).bind(priority).bind(seq)
    }
    func ready(atMost count: Int) throws -> Int {
      try bindPlace(statements.limitReady).bind(count).first { Int($0.integer()) } ?? 0
    }
    if try bindPlace(statements.lineAhead).first({ $0.integer() }) == 1 { return false }
    if let concurrency = limit.concurrency {
      let room = concurrency - (try running(limit, atMost: concurrency))
      guard room > 0, try ready(atMost: room) < room else { return false }
    }
    guard let rate = limit.rate else { return true }
    let meter = try meter(of: limit.key)
    // Bounded, because they are counted; whoever starts lets the next ones come.
    let available = min(meter.available(rate, at: now), JobLimit.maximumConcurrency)
    let ahead = available > 0 ? try ready(atMost: available) : 0
    if ahead < available { return true }
    try lookAgain(limit.key, at: meter.opening(rate, for: ahead + 1, at: now))
    return false
  }

  private func running(_ limit: JobLimit, atMost count: Int) throws -> Int {
    try statements.limitRunning.bind(limit.key).bind(count).first { Int($0.integer()) } ?? 0
  }

  /// How many jobs run under a limit, at most ``JobLimit/maximumConcurrency``.
  public func running(underLimit key: String) throws(StoreError) -> Int {
    try reading("the runs under a limit") {
      try running(JobLimit(key: key), atMost: JobLimit.maximumConcurrency)
    }
  }

  // MARK: Rates

  func meter(of key: String) throws -> RateMeter {
    RateMeter(restedAt: try statements.meter.bind(key).first { $0.integer() } ?? .min)
  }

  private func lookAgain(_ key: String, at time: Timestamp?) throws {
    // Without a time those that are ready use up the burst: the first of them to start sees to the line.
    guard let time else { return }
    try statements.lookEarlier.bind(time).bind(key).run()
  }

  /// A job under a rate started.
  func startMeter(of limit: JobLimit, at now: Timestamp) throws {
    guard let rate = limit.rate else { return }
    var meter = try meter(of: limit.key)
    meter.start(rate, at: now)
    let isAwaited = try statements.lineExists.bind(limit.key).first { $0.integer() } == 1
    let opening = isAwaited ? meter.opening(rate, at: now) : nil
    try statements.saveMeter.bind(limit.key).bind(meter.restedAt)
      .bind(opening.map { max($0, now + .microseconds(1)) } ?? SQLiteJobStore.afterRest(meter, now)).run()
  }

  /// Moves the lines whose time has come, and forgets meters that are at rest; some of them at a time.
  func openLimits(at now: Timestamp) throws {
    let meters = try statements.metersToLookAt.bind(now).bind(StoreCommand.promotionLimit).all {
      (key: $0.text() ?? "", meter: RateMeter(restedAt: $0.integer()))
    }
    for (key, meter) in meters {
      let isAwaited = try statements.lineExists.bind(key).first { $0.integer() } == 1
      guard isAwaited || meter.rested > now else {
        try statements.forgetMeter.bind(key).run()
        continue
      }
      try statements.lookLater.bind(SQLiteJobStore.afterRest(meter, now)).bind(key).run()
      if isAwaited { try release(nil, key, at: now) }
    }
  }

  /// On the full minute after it: meters that are only to be forgotten are so together, not each at a moment of its own.
  private static func afterRest(_ meter: RateMeter, _ now: Timestamp) -> Timestamp {
    let minute: Int64 = 60_000_000
    return Timestamp(microseconds: (max(meter.rested, now).microseconds / minute + 1) * minute)
  }
}
