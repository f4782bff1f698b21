internal import BusProtocol

/// Finds who wants a topic without asking everyone: an exact topic by itself, a pattern by what stands before its
/// first `*`.
struct TopicIndex {
  private struct Pattern {
    var number: Int
    var text: [UInt8]
  }

  private var exact: [ArraySlice<UInt8>: Set<Int>] = [:]
  private var patterns: [ArraySlice<UInt8>: [Pattern]] = [:]
  /// How many beginnings of patterns have each length.
  private var lengths: [Int: Int] = [:]
  /// What was found before; forgotten with each change.
  private var found: [ArraySlice<UInt8>: [Int]] = [:]

  /// Answers beyond this many are looked for anew each time.
  private static let maximumFoundCount = 1000

  mutating func insert(_ number: Int, _ wanted: [TopicPattern]) {
    found = [:]
    for pattern in Set(wanted) {
      let (text, beginning) = (Array(pattern.text.utf8), pattern.literalPrefix[...])
      if beginning.count == text.count {
        exact[beginning, default: []].insert(number)
      } else {
        if patterns[beginning] == nil { lengths[beginning.count, default: 0] += 1 }
        patterns[beginning, default: []].append(Pattern(number: number, text: text))
      }
    }
  }

  mutating func remove(_ number: Int, _ wanted: [TopicPattern]) {
    found = [:]
    for pattern in Set(wanted) {
      let beginning = pattern.literalPrefix[...]
      if beginning.count == pattern.text.utf8.count {
        exact[beginning]?.remove(number)
        if exact[beginning]?.isEmpty ?? false { exact[beginning] = nil }
      } else if patterns[beginning] != nil {
        patterns[beginning]?.removeAll { $0.number == number }
        guard patterns[beginning]?.isEmpty ?? false else { continue }
        patterns[beginning] = nil
        let count = (lengths[beginning.count] ?? 1) - 1
        lengths[beginning.count] = count > 0 ? count : nil
      }
    }
  }

  /// Who wants a topic, in the order of the numbers.
  mutating func numbers(wanting topic: [UInt8]) -> [Int] {
    if let known = found[topic[...]] { return known }
    var numbers = exact[topic[...]] ?? []
    for length in lengths.keys where length <= topic.count {
      for pattern in patterns[topic[..<length]] ?? [] where TopicPattern.matches(pattern.text, topic) {
        numbers.insert(pattern.number)
      }
    }
    let sorted = numbers.sorted()
    if found.count < TopicIndex.maximumFoundCount { found[topic[...]] = sorted }
    return sorted
  }
}
