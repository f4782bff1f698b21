public import BusProtocol

/// How many retries of a queue are used up, and those that are promised: each that is over the budget has a moment of
/// its own, in the order in which they came.
///
/// As ``RateMeter`` it is one moment; but it may lie as far ahead as retries wait. Pure.
public struct RetryBudget: Hashable, Sendable {
  /// When nothing is used up or promised any more, in nanoseconds since 1970.
  public private(set) var restedAt: Int64

  /// A budget at rest, or as it was kept.
  public init(restedAt: Int64 = .min) { self.restedAt = restedAt }

  /// When the next one may come back: now, or later.
  ///
  /// `waiting` says how many there are at most that something was promised to; a clock that was set back must not close
  /// the budget for longer than they take.
  public func slot(_ rate: RateLimit, waiting: Int, at now: Timestamp) -> Timestamp {
    let nanoseconds = used(rate, waiting, now) - Int64(rate.burst - 1) * rate.interval
    let slot = Timestamp(microseconds: nanoseconds / 1000 + (nanoseconds % 1000 > 0 ? 1 : 0))
    return max(now, slot)
  }

  /// The next one comes back when ``slot(_:waiting:at:)`` says.
  public mutating func take(_ rate: RateLimit, waiting: Int, at now: Timestamp) {
    restedAt = used(rate, waiting, now) + rate.interval
  }

  private func used(_ rate: RateLimit, _ waiting: Int, _ now: Timestamp) -> Int64 {
    let now = RateMeter.nanoseconds(now)
    let (ahead, isTooFar) = Int64(max(0, waiting) + rate.burst).multipliedReportingOverflow(by: rate.interval)
    return min(max(restedAt, now), now + (isTooFar ? RetryBudget.longest : min(ahead, RetryBudget.longest)))
  }

  /// Five years.
  private static let longest: Int64 = 5 * 365 * 86_400 * 1_000_000_000
}
