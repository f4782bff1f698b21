import BusProtocol
import Testing

struct LockKeyTests {
  private func text(_ key: LockKey) -> String { key.text(workerNamespace: "search.IndexUser") }

  @Test func `the text is namespace and values`() {
    #expect(text(LockKey(42)) == "search.IndexUser(42)")
    #expect(text(LockKey("42", true, 1.5)) == #"search.IndexUser("42",true,1.5)"#)
    #expect(text(LockKey()) == "search.IndexUser()")
    #expect(text(LockKey(namespace: "users", 42)) == "users(42)")
    let id = EventID(high: 1, low: 2)
    #expect(text(LockKey(id)) == "search.IndexUser(\"\(id)\")")
  }

  @Test func `X27 values of other types and counts are other keys`() {
    let keys: [LockKey] = [
      LockKey(), LockKey(1), LockKey("1"), LockKey(JSONValue.null), LockKey("null"), LockKey(1.0), LockKey(true),
      LockKey("true"),
      LockKey(""), LockKey("", ""), LockKey(1, 1), LockKey("1,1"), LockKey("1", "1"), LockKey("1\",\"1"),
      LockKey(#"1","1"#, ""),
      LockKey([1, 1] as JSONValue), LockKey([[1], 1] as JSONValue), LockKey([:] as JSONValue), LockKey([] as JSONValue),
      LockKey("[]"),
      LockKey(["a": 1] as JSONValue), LockKey(["a": "1"] as JSONValue), LockKey("a)b(c"), LockKey(")"), LockKey("("),
      LockKey("\\"),
      LockKey("\\\""), LockKey("\""), LockKey("\n"), LockKey("\\n"), LockKey("\u{0}"), LockKey("a", "b,c"),
      LockKey("a,b", "c"),
      LockKey(Int64.max), LockKey(UInt64.max), LockKey(-1), LockKey(namespace: "n"), LockKey(namespace: "n", 1),
      LockKey(namespace: "n.1"),
      LockKey(0.1), LockKey(0.1 + 0.2), LockKey(0.3),
    ]
    #expect(Set(keys.map(text)).count == keys.count)
  }

  @Test func `X27 equal values are one key, in whatever order their members stand`() throws {
    #expect(text(LockKey(UInt64(5))) == text(LockKey(Int32(5))))
    let one: JSONValue = ["b": [["y": 1, "x": 2]], "a": 1]
    let other: JSONValue = ["a": 1, "b": [["x": 2, "y": 1]]]
    #expect(text(LockKey(one)) == text(LockKey(other)))
    #expect(text(LockKey(one)) == #"search.IndexUser({"a":1,"b":[{"x":2,"y":1}]})"#)
    #expect(text(LockKey(try parse(#"{"a":1,"a":2}"#))) == text(LockKey(["a": 2] as JSONValue)))
  }

  @Test func `X27 random keys have one text only if they are equal`() {
    var chance = Chance(16)
    var seen: [String: [JSONValue]] = [:]
    for _ in 0..<5000 {
      let values = (0..<chance.below(3)).map { _ in chance.json(depth: 0) }
      let text =
        switch values.count {
        case 0: self.text(LockKey())
        case 1: self.text(LockKey(values[0]))
        default: self.text(LockKey(values[0], values[1]))
        }
      if let before = seen[text] { #expect(before == values) }
      seen[text] = values
    }
    #expect(seen.count > 1000)
  }
}
