import BusProtocol
import Testing

struct FilterTests {
  static let longForms: [(text: String, description: String)] = [
    ("state:dead args.user_id:42", "state:dead and args.user_id:42"),
    ("a:1 b:2 or c:3", "a:1 and b:2 or c:3"), ("a:1 (b:2 or c:3)", "a:1 and (b:2 or c:3)"),
    ("not a == 1", "a != 1"), ("not a in (1,2)", "a not in (1, 2)"), ("not a ~ 'x*'", "a !~ 'x*'"),
    ("not (a:1 and b:2)", "not (a:1 and b:2)"), ("a:1 or (b:2 or c:3)", "a:1 or (b:2 or c:3)"), ("((a<1))", "a < 1"),
    ("a == \"it's\"", "a == 'it\\'s'"),
    ("a > 90m", "a > 1h30m"), ("a < +10m", "a < +10m"), ("a > 2026-01-31", "a > 2026-01-31T00:00:00.000000Z"),
    ("a == TRUE", "a == true"), ("a == 1e2", "a == 100.0"), ("foo 'bar baz'", "foo and 'bar baz'"),
    ("a:(b", "a:(b"), ("a:x,y", "a:x,y"), ("a == '\\u{1b}\\n'", "a == '\\u{1b}\\n'"),
  ]

  @Test func `the long form reads to an equal filter`() throws {
    for row in FilterTests.longForms {
      let filter = try Filter(row.text)
      #expect(filter.description == row.description)
      #expect(try Filter(filter.description) == filter, "\(row.text)")
    }
    #expect(try Filter("a:1 b:2") == Filter(" a:1   and\n b:2 "))
    #expect(try Filter("a:1 b:2") != Filter("b:2 a:1"))
    #expect(try Filter("a:1") != Filter("a == 1"))
  }

  static let faults: [(text: String, column: Int, words: String)] = [
    ("", 1, "a test is missing"), ("  ", 3, "a test is missing"), ("a = 1", 3, "write '=='"),
    ("a == ", 6, "a value is missing"), ("a == failed", 6, "quotes"), ("a ~ user_*", 5, "write ~ 'user_*'"),
    ("a == 'x", 6, "not closed"), ("(a:1", 1, "not closed"), ("a:1)", 4, "not opened"), ("a: 1", 3, "without a blank"),
    ("a == 1 and", 11, "a test is missing"), ("or a:1", 1, "stands where a test"), ("a && b", 3, "write 'and'"),
    ("has(a", 6, "write has(a)"), ("has a", 5, "'(' is missing"), ("a in 1", 6, "write a in (1, 2)"),
    ("a in (1", 8, "',' or ')'"), ("a in ()", 7, "a value is missing"), ("a..b == 1", 1, "is no field"),
    ("a[x] == 1", 1, "is no field"), ("a ! 1", 3, "write '!='"), ("a == 9223372036854775808", 6, "64 bits"),
    ("a == 1e999", 6, "no value"), ("a == '\\q'", 7, "no escape"), ("a == '\\u{110000}'", 7, "no escape"),
    ("a == '\\u{0}'", 7, "no escape"), ("a\u{0}", 2, "control character"), ("é == 1", 1, "is no field"),
    ("'é' and a = 1", 11, "write '=='"), ("a < < 1", 5, "no value"), (",", 1, "a test is missing"),
  ]

  @Test func `a fault is shown where it is, with what would be right`() throws {
    for row in FilterTests.faults {
      do {
        let filter = try Filter(row.text)
        Issue.record("\(row.text) is read as \(filter)")
      } catch {
        #expect(error.column == row.column, "\(row.text): \(error)")
        #expect(error.message.contains(row.words), "\(row.text): \(error)")
      }
    }
  }

  static let misfits: [(text: String, kind: FilterKind, column: Int, words: String)] = [
    ("sate:dead", .jobs, 1, "did you mean 'state'?"), ("datta.id == 1", .events, 1, "did you mean 'data'?"),
    ("data.id == 1", .jobs, 1, "a job has no field"), ("state == 'failed'", .jobs, 10, "known: scheduled"),
    ("state:deed", .jobs, 7, "did you mean 'dead'?"), ("state.x == 'a'", .jobs, 1, "no members"),
    ("args == 'x'", .jobs, 1, "name a member"), ("attempts == '3'", .jobs, 13, "without quotes"),
    ("attempts:many", .jobs, 10, "is a number"), ("worker == 3", .jobs, 11, "put it in quotes: '3'"),
    ("queue == 'charge'", .jobs, 10, "*/charge"), ("enqueued_at > 5", .jobs, 15, "is a time"),
    ("args.at > 10m", .jobs, 11, "in JSON a time is text"), ("args.x < true", .jobs, 10, "no order"),
    ("state < 'x'", .jobs, 9, "no order"), ("id == '01J'", .jobs, 7, "id ~ '01JEX*'"),
    ("id ~ '*01J'", .jobs, 6, "only the beginning"), ("reason == null", .jobs, 11, "not has(reason)"),
    ("attempts ~ '3*'", .jobs, 12, "is no text"), ("state", .jobs, 1, "nothing is asked"),
    ("x and data.id", .events, 7, "nothing is asked"),
  ]

