/// Several patterns together: what one reader wants.
public struct TopicFilter: Sendable {
  private let patterns: [TopicPattern]
  private let wantsAll: Bool
  private let exact: Set<[UInt8]>

  /// Wants what any of the patterns matches; without patterns nothing.
  public init(_ patterns: [TopicPattern]) {
    wantsAll = patterns.contains { $0.text == "*" }
    exact = Set(patterns.filter { !$0.text.utf8.contains(UInt8(ascii: "*")) }.map { Array($0.text.utf8) })
    self.patterns = patterns.filter { $0.text.utf8.contains(UInt8(ascii: "*")) }
  }

  /// Whether a topic, given as the bytes of a record, is wanted.
  public func wants(_ topic: ArraySlice<UInt8>) -> Bool {
    if wantsAll { return true }
    if !exact.isEmpty, exact.contains(Array(topic)) { return true }
    return !patterns.isEmpty && wants(String(decoding: topic, as: UTF8.self).utf8)
  }

  /// Whether a topic is wanted.
  public func wants(_ topic: Topic) -> Bool {
    wantsAll || exact.contains(Array(topic.text.utf8)) || wants(topic.text.utf8)
  }

  private func wants(_ topic: String.UTF8View) -> Bool { patterns.contains { $0.matches(topic) } }
}
