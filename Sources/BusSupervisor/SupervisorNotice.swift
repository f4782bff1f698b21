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
  /// It did not get ready in time, and is aborted.
  case late(pid: Int32, after: Duration)
  /// It does not stay up: how its last start ended, and how many in a row did so.
  case looping(ProcessEnd, failures: Int)
  /// All of a program stay up again.
  case recovered
  /// There are to be more of a program, because a job has waited for so long, or fewer.
  case scaled(from: Int, to: Int, latency: Duration)
  /// It is well, but is replaced.
  case worn(WearReason)
  /// Another program goes on in the supervisor's process, with so many of the processes.
  case tookOver(was: String, version: String, kept: Int)
  /// What a signal asked for cannot be done.
  case refused(SupervisorError)
  /// Its processes accept connections there.
  case listening(String)
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
    case .late(let pid, let after): "not ready after \(after.brief); aborting (pid \(pid))"
    case .looping(let end, let failures): "does not stay up: \(failures) starts in a row failed, the last \(end)"
    case .recovered: "stays up again"
    case .scaled(let old, let new, let latency):
      "\(new) \(new == 1 ? "process" : "processes") instead of \(old): "
        + (new > old ? "a job has waited for \(latency.brief)" : "no job waits long")
    case .worn(let reason): "\(reason), is replaced"
    case .tookOver(let was, let version, let kept):
      "replaced: \(was) -> \(version), \(kept) \(kept == 1 ? "process" : "processes") kept"
    case .refused(let error): "\(error)"
    case .listening(let place): "listens at \(place)"
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
  /// It has done so many jobs.
  case tooBusy(Int)

  /// `runs for 1d2h`, `has 612 MiB of memory`.
  public var description: String {
    switch self {
    case .tooOld(let age): "runs for \(age.brief)"
    case .tooLarge(let bytes): "has \(bytes >> 20) MiB of memory"
    case .tooBusy(let jobs): "has done \(jobs) jobs"
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
