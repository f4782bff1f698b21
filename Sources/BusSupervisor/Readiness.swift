/// How one knows that a process is up: only then does it count.
public enum Readiness: Sendable, Equatable {
  /// It has lived so long: for programs that know nothing of being watched.
  case after(Duration)
  /// It wrote a line that begins so.
  case line(prefix: String)
  /// It sent `READY=1` to its `NOTIFY_SOCKET`, as services of systemd do.
  case message
}
