/// A moment of the wall clock: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
public struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Microseconds since 1970.
  public var microseconds: Int64

  /// Takes microseconds since 1970.
  public init(microseconds: Int64) { self.microseconds = microseconds }

  /// In order of time.
  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

  /// Moves by a duration; held at the ends of the range instead of overflowing.
  public static func + (time: Timestamp, duration: Duration) -> Timestamp {
    let (sum, overflow) = time.microseconds.addingReportingOverflow(duration.inMicroseconds)
    guard overflow else { return Timestamp(microseconds: sum) }
    return Timestamp(microseconds: duration.inMicroseconds > 0 ? .max : .min)
  }

  /// Moves back by a duration.
  public static func - (time: Timestamp, duration: Duration) -> Timestamp {
    let (difference, overflow) = time.microseconds.subtractingReportingOverflow(duration.inMicroseconds)
    guard overflow else { return Timestamp(microseconds: difference) }
    return Timestamp(microseconds: duration.inMicroseconds > 0 ? .min : .max)
  }

  /// The time from the other moment to this one.
  public static func - (left: Timestamp, right: Timestamp) -> Duration {
    // The two ends of the range are further apart than Int64 counts.
    .microseconds(Int128(left.microseconds) - Int128(right.microseconds))
  }

  /// RFC 3339 in UTC with microseconds: `2026-01-31T08:30:00.000000Z`.
  ///
  /// Years outside 0 to 9999, which RFC 3339 does not know, have a sign and six digits (ISO 8601's expanded form).
  public var description: String {
    let (days, inDay) = floorDivide(microseconds, by: 86_400_000_000)
    let (year, month, day) = CivilDate.of(daysSince1970: days)
    let seconds = inDay / 1_000_000
    var text: [UInt8] = []
    text.reserveCapacity(32)
    if !(0...9999).contains(year) { text.append(UInt8(ascii: year < 0 ? "-" : "+")) }
    text.append(digits: abs(year), (0...9999).contains(year) ? 4 : 6)
    text.append(digits: month, 2, after: "-")
    text.append(digits: day, 2, after: "-")
    text.append(digits: seconds / 3600, 2, after: "T")
    text.append(digits: seconds / 60 % 60, 2, after: ":")
    text.append(digits: seconds % 60, 2, after: ":")
    text.append(digits: inDay % 1_000_000, 6, after: ".")
    text.append(UInt8(ascii: "Z"))
    return String(decoding: text, as: UTF8.self)
  }

  /// Parses RFC 3339, with any offset and up to 9 digits of a second's fraction, of which 6 count; and ``description``.
  public init(_ text: String) throws(ProtocolError) {
    guard text.utf8.count <= 48, let parsed = Timestamp(parsing: Array(text.utf8)) else {
      throw ProtocolError(.badName, "\(ProtocolError.quoted(text)) is not a time: write it as 2026-01-31T08:30:00Z")
    }
    self = parsed
  }

  private init?(parsing bytes: [UInt8]) {
    var reader = DigitReader(bytes: bytes)
    guard let year = reader.year(), reader.take("-"), let month = reader.number(2), reader.take("-"),
      let day = reader.number(2), reader.take("T") || reader.take("t") || reader.take(" "),
      let hour = reader.number(2), reader.take(":"), let minute = reader.number(2), reader.take(":"),
      let second = reader.number(2), (1...12).contains(month), day > 0, hour < 24, minute < 60, second < 61
    else { return nil }
    let fraction = reader.take(".") ? reader.fraction() : 0
    guard let fraction, let offset = reader.zone(), reader.isAtEnd else { return nil }
    let days = CivilDate.days(year: year, month: month, day: day)
    // A day that its month does not have would be one of the next month. A leap second counts as the next second.
    guard CivilDate.of(daysSince1970: days) == (year, month, day) else { return nil }
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset * 60
    guard let value = Int64(exactly: Int128(seconds) * 1_000_000 + Int128(fraction)) else { return nil }
    microseconds = value
  }
}

extension Duration {
  /// Whole microseconds, held at the ends of Int64.
  public var inMicroseconds: Int64 {
    // Checked before the division: `components` traps where the seconds do not fit into Int64.
    if self >= .microseconds(Int64.max) { return .max }
    if self <= .microseconds(Int64.min) { return .min }
    let (seconds, attoseconds) = components
    return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
  }

  /// Seconds with their fraction, for people and for JSON.
  public var inSeconds: Double { Double(inMicroseconds) / 1_000_000 }
}

/// Days and dates of the proleptic Gregorian calendar (the era method: 400 years are 146,097 days).
enum CivilDate {
  static func of(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = floorDivide(days + 719_468, by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
  }

  static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let (era, yearOfEra) = floorDivide(month <= 2 ? year - 1 : year, by: 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}

private struct DigitReader {
  let bytes: [UInt8]
  var position = 0
  var isAtEnd: Bool { position == bytes.count }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// Four digits, or a sign and six; as ``Timestamp/description`` writes them, so that each year has one form.
  mutating func year() -> Int64? {
    let sign: Int64 = take("+") ? 1 : take("-") ? -1 : 0
    guard sign != 0 else { return number(4) }
    guard let year = number(6), year > (sign > 0 ? 9999 : 0) else { return nil }
    return sign * year
  }

  mutating func number(_ count: Int) -> Int64? {
    guard position + count <= bytes.count else { return nil }
    var value: Int64 = 0
    for byte in bytes[position..<position + count] {
      guard byte >= 48, byte < 58 else { return nil }
      value = value * 10 + Int64(byte - 48)
    }
    position += count
    return value
  }

  mutating func fraction() -> Int64? {
    var (value, scale): (Int64, Int64) = (0, 1_000_000)
    let start = position
    while let digit = number(1) {
      guard position - start < 10 else { return nil }
      if scale > 1 {
        value = value * 10 + digit
        scale /= 10
      }
    }
    return position > start ? value * scale : nil
  }

  /// Minutes east of UTC.
  mutating func zone() -> Int64? {
    if take("Z") || take("z") { return 0 }
    let sign: Int64 = take("+") ? 1 : take("-") ? -1 : 0
    guard sign != 0, let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60 else {
      return nil
    }
    return sign * (hours * 60 + minutes)
  }
}

private func floorDivide(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
  let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
  return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

extension [UInt8] {
  /// A number in so many decimal digits behind a separator.
  fileprivate mutating func append(digits value: Int64, _ width: Int, after separator: Unicode.Scalar? = nil) {
    if let separator { append(UInt8(ascii: separator)) }
    var rest = value
    let end = count + width
    append(contentsOf: repeatElement(UInt8(ascii: "0"), count: width))
    for index in stride(from: end - 1, through: end - width, by: -1) {
      self[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
  }
}
