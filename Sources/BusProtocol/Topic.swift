/// What an event is about: `user_changed`. A name, and the first frame of every live message.
public struct Topic: Hashable, Sendable, Comparable, CustomStringConvertible, ExpressibleByStringLiteral {
  /// The characters, all ASCII.
  public let text: String

  /// Checks the text against the grammar of ``Name``.
  public init(_ text: String) throws(ProtocolError) {
    guard Name.isValid(text) else { throw Name.refusal(of: text, what: "topic") }
    self.text = text
  }

  /// A topic written in the source; text that is not a topic is a programmer's error.
  public init(stringLiteral text: String) {
    precondition(Name.isValid(text), "the topic \"\(text)\" is not 1 to 200 of A-Z a-z 0-9 _ . : -")
    self.text = text
  }

  /// For bytes that are already known to be a topic's.
  init(unchecked text: String) { self.text = text }

  /// The characters.
  public var description: String { text }

  /// In the order of the characters.
  public static func < (left: Topic, right: Topic) -> Bool { left.text < right.text }
}
