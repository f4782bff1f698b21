import BusProtocol
import Testing

struct TopicPatternTests {
  static let table: [(pattern: String, topic: String, matches: Bool)] = [
    ("user_changed", "user_changed", true), ("user_changed", "user_change", false),
    ("user_changed", "user_changed2", false), ("user_*", "user_", true), ("user_*", "user_changed", true),
    ("user_*", "users", false), ("*", "a", true), ("**", "a", true), ("*_changed", "user_changed", true),
    ("*_changed", "_changed", true), ("*_changed", "user_changed_", false), ("a*b*c", "abc", true),
    ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXbYbZcd", false), ("a*bc", "abbc", true), ("*a*a*a*", "aa", false),
    ("*a*a*a*", "xaxaxax", true), ("user.created", "userXcreated", false), ("A*", "a", false), ("a*a", "a", false),
  ]

  @Test func `the table holds`() throws {
    for row in TopicPatternTests.table {
      let (pattern, topic) = (try TopicPattern(row.pattern), try Topic(row.topic))
      #expect(pattern.matches(topic) == row.matches, "\(row)")
      #expect(TopicFilter([pattern]).wants(topic) == row.matches, "\(row)")
    }
  }

  /// By definition: a star takes nothing, or one more character.
  private func naive(_ pattern: ArraySlice<Character>, _ topic: ArraySlice<Character>) -> Bool {
    guard let first = pattern.first else { return topic.isEmpty }
    if first == "*" {
      return naive(pattern.dropFirst(), topic) || (!topic.isEmpty && naive(pattern, topic.dropFirst()))
    }
    return topic.first == first && naive(pattern.dropFirst(), topic.dropFirst())
  }

  @Test func `it agrees with the definition`() throws {
    var chance = Chance(11)
    func random(_ letters: [Character]) -> String {
      String((0...chance.below(8)).map { _ in letters[chance.below(letters.count)] })
    }
    var found = 0
    for _ in 0..<20_000 {
      let (pattern, topic) = (random(["a", "b", "*"]), random(["a", "b"]))
      let expected = naive(Array(pattern)[...], Array(topic)[...])
      #expect(try TopicPattern(pattern).matches(Topic(topic)) == expected, "\(pattern) \(topic)")
      #expect(try TopicFilter([TopicPattern(pattern)]).wants(Array(topic.utf8)[...]) == expected)
      if expected { found += 1 }
    }
    #expect(found > 1000)
  }

  @Test func `a filter wants what any of its patterns wants`() throws {
    let filter = TopicFilter(["user_changed", "order_*", "*_deleted"])
    let wanted = ["user_changed", "order_", "order_paid", "x_deleted"]
    for topic in wanted { #expect(filter.wants(try Topic(topic))) }
    for topic in ["user_changed2", "orde", "deleted"] { #expect(!filter.wants(try Topic(topic))) }
    #expect(!TopicFilter([]).wants("a"))
    let bytes = Array("xuser_changedx".utf8)
    #expect(filter.wants(bytes[1..<13]))
    #expect(!filter.wants(bytes[0..<13]))
  }

  @Test func `the prefix for libzmq ends before the first star`() {
    #expect(("user_*" as TopicPattern).literalPrefix == Array("user_".utf8))
    #expect(("*" as TopicPattern).literalPrefix == [])
    #expect(("user" as TopicPattern).literalPrefix == Array("user".utf8))
  }
}
