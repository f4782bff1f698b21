/// A file or directory that others can get at: what it is, why it is not used, and what to do.
public struct PrivacyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Why it is not used.
  public enum Code: String, Sendable {
    /// The system refuses it: it is not there, or not ours.
    case unreadable
    /// Others may read or change it.
    case exposed
    /// It is not of the form that it has to have.
    case malformed
    /// It would be written over.
    case exists
  }

  /// The kind.
  public var code: Code
  /// What failed on what, and why; never what stands in the file.
  public var message: String
  /// What to do.
  public var help: String

  /// An error with its sentences.
  public init(_ code: Code, _ message: String, help: String) {
    self.code = code
    self.message = message
    self.help = help
  }

  /// Message and help on one line.
  public var description: String { "\(message); \(help)" }
}
