/// Several patterns together: what one reader wants.
public struct TopicFilter: Sendable {
  private let wantsAll: Bool
  private let exact: Set<ArraySlice<UInt8>>
  private let patterns: [[UInt8]]

  /// Wants what any of the patterns matches; without patterns nothing.
  public init(_ patterns: [TopicPattern]) {
    let texts = patterns.map { Array($0.text.utf8) }
    wantsAll = texts.contains { text in text.allSatisfy { $0 == TopicPattern.star } }
    exact = Set(texts.filter { !$0.contains(TopicPattern.star) }.map { $0[...] })
    self.patterns = texts.filter { $0.contains(TopicPattern.star) }
  }

  /// Whether a topic, given as the bytes of a record, is wanted.
  public func wants(_ topic: ArraySlice<UInt8>) -> Bool {
    if wantsAll { return true }
    if !exact.isEmpty, exact.contains(topic) { return true }
    return patterns.contains { TopicPattern.matches($0, topic) }
  }

  /// Whether a topic is wanted.
  public func wants(_ topic: Topic) -> Bool { wants(Array(topic.text.utf8)[...]) }
}
