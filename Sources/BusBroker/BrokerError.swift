internal import BusSpool
internal import BusStore

/// Why busd cannot start, or cannot go on.
public struct BrokerError: Error, Sendable, CustomStringConvertible {
  /// The kind, which decides the exit code.
  public enum Code: String, Sendable {
    /// The configuration cannot be used.
    case configuration
    /// Another busd has the directory or the endpoint.
    case inUse = "in_use"
    /// What is on disk contradicts itself; nothing was changed.
    case damaged
    /// The disk failed under a running busd.
    case disk
  }

  /// The kind.
  public var code: Code
  /// What failed on what, and why.
  public var message: String
  /// What to do.
  public var help: String

  /// An error with its sentences.
  public init(_ code: Code, _ message: String, help: String) {
    self.code = code
    self.message = message
    self.help = help
  }

  /// The exit code of sysexits(3) that says the same.
  public var exitCode: Int32 {
    switch code {
    case .configuration: 78
    case .inUse: 69
    case .damaged: 65
    case .disk: 74
    }
  }

  /// Message and help on one line.
  public var description: String { "\(message); \(help)" }
}

extension BrokerError {
  /// What the spool said when it was opened.
  init(_ error: SpoolError, opening directory: String) {
    switch error.code {
    case .locked: self.init(.inUse, error.message, help: "stop the other one, or use another --state-dir")
    case .corrupt:
      self.init(
        .damaged, "the spool in \(directory) is damaged: \(error.message)",
        help: "nothing was changed; look with bus spool verify \(directory), and restore what is missing")
    default: self.init(.disk, error.message, help: "check \(directory) and its disk")
    }
  }

  /// What the job store said when it was opened.
  init(_ error: StoreError, opening path: String) {
    switch error.code {
    case .busy: self.init(.inUse, error.message, help: "stop the other one, or use another --state-dir")
    case .corrupt, .schemaTooNew:
      self.init(.damaged, error.message, help: "restore \(path) from a copy, or use the busd that wrote it")
    default: self.init(.disk, error.message, help: "check \(path) and its disk")
    }
  }
}
