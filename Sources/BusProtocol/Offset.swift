/// The place of an event in a spool: 1, 2, 3 … without gaps. Zero is before the first.
public struct Offset: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The number; zero stands before the first event.
  public var rawValue: UInt64

  /// Takes the number.
  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// Before the first event: a cursor here has seen nothing.
  public static let zero = Offset(0)

  /// The largest place there can be: stores keep it in 64 bits with a sign.
  public static let maximum = Offset(UInt64(Int64.max))

  /// The next place; behind the last number there is none, and it stays.
  public var next: Offset { rawValue == .max ? self : Offset(rawValue + 1) }

  /// By place.
  public static func < (left: Offset, right: Offset) -> Bool { left.rawValue < right.rawValue }

  /// `#184223`.
  public var description: String { "#\(rawValue)" }
}
