/// Writes compact JSON into bytes that the caller reuses: a dictionary event costs half a microsecond, not eight.
package enum JSONWriter {
  /// Appends a value.
  package static func append(_ value: JSONValue, to bytes: inout [UInt8]) {
    switch value {
    case .null: append(word: "null", to: &bytes)
    case .bool(let value): append(word: value ? "true" : "false", to: &bytes)
    case .integer(let value): append(integer: value, to: &bytes)
    case .unsigned(let value): bytes.append(contentsOf: String(value).utf8)
    case .double(let value): append(double: value, to: &bytes)
    case .string(let value): append(string: value, to: &bytes)
    case .array(let values):
      bytes.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        append(value, to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let object): append(object, to: &bytes)
    }
  }

  /// Appends an object, members in their order.
  package static func append(_ object: JSONObject, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "{"))
    for (index, member) in object.members.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      append(string: member.key, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      append(member.value, to: &bytes)
    }
    bytes.append(UInt8(ascii: "}"))
  }

  /// How many bytes ``append(_:to:)`` would append.
  package static func byteCount(_ object: JSONObject) -> Int {
    var bytes: [UInt8] = []
    append(object, to: &bytes)
    return bytes.count
  }

  /// Appends text in quotes; only what RFC 8259 §7 demands is escaped.
  package static func append(string: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    let start = bytes.count
    bytes.append(text: string)
    if needsEscape(bytes.span.bytes, from: start) { escape(from: start, in: &bytes) }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Looks at eight bytes at a time, and at each alone from the first eight of which one may need it.
  private static func needsEscape(_ bytes: borrowing RawSpan, from start: Int) -> Bool {
    var position = start
    while position + 8 <= bytes.byteCount {
      if mayNeedEscape(bytes.littleEndian(UInt64.self, at: position)) { break }
      position += 8
    }
    while position < bytes.byteCount {
      if needsEscape(bytes.littleEndian(UInt8.self, at: position)) { return true }
      position += 1
    }
    return false
  }

  /// Whether one of eight bytes may need an escape: what is subtracted sets the highest bit of those that do, and now and
  /// then of one beside them; letters that are none of ASCII have it set.
  private static func mayNeedEscape(_ word: UInt64) -> Bool {
    let (ones, high) = (0x0101_0101_0101_0101 as UInt64, 0x8080_8080_8080_8080 as UInt64)
    let quote = word ^ ones &* UInt64(UInt8(ascii: "\""))
    let backslash = word ^ ones &* UInt64(UInt8(ascii: "\\"))
    return ((word &- ones &* 32) | (quote &- ones) | (backslash &- ones) | word) & high != 0
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 32 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  /// Writes again what stands behind `start`, with its escapes.
  private static func escape(from start: Int, in bytes: inout [UInt8]) {
    let plain = Array(bytes[start...])
    bytes.removeSubrange(start...)
    for byte in plain {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case UInt8(ascii: "\n"): append(word: "\\n", to: &bytes)
      case UInt8(ascii: "\r"): append(word: "\\r", to: &bytes)
      case UInt8(ascii: "\t"): append(word: "\\t", to: &bytes)
      case 0..<32:
        append(word: "\\u00", to: &bytes)
        bytes.append(hexadecimal(byte >> 4))
        bytes.append(hexadecimal(byte & 15))
      default: bytes.append(byte)
      }
    }
  }

  private static func append(word text: StaticString, to bytes: inout [UInt8]) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  private static func append(double value: Double, to bytes: inout [UInt8]) {
    guard value.isFinite else { return append(word: "null", to: &bytes) }
    bytes.append(contentsOf: value.description.utf8)
  }

  private static func append(integer value: Int64, to bytes: inout [UInt8]) {
    var rest = value.magnitude
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    let start = bytes.count
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }

  private static func hexadecimal(_ digit: UInt8) -> UInt8 {
    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
  }
}
