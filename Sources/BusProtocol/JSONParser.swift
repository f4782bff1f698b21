/// Reads JSON (RFC 8259) strictly: valid UTF-8, nothing behind the value, at most 32 levels deep, whole numbers kept whole.
///
/// Of whole numbers those that neither Int64 nor UInt64 holds become doubles, as all with a fraction or an exponent.
/// The time is linear in the bytes, the stack bounded by the depth.
public struct JSONParser {
  /// The deepest nesting that is read in data, inputs and whatever else is not said otherwise of.
  public static let maximumDepth = 32

  private let bytes: ArraySlice<UInt8>
  private let maximumDepth: Int
  private var position: Int
  private var depth = 0

  /// Reads one value that is all of the bytes.
  public static func parse(_ bytes: some Collection<UInt8>) throws(ProtocolError) -> JSONValue {
    try parse(ArraySlice(bytes), maximumDepth: maximumDepth)
  }

  /// Reads one value that is all of the bytes, without copying them.
  public static func parse(_ bytes: [UInt8]) throws(ProtocolError) -> JSONValue {
    try parse(bytes[...], maximumDepth: maximumDepth)
  }

  /// Reads one value that is all of the bytes and no deeper than this.
  package static func parse(_ bytes: ArraySlice<UInt8>, maximumDepth: Int) throws(ProtocolError) -> JSONValue {
    var parser = JSONParser(bytes, maximumDepth: maximumDepth)
    parser.skipSpace()
    let value = try parser.value()
    parser.skipSpace()
    guard parser.position == parser.bytes.endIndex else { throw parser.refusal("something follows the value") }
    return value
  }

