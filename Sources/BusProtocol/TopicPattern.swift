/// Which topics a subscription wants: a topic in which `*` stands for any run of characters, also none.
///
/// `user_*` matches `user_changed`; `*` matches all. What stands before the first `*` is what libzmq filters by.
public struct TopicPattern: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  /// The most patterns in one subscription or one read: each costs a comparison an event.
  public static let maximumCount = 256

  /// The pattern as written.
  public let text: String

  /// Checks the text: the characters of a ``Name`` and `*`, 1 to 200 bytes.
  public init(_ text: String) throws(ProtocolError) {
    guard TopicPattern.isValid(text) else {
      var refusal = Name.refusal(of: text, what: "topic pattern")
      refusal.message += ", and * for any run of characters"
      throw refusal
    }
    self.text = text
  }

  /// A pattern written in the source; text that is not a pattern is a programmer's error.
  public init(stringLiteral text: String) {
    precondition(TopicPattern.isValid(text), "the pattern \"\(text)\" is not 1 to 200 of A-Z a-z 0-9 _ . : - *")
    self.text = text
  }

  /// The pattern as written.
  public var description: String { text }

  /// The bytes before the first `*`.
  public var literalPrefix: [UInt8] { Array(text.utf8.prefix { $0 != TopicPattern.star }) }

  /// Whether the topic is wanted.
  public func matches(_ topic: Topic) -> Bool { TopicPattern.matches(text.utf8, topic.text.utf8) }

  static let star = UInt8(ascii: "*")

  /// Greedy with one point of return: linear in practice, 200 × 200 steps at worst.
  package static func matches(_ pattern: some Collection<UInt8>, _ topic: some Collection<UInt8>) -> Bool {
    var p = pattern.startIndex
    var t = topic.startIndex
    var afterStar = pattern.endIndex
    var hasStar = false
    var retry = t
    while t != topic.endIndex {
      if p != pattern.endIndex, pattern[p] == star {
        pattern.formIndex(after: &p)
        afterStar = p
        hasStar = true
        retry = t
      } else if p != pattern.endIndex, pattern[p] == topic[t] {
        pattern.formIndex(after: &p)
        topic.formIndex(after: &t)
      } else if hasStar {
        topic.formIndex(after: &retry)
        t = retry
        p = afterStar
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == star }
  }

  private static func isValid(_ text: String) -> Bool {
    let length = text.utf8.count
    return length > 0 && length <= Name.maximumLength && text.utf8.allSatisfy { Name.isNameByte($0) || $0 == star }
  }
}
