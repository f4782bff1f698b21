internal import ArgumentParser
internal import BusProtocol

/// How far local time is ahead of UTC at a moment, in seconds.
typealias Zone = @Sendable (Timestamp) -> Int64

/// Writes moments the way that was asked for.
struct TimeText: Sendable {
  /// The ways.
  enum Format: String, CaseIterable, Sendable, ExpressibleByArgument {
    /// The time of day here, with the date where it is not today.
    case local
    /// The same in UTC.
    case utc
    /// How long ago, or in how long.
    case relative
    /// RFC 3339 in UTC with microseconds.
    case iso
  }

  var format: Format
  var now: Timestamp
  var zone: Zone

  /// The moment to the millisecond.
  func callAsFunction(_ time: Timestamp) -> String {
    switch format {
    case .local: return clock(time, zone: zone)
    case .utc: return clock(time) { _ in 0 } + "Z"
    case .relative: return relative(time)
    case .iso: return time.description
    }
  }

  /// `3m12s ago`, `in 4m10s`.
  func relative(_ time: Timestamp) -> String {
    time > now ? "in \(Brief.duration(time - now))" : "\(Brief.duration(now - time)) ago"
  }

  /// `10:42:06.800`, or with the date where it is not today's.
  private func clock(_ time: Timestamp, zone: Zone) -> String {
    // `2026-01-31T08:30:00.000000Z`, shifted to where the clock is read.
    let there = (time + .seconds(zone(time))).description
    let today = (now + .seconds(zone(now))).description.prefix(10)
    let clock = there.dropFirst(11).prefix(12)
    return there.prefix(10) == today ? String(clock) : "\(there.prefix(10)) \(clock)"
  }
}
