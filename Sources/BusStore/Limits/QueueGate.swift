public import BusProtocol

/// Whether jobs get into a queue and out of it: its limits, what of them is used up, and its pause. Pure.
public struct QueueGate: Hashable, Sendable {
  /// What the topology allows.
  public var limits = QueueLimits.none
  /// What of the rate is used up.
  public var meter = RateMeter()
  /// What of the retries is used up.
  public var retryBudget = RetryBudget()
  /// Who stopped it.
  public var pause: QueuePause?

  /// A queue that nothing limits.
  public init() {}

  /// How many more jobs may start now, while so many run.
  public func room(running: Int, at now: Timestamp) -> Int {
    guard !isPaused(at: now) else { return 0 }
    var room = limits.concurrency.map { max(0, $0 - running) } ?? .max
    if let rate = limits.rate { room = min(room, meter.available(rate, at: now)) }
    return room
  }

  /// Jobs were started. Returns whether the meter has to be kept.
  public mutating func start(_ count: Int, at now: Timestamp) -> Bool {
    guard count > 0, let rate = limits.rate else { return false }
    meter.start(rate, count: count, at: now)
    return true
  }

  /// When time alone lets the next job start, while so many run; nil when it may start now, or time does not help.
  public func opening(running: Int, after now: Timestamp) -> Timestamp? {
    if isPaused(at: now) { return pause?.until }
    guard limits.concurrency.map({ running < $0 }) ?? true, let rate = limits.rate,
      let opening = meter.opening(rate, at: now), opening > now
    else { return nil }
    return opening
  }

  /// How many new jobs get in, while so many wait.
  public func vacancy(waiting: Int, at now: Timestamp) -> Int {
    if let pause, pause.kind == .drain, pause.holds(at: now) { return 0 }
    return limits.waiting.map { max(0, $0 - waiting) } ?? .max
  }

  /// Why a new job does not get in, while so many wait; nil when it does.
  public func refusal(of queue: QueueName, waiting: Int, at now: Timestamp) -> EnqueueRefusal? {
    if let pause, pause.kind == .drain, pause.holds(at: now) {
      let why = pause.reason.isEmpty ? "" : " (\(pause.reason))"
      return EnqueueRefusal(
        .draining, "queue \"\(queue)\" takes no new jobs: it is being drained\(why); ask again when it is resumed")
    }
    guard let limit = limits.waiting, waiting >= limit else { return nil }
    return EnqueueRefusal(
      .full, "queue \"\(queue)\" takes no new jobs: \(waiting) wait and its limit is \(limit); ask again later")
  }

  private func isPaused(at now: Timestamp) -> Bool {
    guard let pause, pause.kind == .pause else { return false }
    return pause.holds(at: now)
  }
}
