/// Which topics a subscription wants: a topic in which `*` stands for any run of characters, also none.
///
/// `user_*` matches `user_changed`; `*` matches all. What stands before the first `*` is what libzmq filters by.
public struct TopicPattern: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
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
  public var literalPrefix: [UInt8] { Array(text.utf8.prefix { $0 != UInt8(ascii: "*") }) }

  /// Whether the topic is wanted.
  public func matches(_ topic: Topic) -> Bool { matches(topic.text.utf8) }

  /// Greedy with one point of return: linear in practice, `pattern × topic` steps at worst.
  func matches(_ topic: String.UTF8View) -> Bool {
    let pattern = text.utf8
    var p = pattern.startIndex
    var t = topic.startIndex
    var afterStar: String.Index?
    var retry = t
    while t != topic.endIndex {
      if p != pattern.endIndex, pattern[p] == UInt8(ascii: "*") {
        pattern.formIndex(after: &p)
        afterStar = p
        retry = t
      } else if p != pattern.endIndex, pattern[p] == topic[t] {
        pattern.formIndex(after: &p)
        topic.formIndex(after: &t)
      } else if let star = afterStar {
        topic.formIndex(after: &retry)
        t = retry
        p = star
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
  }

  private static func isValid(_ text: String) -> Bool {
    let length = text.utf8.count
    return length > 0 && length <= Name.maximumLength
      && text.utf8.allSatisfy { Name.isNameByte($0) || $0 == UInt8(ascii: "*") }
  }
}
