internal import BusProtocol
internal import BusTopology

/// What a person may write where a time belongs.
enum TimeWord: Equatable, Sendable {
  /// A moment: `10m` ago, `today`, `09:30`, `2026-01-31`, RFC 3339.
  case time(Timestamp)
  /// A place in the spool: `#184223`.
  case offset(Offset)
  /// An event by its id.
  case event(EventID)

  /// Which moment of those that a word can mean.
  enum Direction {
    /// The last one: `10m` is ten minutes ago.
    case past
    /// The next one: `10m` is in ten minutes.
    case future
  }

  /// What may be written, for messages.
  static let forms = "10m, 2d, today, 09:30, 2026-01-31, 2026-01-31T08:30:00Z, '#184223', an event's id"

  /// Reads the word, nil for one that is none.
  init?(_ text: String, now: Timestamp, zone: Zone, direction: Direction = .past) {
    if text.hasPrefix("#") {
      guard let number = UInt64(text.dropFirst()) else { return nil }
      self = .offset(Offset(number))
    } else if text.utf8.count == 26, let id = try? EventID(text) {
      self = .event(id)
    } else if let time = TimeWord.time(text, now: now, zone: zone, direction: direction) {
      self = .time(time)
    } else {
      return nil
    }
  }

  /// Reads a word that is a moment.
  static func time(_ text: String, now: Timestamp, zone: Zone, direction: Direction) -> Timestamp? {
    let midnight = dayStart(of: now, zone: zone)
    switch text {
    case "now": return now
    case "today": return midnight
    case "yesterday": return dayStart(of: midnight - .seconds(43_200), zone: zone)
    case "tomorrow": return dayStart(of: midnight + .seconds(36 * 3600), zone: zone)
    default: break
    }
    if let duration = Duration(words: text) { return direction == .past ? now - duration : now + duration }
    if let inDay = timeOfDay(text) {
      let time = midnight + inDay
      if direction == .future, time <= now { return time + .seconds(86_400) }
      return direction == .past && time > now ? time - .seconds(86_400) : time
    }
    if text.utf8.count == 10, let date = try? Timestamp("\(text)T00:00:00Z") {
      return date - .seconds(zone(date - .seconds(zone(date))))
    }
    return try? Timestamp(text)
  }

  /// Midnight of the moment's day where the zone is.
  private static func dayStart(of time: Timestamp, zone: Zone) -> Timestamp {
    let there = time + .seconds(zone(time))
    let day: Int64 = 86_400_000_000
    let inDay = ((there.microseconds % day) + day) % day
    let midnight = there - .microseconds(inDay)
    return midnight - .seconds(zone(midnight - .seconds(zone(time))))
  }

  /// `09:30` or `09:30:15` since midnight.
  private static func timeOfDay(_ text: String) -> Duration? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), parts.allSatisfy({ (1...2).contains($0.utf8.count) }) else { return nil }
    let numbers = parts.compactMap { UInt8($0) }
    guard numbers.count == parts.count, numbers[0] < 24, numbers[1] < 60, numbers.count < 3 || numbers[2] < 60 else {
      return nil
    }
    let seconds = Int(numbers[0]) * 3600 + Int(numbers[1]) * 60 + (numbers.count == 3 ? Int(numbers[2]) : 0)
    return .seconds(seconds)
  }
}
