/// A name that a person gives: of an engine, queue, subscription, worker or retry policy.
///
/// 1 to 200 characters of `A-Z a-z 0-9 _ . : -`. The bound is libzmq's: 4.3.4 breaks on prefixes of 246 to 255 bytes.
public struct Name: Hashable, Sendable, Comparable, CustomStringConvertible, ExpressibleByStringLiteral {
  /// The longest name, in bytes.
  public static let maximumLength = 200

  /// The characters, all ASCII.
  public let text: String

  /// Checks the text; `what` says in the error whose name it was.
  public init(_ text: String, of what: String = "name") throws(ProtocolError) {
    guard Name.isValid(text) else { throw Name.refusal(of: text, what: what) }
    self.text = text
  }

  /// A name written in the source; text that is not a name is a programmer's error.
  public init(stringLiteral text: String) {
    precondition(Name.isValid(text), "\"\(text)\" is not a name: 1 to 200 of A-Z a-z 0-9 _ . : -")
    self.text = text
  }

  /// The characters.
  public var description: String { text }

  /// In the order of the characters.
  public static func < (left: Name, right: Name) -> Bool { left.text < right.text }

  /// Whether a text is a name.
  package static func isValid(_ text: String) -> Bool {
    text.utf8Span.span.bytes.withUnsafeBytes(isValid)
  }

  /// Whether the bytes are those of a name.
  package static func isValid(_ bytes: some Collection<UInt8>) -> Bool {
    let length = bytes.count
    return length > 0 && length <= maximumLength && bytes.allSatisfy(isNameByte)
  }

  /// Whether a byte may stand in a name.
  package static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }

  package static func refusal(of text: String, what: String) -> ProtocolError {
    ProtocolError(
      .badName,
      "\(what) \(ProtocolError.quoted(text, limit: 60)) is not a name: \(text.utf8.count) bytes; "
        + "use 1 to \(maximumLength) of A-Z a-z 0-9 _ . : -")
  }
}
