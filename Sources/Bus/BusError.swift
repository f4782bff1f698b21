public import BusProtocol

/// Why something that was asked of the bus did not happen.
public struct BusError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A stable word: busd's own for what busd refused, else `unreachable`, `timeout`, `outbox`, `too_large`, `stopped`.
  public var code: String
  /// What failed on what, and why.
  public var message: String
  /// What to do.
  public var help: String?

  /// An error with its sentences.
  public init(code: String, _ message: String, help: String? = nil) {
    self.code = code
    self.message = message
    self.help = help
  }

  /// What busd refused.
  public init(_ refusal: Refusal) {
    self.init(code: refusal.code, refusal.message, help: refusal.help)
  }

  /// Whatever was caught, as one of these.
  init(caught error: any Error) {
    switch error {
    case let error as BusError: self = error
    case let error as ProtocolError: self.init(code: error.code.rawValue, error.message)
    case let error as WorkFailure: self.init(code: "job_failed", error.description, help: "see the worker")
    default: self.init(code: "inline", "\(error)")
    }
  }

  /// Code, message and help on one line.
  public var description: String { "\(message)\(help.map { "; \($0)" } ?? "") [\(code)]" }
}
