/// Until when a job holds its queue lock.
public enum QueueLockEnd: String, Hashable, Sendable, CaseIterable {
  /// Until it starts: what is asked for while it runs waits as a job of its own.
  case started
  /// Until its run is over: what is asked for while it runs lets the same job run once more afterwards.
  case done
}
