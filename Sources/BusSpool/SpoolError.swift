/// Why a log refuses: the kind, and what failed on what, why, and the next step.
public struct SpoolError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of refusal.
  public enum Code: String, Sendable {
    /// Another process writes this log.
    case locked
    /// What is on disk contradicts itself; nothing was changed.
    case corrupt
    /// The file system has no room; appending works again once it has.
    case diskFull = "disk_full"
    /// The log has reached the size that it may have; appending works again once segments were removed.
    case full
    /// A sync failed: what was written may be lost, so nothing more is taken.
    case syncFailed = "sync_failed"
    /// The log was opened for reading.
    case readOnly = "read_only"
    /// The log was closed.
    case closed
    /// The bytes are not those of an event's record.
    case badRecord = "bad_record"
    /// There is no log, or no such file in it.
    case notFound = "not_found"
    /// Anything else that the operating system says.
    case system
  }

  /// The kind.
  public var code: Code
  /// What failed on what, why, and the next step.
  public var message: String

  /// An error with its sentence.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// What a call of the disk said.
  package init(_ error: DiskError, _ call: String, _ path: String) {
    switch error.reason {
    case .noSpace: self.init(.diskFull, "cannot \(call) \(path): \(error.message); free space on its file system")
    case .notFound: self.init(.notFound, "cannot \(call) \(path): \(error.message); check the directory")
    case .other: self.init(.system, "cannot \(call) \(path): \(error.message); check the disk and its permissions")
    }
  }

  /// Code and message on one line.
  public var description: String { "\(code.rawValue): \(message)" }
}
