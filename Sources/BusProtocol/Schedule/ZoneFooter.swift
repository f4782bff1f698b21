/// The rule at the end of a TZif file, for all time to come: `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// As POSIX writes TZ, with the hours from -167 to 167 that RFC 8536 adds: the standard name and its offset *west* of
/// UTC; then, if there is summer time, its name, its offset (an hour more without one), and when it begins and ends.
struct ZoneFooter: Hashable, Sendable {
  let standard: Int64
  let summer: Summer?

  struct Summer: Hashable, Sendable {
    var offset: Int64
    var begin: Day
    var end: Day
  }

  /// A day of each year, and the seconds from its midnight.
  struct Day: Hashable, Sendable {
    enum Rule: Hashable, Sendable {
      /// `Jn`: 1 to 365, 29 February not counted.
      case julian(Int64)
      /// `n`: 0 to 365, 29 February counted.
      case counted(Int64)
      /// `Mm.w.d`: the w-th of a weekday in a month, the fifth is the last.
      case weekday(month: Int64, week: Int64, day: Int64)
    }

    var rule: Rule
    var time: Int64

    /// Its second on the wall clock of a year.
    func local(in year: Int64) -> Int64 {
      let first = CivilDate.days(year: year, month: 1, day: 1)
      let day: Int64
      switch rule {
      case .julian(let number):
        let isLeap = CivilDate.days(year: year, month: 3, day: 1) - first == 60
        day = first + number - 1 + (isLeap && number >= 60 ? 1 : 0)
      case .counted(let number): day = first + number
      case .weekday(let month, let week, let weekday):
        let begin = CivilDate.days(year: year, month: month, day: 1)
        let (nextYear, nextMonth) = month == 12 ? (year + 1, 1) : (year, month + 1)
        let end = CivilDate.days(year: nextYear, month: nextMonth, day: 1)
        let ahead = weekday - (begin + 4) - 7 * floorDivided(weekday - (begin + 4), by: 7)
        let chosen = begin + ahead + (week - 1) * 7
        day = chosen < end ? chosen : chosen - 7
      }
      return day * 86_400 + time
    }
  }

  /// The stretch that a moment is in.
  func stretch(at moment: Int64) -> ZoneRules.Stretch {
    guard let summer else { return ZoneRules.Stretch(offset: standard, end: nil) }
    let year = CivilDate.of(daysSince1970: floorDivided(moment, by: 86_400)).year
    var changes: [ZoneRules.Change] = []
    // The hours reach a week to both sides, so the neighbours' changes may be this year's.
    for year in year - 1...year + 1 {
      changes.append(.init(at: summer.begin.local(in: year) - standard, offset: summer.offset))
      changes.append(.init(at: summer.end.local(in: year) - summer.offset, offset: standard))
    }
    changes.sort { $0.at < $1.at }
    let last = changes.last { $0.at <= moment }
    return ZoneRules.Stretch(offset: last?.offset ?? standard, end: changes.first { $0.at > moment }?.at)
  }

  /// Parses the line; nil for anything that is not one.
  init?(_ line: ArraySlice<UInt8>) {
    var reader = FooterReader(bytes: line)
    guard reader.name(), let west = reader.time(hours: 24) else { return nil }
    standard = -west
    guard !reader.isAtEnd else {
      summer = nil
      return
    }
    guard reader.name() else { return nil }
    var offset = standard + 3600
    if !reader.isNext(",") {
      guard let west = reader.time(hours: 24) else { return nil }
      offset = -west
    }
    guard reader.take(","), let begin = reader.day(), reader.take(","), let end = reader.day(), reader.isAtEnd
    else { return nil }
    summer = Summer(offset: offset, begin: begin, end: end)
  }
}

private struct FooterReader {
  var bytes: ArraySlice<UInt8>

  var isAtEnd: Bool { bytes.isEmpty }

  func isNext(_ scalar: Unicode.Scalar) -> Bool { bytes.first == UInt8(ascii: scalar) }

  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard isNext(scalar) else { return false }
    bytes.removeFirst()
    return true
  }

  /// Three letters or more, or anything of letters, digits and signs in angle brackets.
  mutating func name() -> Bool {
    let isQuoted = take("<")
    let name = bytes.prefix { byte in
      let isLetter = (0x41...0x5A).contains(byte & 0xDF)
      let isSign = (0x30...0x39).contains(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
      return isLetter || (isQuoted && isSign)
    }
    guard (3...32).contains(name.count) else { return false }
    bytes.removeFirst(name.count)
    return !isQuoted || take(">")
  }

  mutating func number(through limit: Int64) -> Int64? {
    let digits = bytes.prefix { (0x30...0x39).contains($0) }
    guard (1...3).contains(digits.count) else { return nil }
    bytes.removeFirst(digits.count)
    let number = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) }
    return number <= limit ? number : nil
  }

  /// Hours, minutes and seconds, with a sign before them.
  mutating func time(hours limit: Int64) -> Int64? {
    let sign: Int64 = take("-") ? -1 : 1
    if sign == 1 { _ = take("+") }
    guard var seconds = number(through: limit).map({ $0 * 3600 }) else { return nil }
    for unit: Int64 in [60, 1] {
      guard take(":") else { break }
      guard let part = number(through: 59) else { return nil }
      seconds += part * unit
    }
    return sign * seconds
  }

  mutating func day() -> ZoneFooter.Day? {
    guard let rule = rule() else { return nil }
    guard take("/") else { return ZoneFooter.Day(rule: rule, time: 7200) }
    return time(hours: 167).map { ZoneFooter.Day(rule: rule, time: $0) }
  }

  private mutating func rule() -> ZoneFooter.Day.Rule? {
    if take("J") {
      guard let number = number(through: 365), number > 0 else { return nil }
      return .julian(number)
    }
    guard take("M") else { return number(through: 365).map { .counted($0) } }
    guard let month = number(through: 12), month > 0, take("."), let week = number(through: 5), week > 0, take("."),
      let day = number(through: 6)
    else { return nil }
    return .weekday(month: month, week: week, day: day)
  }
}
