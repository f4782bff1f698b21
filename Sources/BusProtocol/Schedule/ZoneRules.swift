/// How far a place's clock was, is and will be from UTC: the rules of a time zone, as a TZif file has them.
///
/// Times are seconds since 1970, offsets seconds east of UTC. See ``init(name:tzif:)`` for the format.
public struct ZoneRules: Hashable, Sendable, CustomStringConvertible {
  /// The zone's name, `Europe/Paris`.
  public let name: String

  /// When the clock is moved, ascending; and its offset from then on.
  let changes: [Change]
  /// Before the first of them.
  let firstOffset: Int64
  /// Behind the last of them; nil when it stays as it is.
  let footer: ZoneFooter?

  struct Change: Hashable, Sendable {
    var at: Int64
    var offset: Int64
  }

  /// A time in which the clock is not moved; `end` is the first second behind it, nil when there is none.
  struct Stretch: Hashable {
    var offset: Int64
    var end: Int64?
  }

  /// The zone that never moves its clock.
  public static let utc = ZoneRules(name: "UTC", changes: [], firstOffset: 0, footer: nil)

  init(name: String, changes: [Change], firstOffset: Int64, footer: ZoneFooter?) {
    self.name = name
    self.changes = changes
    self.firstOffset = firstOffset
    self.footer = footer
  }

  /// The zone's name.
  public var description: String { name }

  /// How many seconds the clock is east of UTC at a moment.
  public func offset(at moment: Timestamp) -> Int {
    Int(stretch(at: floorDivided(moment.microseconds, by: 1_000_000)).offset)
  }

  /// The stretch that a moment is in.
  func stretch(at moment: Int64) -> Stretch {
    guard let last = changes.last else { return footer?.stretch(at: moment) ?? Stretch(offset: firstOffset, end: nil) }
    if moment >= last.at { return footer?.stretch(at: moment) ?? Stretch(offset: last.offset, end: nil) }
    // The first change that is later than the moment.
    var (low, high) = (0, changes.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if changes[middle].at > moment { high = middle } else { low = middle + 1 }
    }
    return Stretch(offset: low == 0 ? firstOffset : changes[low - 1].offset, end: changes[low].at)
  }

  /// The moment of a time on the clock: the first when it comes twice, the end of the gap when it does not come.
  func moment(ofLocal local: Int64) -> Int64 {
    // No clock is further from UTC than this (RFC 8536, 3.2), so the walk begins before all candidates.
    var stretch = stretch(at: local - 93_600)
    for _ in 0..<64 {
      guard let end = stretch.end, local >= end + stretch.offset else { break }
      let next = self.stretch(at: end)
      if local < end + next.offset { return end }
      stretch = next
    }
    return local - stretch.offset
  }
}
