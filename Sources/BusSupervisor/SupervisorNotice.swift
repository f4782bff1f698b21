/// What the supervisor has to say about one of its processes.
public enum SupervisorNotice: Sendable, Equatable, CustomStringConvertible {
  /// It was started.
  case started(pid: Int32)
  /// It said that it is ready.
  case ready(pid: Int32, after: Duration)
  /// It ended unasked, and is started again: the how-manieth start in a row that did not settle, and when.
  case restarting(ProcessEnd, uptime: Duration, failures: Int, delay: Duration)
  /// It was told to end.
  case stopping(pid: Int32)
  /// It did not end in time, or nobody wanted to wait, and is killed.
  case killing(pid: Int32)
  /// It ended as it was told to.
  case stopped(ProcessEnd)
  /// It ended before it was ever ready, and without it nothing works.
  case failed(ProcessEnd)

  /// The notice as a line for people.
  public var description: String {
    switch self {
    case .started(let pid): "started (pid \(pid))"
    case .ready(let pid, let after): "ready in \(after.brief) (pid \(pid))"
    case .restarting(let end, let uptime, let failures, let delay):
      "\(end) after \(uptime.brief), "
        + (delay == .zero ? "restarting now" : "restart \(failures) in \(delay.brief)")
    case .stopping(let pid): "told to end (pid \(pid))"
    case .killing(let pid): "killing (pid \(pid))"
    case .stopped(let end): "ended: \(end)"
    case .failed(let end): "\(end) before it was ready"
    }
  }
}
