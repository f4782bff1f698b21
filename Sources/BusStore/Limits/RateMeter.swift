public import BusProtocol

/// How much of a rate is used up: one moment says it all, the one at which nothing is.
///
/// The generic cell rate algorithm: a start moves that moment on by `per / count`, and it may lie no more than a burst
/// ahead. Pure, exact to a nanosecond, and never above the rate: fractions are rounded against the one who asks.
public struct RateMeter: Hashable, Sendable {
  /// When nothing is used up any more, in nanoseconds since 1970.
  public private(set) var restedAt: Int64

  /// A meter at rest, or as it was kept.
  public init(restedAt: Int64 = .min) { self.restedAt = restedAt }

  /// How many may start now.
  public func available(_ rate: RateLimit, at now: Timestamp) -> Int {
    let now = RateMeter.nanoseconds(now)
    return Int((now + rate.span - used(rate, now)) / rate.interval)
  }

  /// Some started now. Whoever asked ``available(_:at:)`` before goes with what it said.
  public mutating func start(_ rate: RateLimit, count: Int = 1, at now: Timestamp) {
    restedAt = used(rate, RateMeter.nanoseconds(now)) + Int64(count) * rate.interval
  }

  /// When so many may start; at once or in the past where they may. Nil for more than the burst: they never may at once.
  public func opening(_ rate: RateLimit, for count: Int = 1, at now: Timestamp) -> Timestamp? {
    guard count <= rate.burst else { return nil }
    let from = used(rate, RateMeter.nanoseconds(now)) - Int64(rate.burst - count) * rate.interval
    return Timestamp(microseconds: from / 1000 + (from % 1000 > 0 ? 1 : 0))
  }

  /// Rested means from now on, not from then. And a clock that was set back must not close the meter for as long as it
  /// went: more than a burst ahead is never owed.
  private func used(_ rate: RateLimit, _ now: Int64) -> Int64 { min(max(restedAt, now), now + rate.span) }

  /// When the meter is at rest, on the clock.
  public var rested: Timestamp { Timestamp(microseconds: restedAt / 1000 + (restedAt % 1000 > 0 ? 1 : 0)) }

  /// Held within about 270 years of 1970, so that nothing here can overflow.
  static func nanoseconds(_ time: Timestamp) -> Int64 {
    min(max(time.microseconds, -limit), limit) * 1000
  }

  private static let limit: Int64 = 8_500_000_000_000_000
}

extension RateLimit {
  /// From one start to the next, in nanoseconds, rounded up.
  var interval: Int64 {
    let per = per.duration.components.seconds * 1_000_000_000
    return (per + Int64(count) - 1) / Int64(count)
  }

  /// What a burst uses up.
  fileprivate var span: Int64 { Int64(burst) * interval }
}
