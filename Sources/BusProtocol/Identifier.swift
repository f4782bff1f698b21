/// Sixteen bytes that name one thing for ever: a UUIDv7 (RFC 9562 §5.7), so that ids sort by the time they were made.
///
/// Written in 26 characters of Crockford's base 32 (the form of a ULID), upper case, most significant first.
/// `Subject` keeps an event's id from being taken for a job's.
public struct Identifier<Subject>: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The first eight bytes, big-endian.
  public let high: UInt64
  /// The last eight bytes, big-endian.
  public let low: UInt64

  /// Takes the sixteen bytes as two big-endian halves.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Makes a UUIDv7 of a moment and 64 bits of chance: the lowest 2 of the first number, the lowest 62 of the second.
  ///
  /// The moment's microseconds go into `rand_a` (RFC 9562 §6.2, method 3). Moments before 1970 count as 1970, those
  /// behind the year 10889, which 48 bits of milliseconds do not reach, as the last one.
  public init(at time: Timestamp, random: (UInt64, UInt64)) {
    high = Identifier.stem(at: time) | random.0 & 3
    low = random.1 & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
  }

  /// The first half of an id of a moment, without its two bits of chance.
  package static func stem(at time: Timestamp) -> UInt64 {
    let last = maximumMilliseconds * 1000 + 999
    let (milliseconds, rest) = min(UInt64(max(0, time.microseconds)), last).quotientAndRemainder(dividingBy: 1000)
    // 1000 µs spread over 12 bits leaves 4 values a µs: those are chance.
    return milliseconds << 16 | 0x7000 | rest * 4
  }

  private static var maximumMilliseconds: UInt64 { 0xFFFF_FFFF_FFFF }

  /// Parses the 26 characters, in either case; I, L and O are read as 1, 1 and 0.
  public init(_ text: String) throws(ProtocolError) {
    guard let value = Identifier(parsing: text.utf8) else {
      throw ProtocolError(
        .badName,
        "\(ProtocolError.quoted(text)) is not an id: expected 26 characters of 0-9 A-Z without I L O U")
    }
    self = value
  }

  private init?(parsing bytes: String.UTF8View) {
    guard bytes.count == 26 else { return nil }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for byte in bytes {
      // Before the last character a number that fits 128 bits has 123: 59 of them here.
      guard high >> 59 == 0, let digit = CrockfordBase32.value(of: byte) else { return nil }
      high = high << 5 | low >> 59
      low = low << 5 | UInt64(digit)
    }
    self.init(high: high, low: low)
  }

  /// The 26 characters.
  public var description: String {
    String(unsafeUninitializedCapacity: 26) { characters in
      var (high, low) = (self.high, self.low)
      for index in stride(from: 25, through: 0, by: -1) {
        characters[index] = CrockfordBase32.digit(UInt8(truncatingIfNeeded: low & 31))
        low = low >> 5 | high << 59
        high >>= 5
      }
      return 26
    }
  }

  /// The moment in a UUIDv7, to the microsecond as this project writes it; nil for any other id.
  public var time: Timestamp? {
    guard high >> 12 & 0xF == 7 else { return nil }
    return Timestamp(microseconds: Int64(high >> 16) * 1000 + Int64(min(high & 0xFFF, 3999) / 4))
  }

  /// The sixteen bytes in order.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(16)
    append(to: &bytes)
    return bytes
  }

  /// Appends the sixteen bytes.
  func append(to bytes: inout [UInt8]) {
    bytes.append(bigEndian: high)
    bytes.append(bigEndian: low)
  }

  /// Exactly sixteen bytes.
  package init(_ bytes: ArraySlice<UInt8>) throws(ProtocolError) {
    guard bytes.count == 16 else { throw ProtocolError(.badRecord, "an id has \(bytes.count) bytes, not 16") }
    self.init(
      high: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }, low: bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) })
  }

  /// By the bytes, which for UUIDv7 is by time.
  public static func < (left: Self, right: Self) -> Bool { (left.high, left.low) < (right.high, right.low) }
}

/// The alphabet of ids.
enum CrockfordBase32 {
  static func digit(_ value: UInt8) -> UInt8 {
    // 0-9, then A-Z without I, L, O, U.
    switch value {
    case 0..<10: UInt8(ascii: "0") + value
    case 10..<18: UInt8(ascii: "A") + value - 10
    case 18..<20: UInt8(ascii: "J") + value - 18
    case 20..<22: UInt8(ascii: "M") + value - 20
    case 22..<27: UInt8(ascii: "P") + value - 22
    default: UInt8(ascii: "V") + value - 27
    }
  }

  static func value(of byte: UInt8) -> UInt8? {
    switch byte & 0xDF {
    case UInt8(ascii: "A")...UInt8(ascii: "H"): (byte & 0xDF) - UInt8(ascii: "A") + 10
    case UInt8(ascii: "J")...UInt8(ascii: "K"): (byte & 0xDF) - UInt8(ascii: "J") + 18
    case UInt8(ascii: "M")...UInt8(ascii: "N"): (byte & 0xDF) - UInt8(ascii: "M") + 20
    case UInt8(ascii: "P")...UInt8(ascii: "T"): (byte & 0xDF) - UInt8(ascii: "P") + 22
    case UInt8(ascii: "V")...UInt8(ascii: "Z"): (byte & 0xDF) - UInt8(ascii: "V") + 27
    case UInt8(ascii: "I"), UInt8(ascii: "L"): 1
    case UInt8(ascii: "O"): 0
    default: byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? byte - UInt8(ascii: "0") : nil
    }
  }
}

/// Marks ids of publishers.
public enum PublisherKind: Sendable {}
/// Marks ids of spools.
public enum LogKind: Sendable {}
/// Marks ids of chains of causes.
public enum CorrelationKind: Sendable {}

/// Names one event, wherever it travels.
public typealias EventID = Identifier<Event>
/// Names one job through all its attempts.
public typealias JobID = Identifier<Job>
/// Names one outbox, whose sequence makes repeats visible.
public typealias PublisherID = Identifier<PublisherKind>
/// Names one spool: offsets mean nothing in another.
public typealias LogID = Identifier<LogKind>
/// Shared by everything that one first cause brought about.
public typealias CorrelationID = Identifier<CorrelationKind>
