/// Where in a trace something happened (W3C Trace Context, version 00): what `traceparent` holds.
public struct TraceContext: Hashable, Sendable, CustomStringConvertible {
  /// The trace's sixteen bytes as two big-endian halves; not both zero.
  public let traceHigh: UInt64
  /// The second half.
  public let traceLow: UInt64
  /// The span's eight bytes; not zero.
  public let span: UInt64
  /// Bit 0: sampled.
  public let flags: UInt8

  /// Takes the parts; nil for ids of zero, which the standard forbids.
  public init?(traceHigh: UInt64, traceLow: UInt64, span: UInt64, flags: UInt8) {
    guard traceHigh | traceLow != 0, span != 0 else { return nil }
    self.traceHigh = traceHigh
    self.traceLow = traceLow
    self.span = span
    self.flags = flags
  }

  /// Parses `00-<32 hex>-<16 hex>-<2 hex>`; of a later version the four parts that this one knows.
  public init(_ text: String) throws(ProtocolError) {
    let parts = text.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 4, omittingEmptySubsequences: false)
    guard parts.count >= 4, parts.prefix(4).map(\.count) == [2, 32, 16, 2],
      let version = UInt8(lowerHexadecimal: parts[0]), version != 0xFF, version != 0 || parts.count == 4,
      let high = UInt64(lowerHexadecimal: parts[1].prefix(16)),
      let low = UInt64(lowerHexadecimal: parts[1].suffix(16)), let span = UInt64(lowerHexadecimal: parts[2]),
      let flags = UInt8(lowerHexadecimal: parts[3]),
      let context = TraceContext(traceHigh: high, traceLow: low, span: span, flags: flags)
    else {
      throw ProtocolError(
        .badName,
        "\(ProtocolError.quoted(text, limit: 60)) is no traceparent: expected 00-<32 hex>-<16 hex>-<2 hex>")
    }
    self = context
  }

  /// `00-<trace>-<span>-<flags>`.
  public var description: String {
    let trace = hexadecimal(traceHigh, 16) + hexadecimal(traceLow, 16)
    return "00-\(trace)-\(hexadecimal(span, 16))-\(hexadecimal(UInt64(flags), 2))"
  }

  /// In a record: trace, span, flags, each its highest byte first.
  static let byteCount: UInt16 = 25

  func append(to bytes: inout [UInt8]) {
    bytes.append(bigEndian: traceHigh)
    bytes.append(bigEndian: traceLow)
    bytes.append(bigEndian: span)
    bytes.append(flags)
  }

  init(_ bytes: ArraySlice<UInt8>) throws(ProtocolError) {
    guard bytes.count == Int(TraceContext.byteCount), let flags = bytes.last else {
      throw ProtocolError(.badRecord, "a trace context has \(bytes.count) bytes, not \(TraceContext.byteCount)")
    }
    let trace = try Identifier<TraceContext>(bytes.prefix(16))
    let span = bytes.dropFirst(16).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let context = TraceContext(traceHigh: trace.high, traceLow: trace.low, span: span, flags: flags) else {
      throw ProtocolError(.badRecord, "a trace context has an id of zero")
    }
    self = context
  }
}

extension FixedWidthInteger {
  /// Digits of which none is upper case, no more than the number has room for.
  fileprivate init?(lowerHexadecimal digits: Substring.UTF8View) {
    self = 0
    for digit in digits {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): self = self << 4 | Self(digit - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): self = self << 4 | Self(digit - UInt8(ascii: "a") + 10)
      default: return nil
      }
    }
  }
}

private func hexadecimal(_ value: UInt64, _ width: Int) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
