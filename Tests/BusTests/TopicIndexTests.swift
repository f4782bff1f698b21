import BusProtocol
import Testing

@testable import Bus

/// Finding who wants a topic: the same as asking each.
struct TopicIndexTests {
  @Test func `who wants a topic is found, whatever they want and whoever left`() throws {
    let patterns: [TopicPattern] = ["a", "ab", "abc", "a*", "ab*", "*", "*b", "a*c", "b*", "**", "b", "abcd*"]
    let topics = ["a", "ab", "abc", "abcc", "b", "bb", "c", "abcd"]
    var random = SeededRandom(seed: 11)
    var index = TopicIndex()
    var wanted: [Int: [TopicPattern]] = [:]
    for number in 0..<600 {
      if random.chance(60) || wanted.isEmpty {
        let own = (0...Int.random(in: 0...2, using: &random)).compactMap { _ in patterns.randomElement(using: &random) }
        wanted[number] = own
        index.insert(number, own)
      } else if let leaver = wanted.keys.sorted().randomElement(using: &random), let own = wanted[leaver] {
        wanted[leaver] = nil
        index.remove(leaver, own)
      }
      for topic in topics {
        let expected = wanted.filter { TopicFilter($0.value).wants(Array(topic.utf8)[...]) }.keys.sorted()
        #expect(index.numbers(wanting: Array(topic.utf8)) == expected, "\(topic)")
      }
    }
  }
}
