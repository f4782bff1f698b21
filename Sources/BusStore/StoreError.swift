/// The store could not do what it was asked: what failed, why, and the next step.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Why it failed; stable.
  public enum Code: String, Sendable {
    /// No room on the disk. Nothing happened; it works again when there is room.
    case diskFull = "disk_full"
    /// The disk failed to read, write or sync. The store does nothing more until it is opened again.
    case ioFailure = "io_failure"
    /// The file contradicts itself. The store does nothing more.
    case corrupt = "corrupt"
    /// The file may not be written.
    case readOnly = "read_only"
    /// Another process has the file.
    case busy = "busy"
    /// The file, or the directory of the file, cannot be opened.
    case cannotOpen = "cannot_open"
    /// The tables were made by a newer version.
    case schemaTooNew = "schema_too_new"
    /// The store was closed.
    case closed = "closed"
    /// Anything else, which is a bug of this project.
    case unexpected = "unexpected"
  }

  /// The kind of failure.
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

  /// Whether the store stays unusable after it: what a failed sync left behind cannot be known.
  package var isFinal: Bool { code == .ioFailure || code == .corrupt || code == .closed }
}
