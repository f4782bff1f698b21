internal import CZeroMQ

/// Why a call failed: what failed on what, libzmq's own reason, and what to do next.
public struct ZeroMQError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: Hashable, Sendable {
    /// The address is taken.
    case addressInUse
    /// The endpoint cannot be understood or used.
    case badEndpoint
    /// A prefix beyond its limit.
    case tooLarge
    /// A message of more frames than are taken, or of none.
    case tooManyFrames
    /// ROUTER: nobody has that routing id.
    case unroutable
    /// No more memory, sockets, threads or files can be had.
    case exhausted
    /// Settings that would let anyone in, or a key that is none.
    case insecure
    /// Any other, by its errno.
    case system(Int32)
  }

  /// The kind of failure.
  public let code: Code
  /// What failed on what: why; what to do next.
  public let message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// Why `action` did not work: the last error of this thread, unless another is given.
  init(cannot action: String, errno number: Int32 = zmq_errno()) {
    let (code, help): (Code, String) =
      switch number {
      case EADDRINUSE: (.addressInUse, "; stop who is there, or choose another endpoint")
      case EHOSTUNREACH: (.unroutable, "; the peer has left")
      case EMFILE, ENFILE: (.exhausted, "; raise the limit of open files, or of sockets in the context")
      case ENOMEM: (.exhausted, "")
      default: (.system(number), "")
      }
    let reason = zmq_strerror(number).map { String(cString: $0) } ?? "errno \(number)"
    self.init(code, "cannot \(action): \(reason)\(help)")
  }

  /// Why `action` on an endpoint did not work: the last error of this thread.
  init(cannot action: String, endpoint: String) {
    let error = ZeroMQError(cannot: "\(action) \(endpoint)")
    switch error.code {
    case .system(EINVAL), .system(EPROTONOSUPPORT), .system(ENOCOMPATPROTO), .system(ENODEV), .system(EADDRNOTAVAIL),
      .system(ENAMETOOLONG), .system(ENOENT), .system(EACCES), .system(ENOTDIR):
      self.init(
        .badEndpoint, error.message + "; an endpoint is tcp://HOST:PORT, ipc://PATH (107 bytes) or inproc://NAME")
    default: self = error
    }
  }

  /// The message.
  public var description: String { message }
}
