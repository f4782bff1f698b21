extension [UInt8] {
  /// Appends a number, its highest byte first.
  mutating func append(bigEndian value: UInt64) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  /// Appends a number, its lowest byte first.
  mutating func append<T: FixedWidthInteger & BitwiseCopyable>(littleEndian value: T) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  /// Appends the bytes of a text, in one copy.
  mutating func append(text: String) {
    text.utf8Span.span.bytes.withUnsafeBytes { append(contentsOf: $0) }
  }
}
