/// What the supervisor has to say about one of its processes.
public enum SupervisorNotice: Sendable, Equatable, CustomStringConvertible {
  /// It was started.
  case started(pid: Int32)
  /// It said that it is ready.
  case ready(pid: Int32, after: Duration)
  /// It ended unasked, and is started again: the how-manieth start in a row that did not settle, and when.
  case restarting(ProcessEnd, uptime: Duration, failures: Int, delay: Duration)
  /// It was told to end, because fewer are wanted or another one has taken its place.
  case draining(pid: Int32)
  /// It was told to end, because everything ends.
  case stopping(pid: Int32)
  /// It did not end in time, or nobody wanted to wait, and is killed.
  case killing(pid: Int32)
  /// It ended as it was told to.
  case stopped(ProcessEnd)
  /// It ended before it was ever ready, and without it nothing works.
  case failed(ProcessEnd)
  /// It was not heard for too long, and is aborted; what it last said about itself.
  case stuck(pid: Int32, silentFor: Duration, status: String?)
  /// It is well, but is replaced.
  case worn(WearReason)
  /// The processes of a new program do not work, those of the old one come back.
  case takingBack(UpgradeFailure)

  /// The notice as a line for people.
  public var description: String {
    switch self {
    case .started(let pid): "started (pid \(pid))"
    case .ready(let pid, let after): "ready in \(after.brief) (pid \(pid))"
    case .restarting(let end, let uptime, let failures, let delay):
      "\(end) after \(uptime.brief), "
        + (delay == .zero ? "restarting now" : "restart \(failures) in \(delay.brief)")
    case .draining(let pid): "finishing its work (pid \(pid))"
    case .stopping(let pid): "told to end (pid \(pid))"
    case .killing(let pid): "killing (pid \(pid))"
    case .stopped(let end): "ended: \(end)"
    case .failed(let end): "\(end) before it was ready"
    case .stuck(let pid, let silence, let status):
      "stuck: not heard for \(silence.brief)" + (status.map { ", last: \($0)" } ?? "") + "; aborting (pid \(pid))"
    case .worn(let reason): "\(reason), is replaced"
    case .takingBack(let failure): "upgrade is taken back: \(failure)"
    }
  }
}

/// Why a process is replaced that is well.
public enum WearReason: Sendable, Equatable, CustomStringConvertible {
  /// It has lived so long.
  case tooOld(Duration)
  /// It has so many bytes of memory.
  case tooLarge(Int64)

  /// `runs for 1d2h`, `has 612 MiB of memory`.
  public var description: String {
    switch self {
    case .tooOld(let age): "runs for \(age.brief)"
    case .tooLarge(let bytes): "has \(bytes >> 20) MiB of memory"
    }
  }
}

extension UpgradeFailure: CustomStringConvertible {
  /// `search.2 exited 134 before it was ready (3 tries)`.
  public var description: String {
    switch self {
    case .ended(let process, let end, let tries):
      "\(process) \(end) before it was ready (\(tries) \(tries == 1 ? "try" : "tries"))"
    case .late(let process, let duration): "\(process) was not ready after \(duration.brief)"
    case .stopped: "everything is told to end"
    }
  }
}
