#if canImport(Glibc)
  @preconcurrency internal import Glibc
#elseif canImport(Musl)
  @preconcurrency internal import Musl
#else
  @preconcurrency internal import Darwin
#endif

/// Why a key file cannot be used or made. It never carries a key.
public struct KeyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind.
  public enum Code: String, Sendable {
    /// The system does not give or make the file.
    case unreadable
    /// What is in the file is no key.
    case malformed
    /// It is the other half of a pair.
    case wrongHalf = "wrong_half"
    /// Others than its owner may read a secret key.
    case exposed
    /// It would be written over.
    case exists
    /// Two principals have one key, or a name is taken.
    case ambiguous
    /// This program was built without what it takes.
    case unsupported
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

  /// Message and help on one line.
  public var description: String { "\(message); \(help)" }

  /// What the system said of a path.
  static func system(_ action: String, _ path: String) -> KeyError {
    let reason = String(cString: strerror(errno))
    return KeyError(.unreadable, "cannot \(action) \(path): \(reason)", help: "check the path and its permissions")
  }
}

extension KeyError.Code {
  /// Why a secret was not read.
  init(_ code: PrivacyError.Code) {
    self =
      switch code {
      case .unreadable: .unreadable
      case .exposed: .exposed
      case .malformed: .malformed
      case .exists: .exists
      }
  }
}

extension KeyError {
  /// Why a file with a key was not read or made.
  package init(_ error: PrivacyError) { self.init(Code(error.code), error.message, help: error.help) }
}
