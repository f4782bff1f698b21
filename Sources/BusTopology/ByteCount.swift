/// A number of bytes, written as `20GiB`, `512MiB` or `100MB`.
public struct ByteCount: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The bytes.
  public var bytes: Int64

  /// Takes bytes.
  public init(bytes: Int64) { self.bytes = bytes }

  /// Reads a whole number and its unit: B, KiB, MiB, GiB, TiB, or the decimal KB, MB, GB, TB; nil for anything else.
  public init?(words text: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let count = Int64(digits),
      let unit = Self.units.first(where: { $0.name == text.dropFirst(digits.count) })
    else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: unit.bytes)
    guard !overflow else { return nil }
    self.bytes = bytes
  }

  /// The words that parse to the same count: `20GiB`.
  public var description: String {
    let unit = Self.units.last { $0.isBinary && bytes % $0.bytes == 0 && abs(bytes / $0.bytes) > 0 }
    return "\(bytes / (unit?.bytes ?? 1))\(unit?.name ?? "B")"
  }

  /// By the number of bytes.
  public static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

  /// What ``init(words:)`` takes, as a JSON schema says it.
  static let pattern = "^[0-9]+(\(units.map(\.name).joined(separator: "|")))$"

  private static let units: [(name: String, bytes: Int64, isBinary: Bool)] = [
    ("B", 1, true), ("KiB", 1 << 10, true), ("MiB", 1 << 20, true), ("GiB", 1 << 30, true), ("TiB", 1 << 40, true),
    ("KB", 1_000, false), ("MB", 1_000_000, false), ("GB", 1_000_000_000, false), ("TB", 1_000_000_000_000, false),
  ]
}
