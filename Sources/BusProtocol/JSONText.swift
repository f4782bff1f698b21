/// Looks whether bytes are JSON as ``JSONWriter`` writes it, without making values of them.
///
/// It knows less than ``JSONParser`` and is never wrong about what it passes: whoever hears false asks the parser.
enum JSONText {
  /// Whether this is one object, nothing around it, no deeper than data may be.
  static func isPlainObject(_ bytes: Span<UInt8>) -> Bool {
    var position = 0
    var seen: UInt8 = 0
    guard bytes.count > 1, bytes[0] == UInt8(ascii: "{"),
      passValue(bytes, &position, &seen, depth: JSONParser.maximumDepth), position == bytes.count
    else { return false }
    // Quotes and brackets are ASCII: if all of it is UTF-8, each text in it is.
    return seen < 128 || (try? UTF8Span(validating: bytes)) != nil
  }

  private static func passValue(
    _ bytes: Span<UInt8>, _ position: inout Int, _ seen: inout UInt8, depth: Int
  ) -> Bool {
    guard position < bytes.count else { return false }
    switch bytes[position] {
    case UInt8(ascii: "\""): return passText(bytes, &position, &seen)
    case UInt8(ascii: "{"): return passList(bytes, &position, &seen, depth: depth, end: UInt8(ascii: "}"))
    case UInt8(ascii: "["): return passList(bytes, &position, &seen, depth: depth, end: UInt8(ascii: "]"))
    case UInt8(ascii: "t"): return pass("true", bytes, &position)
    case UInt8(ascii: "f"): return pass("false", bytes, &position)
    case UInt8(ascii: "n"): return pass("null", bytes, &position)
    default: return passWhole(bytes, &position)
    }
  }

  /// An array, or an object, whose values have a name each.
  private static func passList(
    _ bytes: Span<UInt8>, _ position: inout Int, _ seen: inout UInt8, depth: Int, end: UInt8
  ) -> Bool {
    guard depth > 0 else { return false }
    position += 1
    if pass(end, bytes, &position) { return true }
    repeat {
      if end == UInt8(ascii: "}") {
        guard passText(bytes, &position, &seen), pass(UInt8(ascii: ":"), bytes, &position) else { return false }
      }
      guard passValue(bytes, &position, &seen, depth: depth - 1) else { return false }
    } while pass(UInt8(ascii: ","), bytes, &position)
    return pass(end, bytes, &position)
  }

  private static func pass(_ byte: UInt8, _ bytes: Span<UInt8>, _ position: inout Int) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private static func pass(_ word: StaticString, _ bytes: Span<UInt8>, _ position: inout Int) -> Bool {
    let start = position
    guard bytes.count - start >= word.utf8CodeUnitCount else { return false }
    position += word.utf8CodeUnitCount
    for index in 0..<word.utf8CodeUnitCount where bytes[start + index] != word.utf8Start[index] { return false }
    return true
  }

  /// Text with no other escapes than the writer's.
  private static func passText(_ bytes: Span<UInt8>, _ position: inout Int, _ seen: inout UInt8) -> Bool {
    guard pass(UInt8(ascii: "\""), bytes, &position) else { return false }
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return true
      case UInt8(ascii: "\\"):
        guard position < bytes.count, isEscape(bytes[position]) else { return false }
        position += 1
      case 0..<32: return false
      default: seen |= byte
      }
    }
    return false
  }

  private static func isEscape(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"): true
    default: false
    }
  }

  /// A whole number of at most eighteen digits, which fits whatever it is.
  private static func passWhole(_ bytes: Span<UInt8>, _ position: inout Int) -> Bool {
    let isNegative = pass(UInt8(ascii: "-"), bytes, &position)
    let first = position
    while position < bytes.count, bytes[position] >= 48, bytes[position] < 58 { position += 1 }
    guard (1...18).contains(position - first) else { return false }
    guard bytes[first] == 48 else { return true }
    // The writer knows neither leading zeros nor a negative one.
    return position - first == 1 && !isNegative
  }
}