  private init(_ bytes: ArraySlice<UInt8>, maximumDepth: Int) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
    position = bytes.startIndex
  }

  private var next: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

  private func refusal(_ why: String) -> ProtocolError {
    ProtocolError(.badJSON, "JSON does not parse at byte \(position - bytes.startIndex): \(why)")
  }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func value() throws(ProtocolError) -> JSONValue {
    guard let next else { throw refusal("the text ends where a value belongs") }
    switch next {
    case UInt8(ascii: "{"): return .object(try object())
    case UInt8(ascii: "["): return .array(try array())
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw refusal("no value begins with this character")
    }
  }

  /// Takes the bracket and goes a level down.
  private mutating func descend() throws(ProtocolError) {
    guard depth < maximumDepth else { throw refusal("more than \(maximumDepth) levels of nesting") }
    depth += 1
    position += 1
    skipSpace()
  }

  private mutating func object() throws(ProtocolError) -> JSONObject {
    try descend()
    defer { depth -= 1 }
    var object = JSONObject()
    if take(UInt8(ascii: "}")) { return object }
    object.members.reserveCapacity(4)
    while true {
      guard next == UInt8(ascii: "\"") else { throw refusal("a member begins with its name in quotes") }
      let key = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw refusal("a colon belongs behind a member's name") }
      skipSpace()
      object.members.append(JSONObject.Member(key, try value()))
      skipSpace()
      if take(UInt8(ascii: "}")) { return object }
      guard take(UInt8(ascii: ",")) else { throw refusal("a comma or } belongs behind a member") }
      skipSpace()
    }
  }

  private mutating func array() throws(ProtocolError) -> [JSONValue] {
    try descend()
    defer { depth -= 1 }
    var values: [JSONValue] = []
    if take(UInt8(ascii: "]")) { return values }
    while true {
      values.append(try value())
      skipSpace()
      if take(UInt8(ascii: "]")) { return values }
      guard take(UInt8(ascii: ",")) else { throw refusal("a comma or ] belongs behind a value") }
      skipSpace()
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(ProtocolError) -> JSONValue {
    guard word.withUTF8Buffer({ bytes[position...].starts(with: $0) }) else {
      throw refusal("no value begins like this")
    }
    position += word.utf8CodeUnitCount
    return value
  }

  // MARK: Numbers

  private mutating func number() throws(ProtocolError) -> JSONValue {
    let start = position
    let isNegative = take(UInt8(ascii: "-"))
    let first = position
    let magnitude = digits()
    let count = position - first
    guard count > 0, count == 1 || bytes[first] != UInt8(ascii: "0") else {
      throw refusal("a number has digits and no leading zeros")
    }
    // Eighteen digits fit whatever they are, and nearly all numbers have fewer.
    if isEndOfWhole, count <= 18 { return .integer(isNegative ? -Int64(magnitude) : Int64(magnitude)) }
    return try longNumber(from: start, isNegative: isNegative)
  }

  private var isEndOfWhole: Bool {
    next != UInt8(ascii: ".") && next != UInt8(ascii: "e") && next != UInt8(ascii: "E")
  }

  /// Passes over digits; their value is right for up to 19 of them.
  private mutating func digits() -> UInt64 {
    var value: UInt64 = 0
    while let byte = next, byte >= 48, byte < 58 {
      value = value &* 10 &+ UInt64(byte &- 48)
      position += 1
    }
    return value
  }

  private mutating func longNumber(from start: Int, isNegative: Bool) throws(ProtocolError) -> JSONValue {
    let isWhole = isEndOfWhole
    if take(UInt8(ascii: ".")) { try requireDigits("digits belong behind the point") }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try requireDigits("digits belong into an exponent")
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole {
      if let value = Int64(text) { return .integer(value) }
      if !isNegative, let value = UInt64(text) { return .unsigned(value) }
    }
    guard let value = Double(text), value.isFinite else { throw refusal("the number \(text.prefix(30)) is too large") }
    return .double(value)
  }

  private mutating func requireDigits(_ why: String) throws(ProtocolError) {
    let start = position
    _ = digits()
    guard position > start else { throw refusal(why) }
  }

  // MARK: Text

  private mutating func string() throws(ProtocolError) -> String {
    position += 1
    let start = position
    var seen: UInt8 = 0
    while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 32 {
      seen |= byte
      position += 1
    }
    let plain = bytes[start..<position]
    guard take(UInt8(ascii: "\"")) else { return try escapedString(beginning: plain) }
    // The common case: nothing to unescape, and all of it ASCII, which needs no validation (it costs five times this).
    if seen < 128 { return String(decoding: plain, as: UTF8.self) }
    guard let text = String(validating: plain, as: UTF8.self) else { throw refusal("text is not UTF-8") }
    return text
  }

  private mutating func escapedString(beginning: ArraySlice<UInt8>) throws(ProtocolError) -> String {
    var utf8 = Array(beginning)
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: utf8, as: UTF8.self) else { throw refusal("text is not UTF-8") }
        return text
      case UInt8(ascii: "\\"): try escape(into: &utf8)
      case 0..<32: throw refusal("a control character stands in text; write it as \\u00..")
      default: utf8.append(byte)
      }
    }
    throw refusal("text is not closed")
  }

  private mutating func escape(into utf8: inout [UInt8]) throws(ProtocolError) {
    guard let byte = next else { throw refusal("text ends in an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): utf8.append(byte)
    case UInt8(ascii: "b"): utf8.append(8)
    case UInt8(ascii: "f"): utf8.append(12)
    case UInt8(ascii: "n"): utf8.append(10)
    case UInt8(ascii: "r"): utf8.append(13)
    case UInt8(ascii: "t"): utf8.append(9)
    case UInt8(ascii: "u"): utf8.append(contentsOf: UTF8.encode(try scalar()) ?? UTF8.encodedReplacementCharacter)
    default: throw refusal("\\ and this character are no escape")
    }
  }

  private mutating func scalar() throws(ProtocolError) -> Unicode.Scalar {
    let first = try codeUnit()
    if UTF16.isLeadSurrogate(first) {
      guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw refusal("half of a surrogate pair") }
      let second = try codeUnit()
      guard UTF16.isTrailSurrogate(second) else { throw refusal("half of a surrogate pair") }
      return UTF16.decode(UTF16.EncodedScalar([first, second]))
    }
    guard let scalar = Unicode.Scalar(first) else { throw refusal("half of a surrogate pair") }
    return scalar
  }

  private mutating func codeUnit() throws(ProtocolError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = JSONParser.hexadecimalDigit(byte) else {
        throw refusal("four hexadecimal digits belong behind \\u")
      }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }

  private static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
