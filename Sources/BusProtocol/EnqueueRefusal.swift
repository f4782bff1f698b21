/// Why a job was not kept: the queue takes none now. Asking again later may help; nothing of the wish is remembered.
public struct EnqueueRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  /// What stands in the way; stable.
  public enum Code: String, Hashable, Sendable {
    /// As many jobs wait in the queue as its `limit` allows.
    case full
    /// The queue is being drained: what is in it is worked, nothing more gets in.
    case draining
  }

  /// What stands in the way.
  public var code: Code
  /// What was refused, why, and the next step.
  public var reason: String

  /// A refusal with its sentence.
  public init(_ code: Code, _ reason: String) {
    self.code = code
    self.reason = reason
  }

  /// Code and reason on one line.
  public var description: String { "\(code.rawValue): \(reason)" }
}
