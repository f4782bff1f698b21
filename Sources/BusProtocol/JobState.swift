/// Where a job is in its life. Each job is in exactly one state.
public enum JobState: String, Hashable, Sendable, CaseIterable {
  /// Due later: asked for at a time, or waiting for its next attempt. Becomes ready when the time comes.
  case scheduled
  /// May run now; waits for a free hand.
  case ready
  /// May run now, but its worker lock is held. Becomes ready, in order, when the lock is released.
  case blocked
  /// A process has it, under a lease. Becomes anything but blocked.
  case running
  /// Nothing can run it: its queue is not in the topology, or no process knows its worker. Becomes ready when that changes.
  case parked
  /// Its work is done. Final.
  case done
  /// Its worker said that the work is no longer needed. Final.
  case notNeeded = "not_needed"
  /// It failed while an equal job waited, and became part of that one. Final.
  case merged
  /// All attempts failed, or the worker gave up. Kept until someone acts.
  case dead
  /// Someone took it out. Final.
  case cancelled
  /// It was not to start any more: its time was over before a hand was free. Final.
  case expired

  /// Whether the job still has to run: those that hold a queue lock, and the parked.
  public var isWaiting: Bool {
    switch self {
    case .scheduled, .ready, .blocked, .parked: true
    case .running, .done, .notNeeded, .merged, .dead, .cancelled, .expired: false
    }
  }

  /// Whether nothing more will happen by itself.
  public var isFinished: Bool {
    switch self {
    case .done, .notNeeded, .merged, .dead, .cancelled, .expired: true
    case .scheduled, .ready, .blocked, .running, .parked: false
    }
  }
}
