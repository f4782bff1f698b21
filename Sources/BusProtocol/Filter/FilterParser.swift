/// Reads a filter by recursive descent; length, depth and the number of terms are bounded.
///
/// ```
/// any   = all { "or" all }                 all  = unary { ["and"] unary }
/// unary = "not" unary | "(" any ")" | term
/// term  = "has" "(" path ")" | path ":" short | path sign value | path ["not"] "in" "(" value { "," value } ")" | text
/// ```
struct FilterParser {
  private var scanner: FilterScanner
  private var depth = 0
  private var termCount = 0

  static func parse(_ source: FilterSource) throws(FilterError) -> FilterNode {
    var parser = FilterParser(scanner: FilterScanner(source))
    guard source.text.utf8.count <= Filter.maximumByteCount else {
      throw parser.scanner.refusal(
        "a filter of \(source.text.utf8.count) bytes, the limit is \(Filter.maximumByteCount)", help: "ask for less")
    }
    if let place = parser.scanner.controlCharacter {
      throw parser.scanner.refusal("a control character", help: "write it in quotes as \\u{1b}", at: place)
    }
    let root = try parser.any()
    guard parser.scanner.isAtEnd else {
      throw parser.scanner.refusal("a parenthesis is closed that was not opened", help: "take it out, or open it")
    }
    return root
  }

  private init(scanner: FilterScanner) { self.scanner = scanner }

  // MARK: What joins

  private mutating func any() throws(FilterError) -> FilterNode {
    var nodes = [try all()]
    while take(keyword: "or") { nodes.append(try all()) }
    return nodes.count == 1 ? nodes[0] : .any(nodes)
  }

  private mutating func all() throws(FilterError) -> FilterNode {
    var nodes = [try unary()]
    while take(keyword: "and") || !isAtEndOfAll { nodes.append(try unary()) }
    return nodes.count == 1 ? nodes[0] : .all(nodes)
  }

  private var isAtEndOfAll: Bool {
    scanner.isAtEnd || scanner.next == UInt8(ascii: ")") || scanner.peek().lowercased() == "or"
  }

  private mutating func unary() throws(FilterError) -> FilterNode {
    scanner.skipSpace()
    let start = scanner.place
    depth += 1
    defer { depth -= 1 }
    guard depth <= Filter.maximumDepth else {
      throw scanner.refusal("more than \(Filter.maximumDepth) levels", help: "ask for less at once")
    }
    if take(keyword: "not") { return .not(try unary()) }
    guard scanner.take("(") else { return try term() }
    let inner = try any()
    scanner.skipSpace()
    guard scanner.take(")") else {
      throw scanner.refusal("the parenthesis that begins here is not closed", help: "add ')'", at: start)
    }
    return inner
  }

  /// Takes the word, in either case, where it stands next.
  private mutating func take(keyword: String) -> Bool {
    scanner.skipSpace()
    guard scanner.peek().lowercased() == keyword else { return false }
    _ = scanner.word()
    return true
  }

  // MARK: Terms

  private mutating func term() throws(FilterError) -> FilterNode {
    try count()
    let start = scanner.place
    if scanner.isAtQuote {
      return .mention(FilterValue(literal: .text(try scanner.quoted()), place: start))
    }
    let word = scanner.word()
    guard !word.isEmpty else { throw missing("a test", help: "for example state == 'dead', or state:dead") }
    switch word.lowercased() {
    case "has": return try presence()
    case "and", "or", "in", "not", "&&", "||":
      throw scanner.refusal("'\(word)' stands where a test belongs", help: FilterParser.helpForWord(word), at: start)
    default: break
    }
    if scanner.take(":") { return .test(try path(word, start), .means(try shortValue())) }
    scanner.skipSpace()
    return try comparison(word, start) ?? .mention(FilterValue(literal: .word(word), place: start))
  }

  private static func helpForWord(_ word: String) -> String {
    switch word {
    case "&&": "write 'and'"
    case "||": "write 'or'"
    default: "put it between two tests, or in quotes to look for the word"
    }
  }

  /// Refuses the next filter that a machine made.
  private mutating func count() throws(FilterError) {
    termCount += 1
    guard termCount <= Filter.maximumTermCount else {
      throw scanner.refusal("more than \(Filter.maximumTermCount) tests and values", help: "ask in parts")
    }
  }

  private func missing(_ what: String, help: String) -> FilterError {
    scanner.refusal("\(what) is missing", help: help)
  }

  private mutating func presence() throws(FilterError) -> FilterNode {
    scanner.skipSpace()
    guard scanner.take("(") else { throw missing("'('", help: "write has(data.id)") }
    scanner.skipSpace()
    let start = scanner.place
    let path = try path(scanner.word(), start)
    scanner.skipSpace()
    guard scanner.take(")") else { throw missing("')'", help: "write has(\(path.shown))") }
    return .test(path, .isPresent)
  }

