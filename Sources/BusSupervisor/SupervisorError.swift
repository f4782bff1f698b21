/// Why processes could not be supervised: what failed on what, and what to do.
public struct SupervisorError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Why; stable.
  public enum Code: String, Sendable {
    /// A program is not where it was looked for.
    case binaryNotFound = "binary_not_found"
    /// The topology has no such engine, or none that runs here.
    case unknownEngine = "unknown_engine"
    /// A program did not say what its engine declares.
    case noDeclaration = "no_declaration"
    /// Another supervisor of the same name runs.
    case alreadyRunning = "already_running"
    /// No supervisor answers.
    case notRunning = "not_running"
    /// What was asked makes no sense.
    case badRequest = "bad_request"
    /// Something that has to end first is under way.
    case busy = "busy"
    /// The new program of a supervisor cannot go on with what the old one has.
    case takeoverFailed = "takeover_failed"
    /// The system refused something: a pipe, a process.
    case system
  }

  /// Why.
  public var code: Code
  /// What failed on what, and why.
  public var message: String
  /// The next step.
  public var help: String

  /// An error with its words.
  public init(_ code: Code, _ message: String, help: String) {
    self.code = code
    self.message = message
    self.help = help
  }

  /// Message and help on one line.
  public var description: String { "\(message); \(help)" }
}
