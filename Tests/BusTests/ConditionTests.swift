import Bus
import BusProtocol
import Testing

@Suite struct Conditions {
  /// A condition, and the members' values for which it holds; for all others it does not.
  struct Row: Sendable {
    let condition: Condition
    let holds: [String]
  }

  /// `-` is a member that is not there.
  static let values = [
    "-", "null", #""""#, #"" \n\t""#, "[]", "{}", "false", "true", "0", "42", "42.0", "42.5", #""42""#, #""true""#,
    #""user.created""#, #""userXcreated""#, #""x\nuser.created""#, #""User.Created""#, "[1]", #"{"a":1}"#,
    "9007199254740993", "9007199254740992.0", "18446744073709551615", "-1",
  ]

  static let anyButNothing = Array(values.dropFirst(2))
  static let table: [Row] = [
    Row(condition: .present, holds: anyButNothing),
    Row(condition: .absent, holds: ["-"]),
    Row(condition: .null, holds: ["null"]),
    Row(condition: .empty, holds: [#""""#, "[]", "{}"]),
    Row(condition: .blank, holds: ["null", #""""#, #"" \n\t""#, "[]", "{}"]),
    Row(condition: .filled, holds: anyButNothing.filter { ![#""""#, #"" \n\t""#, "[]", "{}"].contains($0) }),
    Row(condition: .equals(42), holds: ["42", "42.0"]),
    Row(condition: .equals("42"), holds: [#""42""#]),
    Row(condition: .equals(true), holds: ["true"]),
    Row(condition: .equals("true"), holds: [#""true""#]),
    Row(condition: .equals(""), holds: [#""""#]),
    Row(condition: .equals([:]), holds: ["{}"]),
    Row(condition: .equals(nil), holds: ["null"]),
    Row(condition: .equals("user.created"), holds: [#""user.created""#]),
    Row(condition: .equals(9_007_199_254_740_993), holds: ["9007199254740993"]),
    Row(condition: .equals(9_007_199_254_740_992.0), holds: ["9007199254740992.0"]),
    Row(condition: .oneOf([0, "42", nil]), holds: ["null", "0", #""42""#]),
    Row(condition: .oneOf([]), holds: []),
    Row(condition: .matches("user.*"), holds: [#""user.created""#]),
    Row(condition: .matches("user?created"), holds: [#""user.created""#, #""userXcreated""#]),
    Row(condition: .matches("*user.created"), holds: [#""user.created""#, #""x\nuser.created""#]),
    Row(
      condition: .greater(than: 42),
      holds: ["42.5", "9007199254740993", "9007199254740992.0", "18446744073709551615"]),
    Row(
      condition: .atLeast(42),
      holds: ["42", "42.0", "42.5", "9007199254740993", "9007199254740992.0", "18446744073709551615"]),
    Row(condition: .greater(than: 9_007_199_254_740_992.0), holds: ["9007199254740993", "18446744073709551615"]),
    Row(condition: .less(than: 0), holds: ["-1"]),
    Row(condition: .atMost(0.0), holds: ["0", "-1"]),
    Row(condition: .less(than: "V"), holds: [#""""#, #"" \n\t""#, #""42""#, #""User.Created""#]),
    Row(condition: .not(.equals("42")), holds: values.filter { $0 != #""42""# }),
    Row(condition: .not(.absent), holds: Array(values.dropFirst())),
  ]

  @Test(arguments: table)
  func `X10 a condition holds for exactly these values`(_ row: Row) throws {
    for text in Conditions.values {
      let value: JSONValue? = text == "-" ? .none : .some(try JSONParser.parse(text.utf8))
      #expect(row.condition.holds(for: value) == row.holds.contains(text), "\(row.condition) and \(text)")
    }
  }

  @Test(arguments: table)
  func `a condition written as JSON is read as the same one`(_ row: Row) throws {
    #expect(try Condition(json: row.condition.json) == row.condition)
    #expect(try Condition(json: Condition.not(row.condition).json) == .not(row.condition))
  }

  @Test(arguments: [#""sometimes""#, "42", "null", "{}", #"{"equals":1,"not":"null"}"#, #"{"oneOf":1}"#, #"{"not":3}"#])
  func `what is no condition of this version is refused`(text: String) throws {
    let json = try JSONParser.parse(text.utf8)
    #expect(throws: ProtocolError.self) { try Condition(json: json) }
  }

  @Test(arguments: [
    ("", "", true), ("", "a", false), ("*", "", true), ("*", "anything\nat all", true), ("a*b*c", "a--b--c", true),
    ("a*b*c", "a--b--", false), ("a*a", "a", false), ("?", "ü", true), ("?", "", false), (#"\*"#, "*", true),
    (#"\*"#, "x", false), (#"a\"#, #"a\"#, true), ("**x", "yyx", true), ("[a]", "a", false), ("[a]", "[a]", true),
  ])
  func `X10 a glob is literal but for star, question mark and backslash`(
    _ pattern: String, _ text: String, _ matches: Bool
  ) {
    #expect(TextPattern(pattern).matches(text) == matches)
    #expect(TextPattern(TextPattern(pattern).text) == TextPattern(pattern))
  }

  @Test func `a hostile glob ends soon`() {
    let pattern = TextPattern(String(repeating: "*a", count: 100) + "b")
    #expect(!pattern.matches(String(repeating: "a", count: 2000)))
  }
}
