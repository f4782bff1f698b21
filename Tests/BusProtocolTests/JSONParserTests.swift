import BusProtocol
import Testing

struct JSONParserTests {
  static let read: [(text: String, value: JSONValue)] = [
    ("null", .null), ("true", true), ("false", false), (" \t\r\n1 ", 1), ("0", 0), ("-0", 0), ("-1", -1),
    ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
    ("9223372036854775808", .unsigned(1 << 63)), ("18446744073709551615", .unsigned(.max)),
    ("18446744073709551616", .double(18_446_744_073_709_551_616)),
    ("-9223372036854775809", .double(-9.223372036854775809e18)),
    ("999999999999999999", .integer(999_999_999_999_999_999)),
    ("-999999999999999999", .integer(-999_999_999_999_999_999)),
    ("1000000000000000000", .integer(1_000_000_000_000_000_000)),
    ("1.0", .double(1)), ("1e2", .double(100)), ("1E+2", .double(100)), ("1e-2", .double(0.01)),
    ("-1.5e3", .double(-1500)),
    ("1e-400", .double(0)), ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)),
    ("\"\"", ""), (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{C}\n\r\tz"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
    (#""\ud83d\ude00""#, "😀"), ("\"😀é\u{7F}\"", "😀é\u{7F}"), (#""\u0000""#, "\u{0}"), (#""\uFFFF""#, "\u{FFFF}"),
    ("[]", []), ("[ ]", []), ("[1,[2],{}]", [1, [2], [:]]), ("{}", [:]), ("{ }", [:]),
    (#"{"a" : 1 , "b":[ true ]}"#, ["a": 1, "b": [true]]), (#"{"":{"":""}}"#, ["": ["": ""]]),
  ]

  @Test func `what RFC 8259 allows is read, whole numbers whole`() throws {
    for row in JSONParserTests.read { #expect(try parse(row.text) == row.value, "\(row.text)") }
  }

  static let refused = [
    "", " ", "nul", "nulL", "True", "truefalse", "nan", "NaN", "Infinity", "-", "+1", ".5", "1.", "1.e2", "01", "-01",
    "00", "1e", "1e+",
    "0x10", "1_000", "1 2", "1,", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{", "}", "{]", "[}", "{\"a\"",
    "{\"a\":",
    "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{a:1}", "{'a':1}", "{1:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "'a'",
    "\"", "\"a",
    "\"\\\"", "\"\\", "\"\\x\"", "\"\\u\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\u+123\"", "\"\\U0041\"", "\"\n\"",
    "\"\t\"", "\"\u{0}\"",
    "\"\u{1F}\"", "\"\\ud83d\"", "\"\\ud83dx\"", "\"\\ud83d\\n\"", "\"\\ud83d\\ud83d\"", "\"\\ude00\"",
    "\"\\ude00\\ud83d\"", "1e400",
    "-1e400", "1e999999999999999999999", "\u{FEFF}1", "\u{A0}1", "1\u{0}", "/**/1", "1//", "[1]]", "{}{}", "\u{FF11}",
  ]

  @Test func `anything else is refused`() {
    for text in JSONParserTests.refused { #expect(throws: ProtocolError.self, "\(text)") { try parse(text) } }
  }

  static let notUTF8: [[UInt8]] = [
    [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80],
    [0xED, 0xBF, 0xBF],
    [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF],
  ]

  @Test(arguments: notUTF8) func `text that is not UTF-8 is refused`(bytes: [UInt8]) {
    let quote = UInt8(ascii: "\"")
    #expect(throws: ProtocolError.self) { try JSONParser.parse([quote] + bytes + [quote]) }
    #expect(throws: ProtocolError.self) { try JSONParser.parse(Array(#""\n"#.utf8) + bytes + [quote]) }
    #expect(throws: ProtocolError.self) { try JSONParser.parse(Array("{\"".utf8) + bytes + Array("\":1}".utf8)) }
    #expect(throws: ProtocolError.self) { try JSONParser.parse(bytes) }
  }

  @Test func `thirty-two levels are read and thirty-three refused`() throws {
    func nested(_ levels: Int, _ open: String, _ close: String) -> String {
      String(repeating: open, count: levels) + "1" + String(repeating: close, count: levels)
    }
    for (open, close) in [("[", "]"), (#"{"a":"#, "}"), (#"[{"a":"#, "}]")] {
      let levels = 32 / (open.contains("[{") ? 2 : 1)
      #expect(try parse(nested(levels, open, close)).isDeeper(than: 31))
      #expect(try !parse(nested(levels, open, close)).isDeeper(than: 32))
      #expect(throws: ProtocolError.self) { try parse(nested(levels + 1, open, close)) }
      #expect(throws: ProtocolError.self) { try parse(nested(100_000, open, close)) }
      #expect(throws: ProtocolError.self) { try parse(String(repeating: open, count: 100_000)) }
    }
    // Beside each other is not inside each other.
    #expect(try parse("[" + String(repeating: "[[]],", count: 100) + "[]]") != .null)
  }

  @Test func `each cut of a text is refused`() throws {
    let text = Array(#"{"a":[1.5e3,-20,"x\u00e9\ud83d\ude00é",{"b":null,"c":true}],"d":false}"#.utf8)
    #expect(try JSONParser.parse(text) != .null)
    for count in 0..<text.count {
      #expect(throws: ProtocolError.self) { try JSONParser.parse(Array(text.prefix(count))) }
    }
  }

  @Test func `changed bytes are refused or read, never a trap`() throws {
    var chance = Chance(13)
    for _ in 0..<20_000 {
      var bytes = chance.json().bytes
      guard !bytes.isEmpty else { continue }
      for _ in 0...chance.below(3) { bytes[chance.below(bytes.count)] = UInt8(truncatingIfNeeded: chance.next()) }
      if let value = try? JSONParser.parse(bytes) { #expect(try JSONParser.parse(value.bytes) == value) }
    }
  }

  @Test func `what is written is read back the same`() throws {
    var chance = Chance(14)
    for _ in 0..<5000 {
      let value = chance.json()
      #expect(try JSONParser.parse(value.bytes) == value)
      #expect(try parse(" \(value.text)\n") == value)
      #expect(try JSONParser.parse(Array("x\(value.text)".utf8).dropFirst()) == value)
    }
  }

  @Test func `a long text takes linear time`() throws {
    let clock = ContinuousClock()
    func time(_ text: String) -> Duration { clock.measure { _ = try? parse(text) } }
    for make in [
      { String(repeating: "9", count: $0) }, { "[" + String(repeating: "1,", count: $0 / 2) + "1]" },
      { "\"" + String(repeating: "\\n", count: $0 / 2) + "\"" }, { String(repeating: "[", count: $0) },
      { "{" + String(repeating: "\"a\":1,", count: $0 / 6) + "\"a\":1}" }, { "0." + String(repeating: "1", count: $0) },
      { "1e" + String(repeating: "9", count: $0) },
    ] as [(Int) -> String] {
      let (short, long) = (make(40_000), make(640_000))
      // Sixteen times the text; quadratic would be 256 times. The bound is generous, for busy machines.
      #expect(time(long) < max(time(short) * 120, .seconds(10)))
    }
  }
}