  /// What follows a field, nil where nothing does.
  private mutating func comparison(_ word: String, _ start: FilterPlace) throws(FilterError) -> FilterNode? {
    if scanner.take("==") { return .test(try path(word, start), .equals(try value())) }
    if scanner.take("!=") { return .not(.test(try path(word, start), .equals(try value()))) }
    if scanner.take("!~") { return .not(.test(try path(word, start), .matches(try pattern()))) }
    if scanner.take("~") { return .test(try path(word, start), .matches(try pattern())) }
    for order in [FilterOrder.lessOrEqual, .greaterOrEqual, .less, .greater] where scanner.take(order.sign) {
      return .test(try path(word, start), .compares(order, try value()))
    }
    if scanner.next == UInt8(ascii: "=") {
      throw scanner.refusal("'=' is no comparison", help: "write '=='")
    }
    if scanner.next == UInt8(ascii: "!") {
      throw scanner.refusal("'!' is no comparison", help: "write '!=', '!~', or 'not' before the test")
    }
    return try membership(word, start)
  }

  private mutating func membership(_ word: String, _ start: FilterPlace) throws(FilterError) -> FilterNode? {
    var ahead = self
    let isNegated = ahead.take(keyword: "not")
    guard ahead.take(keyword: "in") else { return nil }
    self = ahead
    let path = try path(word, start)
    scanner.skipSpace()
    guard scanner.take("(") else { throw missing("'('", help: "write \(path.shown) in (1, 2)") }
    var values = [try value()]
    scanner.skipSpace()
    while scanner.take(",") {
      try count()
      values.append(try value())
      scanner.skipSpace()
    }
    guard scanner.take(")") else { throw missing("',' or ')'", help: "write \(path.shown) in (1, 2)") }
    let node = FilterNode.test(path, .isIn(values))
    return isNegated ? .not(node) : node
  }

  // MARK: Values

  private mutating func value() throws(FilterError) -> FilterValue {
    scanner.skipSpace()
    let start = scanner.place
    if scanner.isAtQuote { return FilterValue(literal: .text(try scanner.quoted()), place: start) }
    let word = scanner.value()
    guard !word.isEmpty else { throw missing("a value", help: "for example 42, 'text', true, null, 10m") }
    guard let literal = FilterLiteral(bare: word) else {
      let digits = word.utf8.first == UInt8(ascii: "-") ? word.utf8.dropFirst() : word.utf8[...]
      if digits.count > 18, digits.allSatisfy({ (48..<58).contains($0) }) {
        throw scanner.refusal("no whole number of 64 bits", help: "the largest is \(Int64.max)", at: start)
      }
      throw scanner.refusal(
        "\(ProtocolError.quoted(word)) is no value", help: "text stands in quotes: '…'", at: start)
    }
    return FilterValue(literal: literal, place: start)
  }

  private mutating func pattern() throws(FilterError) -> FilterValue {
    scanner.skipSpace()
    let start = scanner.place
    guard scanner.isAtQuote else {
      throw scanner.refusal("a pattern is text in quotes", help: "write ~ 'user_*'", at: start)
    }
    return FilterValue(literal: .text(try scanner.quoted()), place: start)
  }

  private mutating func shortValue() throws(FilterError) -> FilterValue {
    let start = scanner.place
    if scanner.isAtQuote { return FilterValue(literal: .text(try scanner.quoted()), place: start) }
    let word = scanner.shortValue()
    guard !word.isEmpty else { throw missing("a value behind the colon", help: "write state:dead, without a blank") }
    return FilterValue(literal: .word(word), place: start)
  }

  private func path(_ word: String, _ place: FilterPlace) throws(FilterError) -> FilterPath {
    guard let path = FilterPath(word, place: place) else {
      throw scanner.refusal(
        "\(ProtocolError.quoted(word)) is no field", help: "for example data.user_id or data.items[0].id", at: place)
    }
    return path
  }
}

extension FilterOrder {
  fileprivate var sign: StaticString {
    switch self {
    case .less: "<"
    case .lessOrEqual: "<="
    case .greater: ">"
    case .greaterOrEqual: ">="
    }
  }
}

extension FilterPath {
  /// The longest way into JSON: deeper than JSON that is read there is nothing.
  static let maximumStepCount = JSONParser.maximumDepth

  /// Reads `field.key[0]`; keys have the characters `A-Z a-z 0-9 _ - @ $`.
  init?(_ word: String, place: FilterPlace) {
    var rest = Array(word.utf8)[...]
    let field = rest.prefix(while: FilterPath.isKeyByte)
    rest = rest.dropFirst(field.count)
    var steps: [Step] = []
    while let sign = rest.popFirst() {
      let key = rest.prefix(while: FilterPath.isKeyByte)
      rest = rest.dropFirst(key.count)
      let text = String(decoding: key, as: UTF8.self)
      switch sign {
      case UInt8(ascii: ".") where !key.isEmpty: steps.append(.key(text))
      case UInt8(ascii: "["):
        guard let index = Int32(text), index >= 0, String(index) == text, rest.popFirst() == UInt8(ascii: "]")
        else { return nil }
        steps.append(.index(Int(index)))
      default: return nil
      }
    }
    guard !field.isEmpty, steps.count <= FilterPath.maximumStepCount else { return nil }
    self.init(field: String(decoding: field, as: UTF8.self), steps: steps, place: place)
  }

  private static func isKeyByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "@"),
      UInt8(ascii: "$"):
      true
    default: false
    }
  }
}