  @Test func `a filter that does not fit its kind is shown the same way`() throws {
    for row in FilterTests.misfits {
      let filter = try Filter(row.text)
      do {
        _ = try filter.bound(to: row.kind, at: FilterTruthTests.now)
        Issue.record("\(row.text) is taken")
      } catch {
        #expect(error.column == row.column, "\(row.text): \(error)")
        #expect(error.message.contains(row.words), "\(row.text): \(error)")
      }
    }
  }

  @Test func `the caret stands below the fault`() throws {
    let error = try #require(throws: FilterError.self) { try Filter("data.id == 42 and type = 'x'") }
    #expect(
      error.description == """
        the filter fails at column 24: '=' is no comparison; write '=='
          data.id == 42 and type = 'x'
                                 ^
        """)
    let long = String(repeating: "a:1 ", count: 100) + "b = 1" + String(repeating: " c:1", count: 100)
    let shown = try #require(throws: FilterError.self) { try Filter(long) }.excerpt
    #expect(shown[0].count <= 104 && shown[0].hasPrefix("…") && shown[0].hasSuffix("…"))
    #expect(Array(shown[0])[shown[1].count - 1] == "=")
  }

  @Test func `length, depth and number of terms are bounded`() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "(", count: depth) + "a:1" + String(repeating: ")", count: depth)
    }
    _ = try Filter(nested(63))
    #expect(throws: FilterError.self) { try Filter(nested(64)) }
    #expect(throws: FilterError.self) { try Filter(String(repeating: "(", count: 4096)) }
    #expect(throws: FilterError.self) { try Filter(String(repeating: "not ", count: 1000) + "a:1") }
    _ = try Filter(String(repeating: "a:1 ", count: 256))
    #expect(throws: FilterError.self) { try Filter(String(repeating: "a:1 ", count: 257)) }
    let list = (0..<256).map(String.init).joined(separator: ",")
    _ = try Filter("a in (\(list))")
    #expect(throws: FilterError.self) { try Filter("a in (\(list),1)") }
    _ = try Filter("'" + String(repeating: "x", count: 4094) + "'")
    #expect(throws: FilterError.self) { try Filter("'" + String(repeating: "x", count: 4095) + "'") }
  }

  @Test func `every beginning of a filter and every changed bit is read or refused`() throws {
    let texts = FilterTruthTests.truths.map(\.filter) + FilterTests.faults.map(\.text)
    for text in texts {
      let bytes = Array(text.utf8)
      for cut in bytes.indices { try probe(Array(bytes[..<cut])) }
      for index in bytes.indices {
        for bit in 0..<8 {
          var changed = bytes
          changed[index] ^= 1 << bit
          try probe(changed)
        }
      }
    }
  }

  @Test func `random words and bytes are read or refused`() throws {
    var chance = Chance(5)
    let pieces = [
      "data.id", "state", " ", " ", "==", "!=", "<", ">=", "~", "!~", "in", "not", "has", "(", ")", ",", "'x*'", "42",
      "-1.5",
      "null", "10m", "and", "or", ":", "w", "[0]", "\"", "'", "\\", "é", "\u{1}", "2026-01-31",
    ]
    for _ in 0..<6000 {
      let text = (0..<chance.below(14)).map { _ in pieces[chance.below(pieces.count)] }.joined(separator: " ")
      try probe(Array(text.utf8))
      try probe(chance.bytes(chance.below(30)))
    }
  }

  /// What is read comes again from its long form, and what is refused is refused briefly.
  private func probe(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let filter = try? Filter(text) else { return }
    #expect(try Filter(filter.description) == filter, "\(text)")
    for kind in FilterKind.allCases {
      do {
        _ = try filter.bound(to: kind, at: FilterTruthTests.now).matches(EventSubject(try FilterTruthTests.event()))
      } catch let error as FilterError {
        #expect(error.description.utf8.count < 2000)
      }
    }
  }
}
