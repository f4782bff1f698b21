public import BusProtocol

/// Offsets in tests are written as they are counted.
extension Offset: ExpressibleByIntegerLiteral {
  /// The place of that number.
  public init(integerLiteral value: UInt64) { self.init(value) }
}
