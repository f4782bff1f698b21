/// Reads JSON (RFC 8259) strictly: valid UTF-8, nothing behind the value, at most 32 levels deep, whole numbers kept
/// whole.
public struct JSONParser {
  /// The deepest nesting that is read.
  public static let maximumDepth = 32

  private let bytes: ArraySlice<UInt8>
  private var position: Int
  private var depth = 0

  /// Reads one value that is all of the bytes.
  public static func parse(_ bytes: some Collection<UInt8>) throws(ProtocolError) -> JSONValue {
    var parser = JSONParser(ArraySlice(bytes))
    parser.skipSpace()
    let value = try parser.value()
    parser.skipSpace()
    guard parser.position == parser.bytes.endIndex else { throw parser.refusal("something follows the value") }
    return value
  }

  private init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
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
    case UInt8(ascii: "{"): return .object(try nested { (parser) throws(ProtocolError) in try parser.object() })
    case UInt8(ascii: "["): return .array(try nested { (parser) throws(ProtocolError) in try parser.array() })
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw refusal("no value begins with this character")
    }
  }

  private mutating func nested<R>(
    _ body: (inout JSONParser) throws(ProtocolError) -> R
  ) throws(ProtocolError) -> R {
    guard depth < JSONParser.maximumDepth else {
      throw refusal("more than \(JSONParser.maximumDepth) levels of nesting")
    }
    depth += 1
    position += 1
    skipSpace()
    let result = try body(&self)
    depth -= 1
    return result
  }

  private mutating func object() throws(ProtocolError) -> JSONObject {
    var object = JSONObject()
    if take(UInt8(ascii: "}")) { return object }
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

  private mutating func word(_ word: String, _ value: JSONValue) throws(ProtocolError) -> JSONValue {
    guard bytes[position...].starts(with: word.utf8) else { throw refusal("no value begins like this") }
    position += word.utf8.count
    return value
  }

  private mutating func number() throws(ProtocolError) -> JSONValue {
    let start = position
    let isNegative = take(UInt8(ascii: "-"))
    let leadingZero = next == UInt8(ascii: "0")
    let whole = digits()
    guard whole > 0, !(leadingZero && whole > 1) else { throw refusal("a number is written without leading zeros") }
    var isWhole = true
    if take(UInt8(ascii: ".")) {
      isWhole = false
      guard digits() > 0 else { throw refusal("digits belong behind the point") }
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isWhole = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard digits() > 0 else { throw refusal("digits belong into an exponent") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole {
      if let value = Int64(text) { return .integer(value) }
      if !isNegative, let value = UInt64(text) { return .unsigned(value) }
    }
    guard let value = Double(text), value.isFinite else { throw refusal("the number \(text.prefix(30)) is too large") }
    return .double(value)
  }

  private mutating func digits() -> Int {
    let start = position
    while let byte = next, byte >= 48, byte < 58 { position += 1 }
    return position - start
  }

  private mutating func string() throws(ProtocolError) -> String {
    position += 1
    let start = position
    while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 32 { position += 1 }
    if next == UInt8(ascii: "\"") {
      // The common case: nothing to unescape.
      guard let text = String(validating: bytes[start..<position], as: UTF8.self) else {
        throw refusal("text is not UTF-8")
      }
      position += 1
      return text
    }
    return try escapedString(beginning: bytes[start..<position])
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
    case UInt8(ascii: "u"): utf8.append(contentsOf: Character(try scalar()).utf8)
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
    guard position + 4 <= bytes.endIndex,
      bytes[position..<position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let value = UInt16(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw refusal("four hexadecimal digits belong behind \\u") }
    position += 4
    return value
  }
}
