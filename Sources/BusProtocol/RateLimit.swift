/// How many runs may start in a span of time: `200/s`, `10/m`, `1000/h burst 1`.
///
/// Starts are spread: one each `per / count`, and after a rest up to `burst` at once. So no stretch of time as long as
/// `per` sees more than `count + burst` starts, and no longer one more than its share and one burst.
public struct RateLimit: Hashable, Sendable, CustomStringConvertible {
  /// The spans that a rate is written in.
  public enum Span: String, Hashable, Sendable, CaseIterable {
    /// A second.
    case second = "s"
    /// A minute.
    case minute = "m"
    /// An hour.
    case hour = "h"
    /// A day of 24 hours.
    case day = "d"

    /// How long it is.
    public var duration: Duration {
      switch self {
      case .second: .seconds(1)
      case .minute: .seconds(60)
      case .hour: .seconds(3600)
      case .day: .seconds(86_400)
      }
    }
  }

  /// The most starts that a rate may name.
  public static let maximumCount = 1_000_000
  /// What ``init(_:)`` takes, as a JSON schema says it.
  public static let pattern = "^0*[1-9][0-9]*/[smhd]( burst 0*[1-9][0-9]*)?$"

  /// So many starts …
  public let count: Int
  /// … in this span …
  public let per: Span
  /// … of which so many at once.
  public let burst: Int

  /// A rate; without a burst a tenth of the count may start at once, and at least one.
  ///
  /// Nil for a count or a burst below one, a burst above the count, and a count above ``maximumCount``.
  public init?(_ count: Int, per: Span, burst: Int? = nil) {
    let burst = burst ?? max(1, count / 10)
    guard (1...RateLimit.maximumCount).contains(count), (1...count).contains(burst) else { return nil }
    self.count = count
    self.per = per
    self.burst = burst
  }

  /// Reads `200/s` or `200/s burst 50`.
  public init(_ text: String) throws(ProtocolError) {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    let parts = words[0].split(separator: "/", omittingEmptySubsequences: false)
    guard words.count == 1 || words.count == 3 && words[1] == "burst", parts.count == 2,
      let count = RateLimit.number(parts[0]), let span = Span(rawValue: String(parts[1]))
    else {
      throw ProtocolError(.badName, "\(ProtocolError.quoted(text)) is no rate: write it as 200/s, 10/m or 10/m burst 5")
    }
    let burst = words.count == 3 ? RateLimit.number(words[2]) ?? 0 : nil
    guard let rate = RateLimit(count, per: span, burst: burst) else {
      throw ProtocolError(
        .badName,
        "\(ProtocolError.quoted(text)) is no rate: the count is from 1 to \(RateLimit.maximumCount), "
          + "the burst from 1 to the count")
    }
    self = rate
  }

  /// Digits alone: `Int` would take a sign.
  private static func number(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return nil
    }
    return Int(text)
  }

  /// The text that reads as the same rate; the burst only where it is not the usual one.
  public var description: String {
    let rate = "\(count)/\(per.rawValue)"
    return burst == max(1, count / 10) ? rate : "\(rate) burst \(burst)"
  }
}
