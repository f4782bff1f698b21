/// Bytes, text or names that the bus does not accept: what was wrong, where, and what to do.
public struct ProtocolError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Why something was refused; stable, and the same word on the wire.
  public enum Code: String, Sendable {
    /// A name, topic, pattern or id that breaks its grammar.
    case badName = "bad_name"
    /// JSON text that does not parse, or lacks a member, or has one of another type.
    case badJSON = "bad_json"
    /// A record whose bytes contradict themselves: length, checksum, magic.
    case badRecord = "bad_record"
    /// A message whose frames are not those of its verb.
    case badMessage = "bad_message"
    /// A verb that this version does not know.
    case unknownVerb = "unknown_verb"
    /// A peer that speaks a version of the protocol that this one does not.
    case badVersion = "bad_version"
    /// Something longer than its limit.
    case tooLarge = "too_large"
  }

  /// The kind of refusal.
  public var code: Code
  /// What failed on what, why, and the next step.
  public var message: String

  /// Makes an error of a kind with its sentence.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// Code and message on one line.
  public var description: String { "\(code.rawValue): \(message)" }
}

extension ProtocolError {
  /// Text from outside as a message may show it: in quotes, at most `limit` characters, nothing that a terminal obeys.
  ///
  /// Counted in scalars: one character of Swift can be a letter under a megabyte of accents.
  package static func quoted(_ text: String, limit: Int = 40) -> String {
    let scalars = text.unicodeScalars
    let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex) ?? scalars.endIndex
    var shown = "\""
    for scalar in scalars[..<end] {
      if isShown(scalar) {
        shown.unicodeScalars.append(scalar)
      } else {
        shown += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return shown + (end < scalars.endIndex ? "…\"" : "\"")
  }

  private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return (32..<127).contains(scalar.value) }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
    default: return true
    }
  }
}
