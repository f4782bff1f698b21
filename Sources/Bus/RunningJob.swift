internal import BusProtocol

/// A run as the desk of its process keeps it.
struct RunningJob: Hashable, Sendable {
  /// What was done to it, and what its end means therefore.
  enum Ending: Hashable, Sendable {
    /// Another run may have the job already: what this one says is dropped.
    case leaseLost
    /// busd was not heard for a whole lease, or the process stops: a failure by cancellation gives the job back.
    case cancelled
    /// Its time was over: a failure is the timeout's.
    case timedOut
  }

  var token: UInt64
  var startedAt: ContinuousClock.Instant
  var timeout: Timeout?
  /// When its time, or the grace after it, is over; nil without a timeout.
  var deadline: ContinuousClock.Instant?
  var isOverdue = false
  var ending: Ending?

  /// What its end means, after what was done to it.
  func outcome(_ outcome: Outcome) -> Outcome {
    switch (ending, outcome) {
    // A run that was told to stop did not fail by itself.
    case (.cancelled, .failed): .returned
    case (.timedOut, _): timeout?.outcome(outcome) ?? outcome
    default: outcome
    }
  }
}
