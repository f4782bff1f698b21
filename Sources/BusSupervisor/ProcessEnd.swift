/// How a process ended.
public enum ProcessEnd: Sendable, Hashable, CustomStringConvertible {
  /// It ended by itself with a status.
  case exited(Int32)
  /// A signal ended it.
  case signaled(Int32)
  /// It could not be started.
  case notStarted(reason: String)

  /// `exited 134`, `was killed by signal 9`, `could not be started: no such file`.
  public var description: String {
    switch self {
    case .exited(let status): "exited \(status)"
    case .signaled(let signal): "was killed by signal \(signal)"
    case .notStarted(let reason): "could not be started: \(reason)"
    }
  }
}
