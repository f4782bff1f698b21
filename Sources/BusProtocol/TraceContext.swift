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

  /// Parses `00-<32 hex>-<16 hex>-<2 hex>`.
  public init(_ text: String) throws(ProtocolError) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    let isHexadecimal = parts.allSatisfy { $0.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) } }
    guard parts.count >= 4, parts.prefix(4).map(\.utf8.count) == [2, 32, 16, 2], parts[0] != "ff",
      parts[0] != "00" || parts.count == 4, isHexadecimal,
      let high = UInt64(parts[1].prefix(16), radix: 16), let low = UInt64(parts[1].suffix(16), radix: 16),
      let span = UInt64(parts[2], radix: 16), let flags = UInt8(parts[3], radix: 16),
      let context = TraceContext(traceHigh: high, traceLow: low, span: span, flags: flags)
    else {
      throw ProtocolError(
        .badName, "\"\(text.prefix(60))\" is no traceparent: expected 00-<32 hex>-<16 hex>-<2 hex>")
    }
    self = context
  }

  /// `00-<trace>-<span>-<flags>`.
  public var description: String {
    let trace = hexadecimal(traceHigh, 16) + hexadecimal(traceLow, 16)
    return "00-\(trace)-\(hexadecimal(span, 16))-\(hexadecimal(UInt64(flags), 2))"
  }

  /// Trace, span, flags: 25 bytes, big-endian.
  var bytes: [UInt8] {
    Identifier<TraceContext>(high: traceHigh, low: traceLow).bytes
      + (0..<8).map { UInt8(truncatingIfNeeded: span >> (56 - 8 * $0)) } + [flags]
  }

  init(_ bytes: ArraySlice<UInt8>) throws(ProtocolError) {
    guard bytes.count == 25, let flags = bytes.last else {
      throw ProtocolError(.badRecord, "a trace context has \(bytes.count) bytes, not 25")
    }
    let trace = try Identifier<TraceContext>(bytes.prefix(16))
    let span = bytes.dropFirst(16).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let context = TraceContext(traceHigh: trace.high, traceLow: trace.low, span: span, flags: flags) else {
      throw ProtocolError(.badRecord, "a trace context has an id of zero")
    }
    self = context
  }
}

private func hexadecimal(_ value: UInt64, _ width: Int) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
