/// When something happens again and again on a wall clock: five fields as cron knows them.
///
/// Minute, hour, day of the month, month and weekday, each `*`, a number, a name (`jan`, `mon`), a range, a list, or
/// one with a step. `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly` and `@annually` stand for five
/// fields. When neither day field begins with `*`, a day that matches one of them is enough, as in Vixie's cron.
/// Seconds are no field: use an interval. An expression that never fires (`0 0 30 2 *`) is refused.
public struct CronExpression: Hashable, Sendable, CustomStringConvertible {
  /// As it was written.
  public let description: String
  /// Whether the hour is `*` or `*/n`: then it goes on by elapsed time where a clock is moved. See ``ScheduleRule``.
  public let takesEveryHour: Bool

  private let minutes, hours, days, months, weekdays: UInt64
  /// Whether a day has to match both day fields: one of them begins with `*`.
  private let needsBothDays: Bool

  private static let words = [
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
  ]
  private static let maximumByteCount = 400

  /// Parses an expression; the error has the column of the fault.
  public init(_ text: String) throws(ScheduleError) {
    guard text.utf8.count <= Self.maximumByteCount else {
      throw ScheduleError(
        text: text, problem: "it has \(text.utf8.count) bytes, the limit is \(Self.maximumByteCount)",
        help: "use ranges and steps")
    }
    description = text
    let fields = try Self.fields(of: text)
    var bits: [UInt64] = []
    for (field, part) in zip(CronField.all, fields) {
      bits.append(try field.bits(part.text, first: part.column, of: text))
    }
    (minutes, hours, days, months, weekdays) = (bits[0], bits[1], bits[2], bits[3], bits[4])
    takesEveryHour = fields[1].text.hasPrefix("*")
    needsBothDays = fields[2].text.hasPrefix("*") || fields[4].text.hasPrefix("*")
    guard firesAtAll else {
      throw ScheduleError(
        text: text, column: fields[2].column, problem: "it never fires: no month that is named has such a day",
        help: "the days are 1 to 31, 30 or 29 by the month")
    }
  }

  /// The five fields with the columns at which they begin.
  private static func fields(of text: String) throws(ScheduleError) -> [(text: Substring, column: Int)] {
    if let start = text.firstIndex(where: { $0 != " " && $0 != "\t" }), text[start] == "@" {
      let word = text[start...].split(whereSeparator: { $0 == " " || $0 == "\t" }).first ?? ""
      let known = words.keys.sorted().joined(separator: " ")
      guard text[start...].allSatisfy({ $0 != " " && $0 != "\t" }), let five = words[word.lowercased()] else {
        throw ScheduleError(
          text: text, problem: "\(ProtocolError.quoted(String(text[start...]))) is no word for a time",
          help: "use one of \(known), or five fields")
      }
      return five.split(separator: " ").map { (Substring($0), 1) }
    }
    var fields: [(text: Substring, column: Int)] = []
    var column = 1
    for part in text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == " " || $0 == "\t" }) {
      if !part.isEmpty { fields.append((part, column)) }
      column += part.unicodeScalars.count + 1
    }
    guard fields.count == 5 else {
      let seconds = fields.count == 6 ? ": seconds are no field here" : ""
      throw ScheduleError(
        text: text, column: fields.count > 5 ? fields[5].column : max(1, column - 1),
        problem: "it has \(fields.count) fields, not 5\(seconds)",
        help: "write minute hour day month weekday, for example 0 8 * * mon-fri")
    }
    return fields
  }

  /// Whether one of the days exists in one of the months. A weekday exists in each.
  private var firesAtAll: Bool {
    if !needsBothDays { return true }
    return (1...12).contains { month in
      let length = [2: 29, 4: 30, 6: 30, 9: 30, 11: 30][month] ?? 31
      return months & 1 << UInt64(month) != 0 && days & (1 << UInt64(length + 1) - 1) != 0
    }
  }

  // MARK: On the wall clock

  /// The first matching minute of a wall clock at or after a moment; both in seconds since 1970 on that clock.
  ///
  /// Months and days that do not match are passed over whole; minutes are not counted. The rarest of all, 29 February
  /// on a weekday (`0 0 29 2 */2`), comes again after 40 years at the latest.
  func next(from start: Int64) -> Int64? {
    var minute = floorDivided(start &+ 59, by: 60)
    let limit = CivilDate.of(daysSince1970: floorDivided(start, by: 86_400)).year + 48
    while true {
      let day = floorDivided(minute, by: 1440)
      let (year, month, dayOfMonth) = CivilDate.of(daysSince1970: day)
      guard year <= limit else { return nil }
      if months & 1 << UInt64(month) == 0 {
        let (nextYear, nextMonth) = month == 12 ? (year + 1, 1) : (year, month + 1)
        minute = CivilDate.days(year: nextYear, month: nextMonth, day: 1) * 1440
      } else if matches(day: day, dayOfMonth), let found = time(from: minute - day * 1440) {
        return (day * 1440 + found) * 60
      } else {
        minute = (day + 1) * 1440
      }
    }
  }

  private func matches(day: Int64, _ dayOfMonth: Int64) -> Bool {
    let weekday = day + 4 - 7 * floorDivided(day + 4, by: 7)  // 1970-01-01 was a Thursday.
    let isDay = days & 1 << UInt64(dayOfMonth) != 0
    let isWeekday = weekdays & 1 << UInt64(weekday) != 0
    return needsBothDays ? isDay && isWeekday : isDay || isWeekday
  }

  /// The first matching minute of a day from one on.
  private func time(from minute: Int64) -> Int64? {
    let (hour, inHour) = (UInt64(minute / 60), UInt64(minute % 60))
    if hours & 1 << hour != 0, minutes >> inHour != 0 {
      return minute + Int64((minutes >> inHour).trailingZeroBitCount)
    }
    let later = hours >> (hour + 1)
    guard later != 0 else { return nil }
    return (Int64(hour) + 1 + Int64(later.trailingZeroBitCount)) * 60 + Int64(minutes.trailingZeroBitCount)
  }
}

/// The quotient rounded towards the past.
func floorDivided(_ value: Int64, by divisor: Int64) -> Int64 {
  let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
  return remainder < 0 ? quotient - 1 : quotient
}
