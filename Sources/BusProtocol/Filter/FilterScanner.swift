/// Takes a filter's text apart: words, signs, quoted text. Knows nothing of their order.
struct FilterScanner {
  let source: FilterSource
  private let bytes: [UInt8]
  private(set) var offset = 0

  init(_ source: FilterSource) {
    self.source = source
    bytes = Array(source.text.utf8)
  }

  var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }
  var isAtEnd: Bool { offset == bytes.count }
  var place: FilterPlace { FilterPlace(offset: offset) }
  /// What no terminal should be shown, nil where there is none.
  var controlCharacter: FilterPlace? {
    bytes.firstIndex { ($0 < 32 && !FilterScanner.isSpace($0)) || $0 == 127 }.map { FilterPlace(offset: $0) }
  }

  func refusal(_ problem: String, help: String, at place: FilterPlace? = nil) -> FilterError {
    source.error(at: place ?? self.place, problem, help: help)
  }

  mutating func skipSpace() {
    while let next, FilterScanner.isSpace(next) { offset += 1 }
  }

  mutating func take(_ sign: StaticString) -> Bool {
    let found = sign.withUTF8Buffer { bytes[offset...].starts(with: $0) }
    if found { offset += sign.utf8CodeUnitCount }
    return found
  }

  /// A word that ends before a sign or a blank; empty where none begins.
  mutating func word() -> String { run { !FilterScanner.isSpace($0) && !"()'\",=!<>~:".utf8.contains($0) } }

  /// A word in which a value's signs may stand; it ends before a blank, a comma or a parenthesis.
  mutating func value() -> String { run { !FilterScanner.isSpace($0) && !"(),".utf8.contains($0) } }

  /// A bare value behind a colon; it ends before a blank or a closing parenthesis.
  mutating func shortValue() -> String { run { !FilterScanner.isSpace($0) && $0 != UInt8(ascii: ")") } }

  /// Looks at the coming word without taking it.
  func peek() -> String {
    var copy = self
    copy.skipSpace()
    return copy.word()
  }

  private mutating func run(while belongs: (UInt8) -> Bool) -> String {
    let start = offset
    while let next, belongs(next) { offset += 1 }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...10).contains(byte) || byte == 13 }

  // MARK: Quoted text

  var isAtQuote: Bool { next == UInt8(ascii: "'") || next == UInt8(ascii: "\"") }

  /// Text in quotes of either kind, with `\n \r \t \\ \' \" \u{…}`.
  mutating func quoted() throws(FilterError) -> String {
    let (start, quote) = (place, next)
    offset += 1
    var utf8: [UInt8] = []
    while let byte = next {
      offset += 1
      if byte == quote { return String(decoding: utf8, as: UTF8.self) }
      if byte == UInt8(ascii: "\\") { utf8 += try escape() } else { utf8.append(byte) }
    }
    throw refusal("the text that begins here is not closed", help: "end it with the same quote", at: start)
  }

  private mutating func escape() throws(FilterError) -> [UInt8] {
    let start = FilterPlace(offset: offset - 1)
    if take("n") { return [10] }
    if take("r") { return [13] }
    if take("t") { return [9] }
    for sign: StaticString in ["\\", "'", "\""] where take(sign) { return sign.withUTF8Buffer { Array($0) } }
    if take("u{") {
      let digits = run { $0 != UInt8(ascii: "}") && !FilterScanner.isSpace($0) }
      if take("}"), digits.utf8.count <= 6, let code = UInt32(digits, radix: 16), code > 0,
        let scalar = Unicode.Scalar(code)
      {
        return Array(String(scalar).utf8)
      }
    }
    throw refusal("no escape begins like this", help: #"known: \n \r \t \\ \' \" \u{1F600}"#, at: start)
  }
}
