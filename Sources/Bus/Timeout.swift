package import BusProtocol

/// How long a run may take, and how long it may take to stop after that.
///
/// ```swift
/// static let timeout: Timeout? = Timeout(.seconds(120))
/// ```
/// When the time is over the run's task is cancelled and the attempt has failed, whatever the work throws then; only
/// what still gets done within the grace counts. A run that does not stop is given up: the job goes on elsewhere, and
/// the run keeps its hand until it ends. An inline bus, and a test's, looks at no time.
public struct Timeout: Hashable, Sendable {
  /// The grace of a timeout that names none.
  public static let standardGrace: Duration = .seconds(10)

  /// So long it may run before it is cancelled.
  public let duration: Duration
  /// So long it may take to stop then.
  public let grace: Duration

  /// A timeout; what is below a millisecond, or above a hundred years, is held at that.
  public init(_ duration: Duration, grace: Duration = Timeout.standardGrace) {
    self.duration = min(max(duration, .milliseconds(1)), Timeout.longest)
    self.grace = min(max(grace, .zero), Timeout.longest)
  }

  private static let longest: Duration = .seconds(36_500 * 86_400)
}

extension Timeout {
  /// How an attempt ended that was cancelled when its time was over.
  ///
  /// What the work did all the same holds; a failure, or giving the job back, is the timeout's.
  func outcome(_ outcome: Outcome) -> Outcome {
    switch outcome {
    case .failed(let error, let retryAfter): .failed(error: text(error), retryAfter: retryAfter)
    case .returned: .failed(error: text(""), retryAfter: nil)
    case .done, .notNeeded, .dead, .unknownWorker, .snoozed, .cancelled: outcome
    }
  }

  /// How an attempt ended that did not stop either.
  var surrender: Outcome {
    .failed(error: "did not stop within \(grace.words) after it timed out after \(duration.words)", retryAfter: nil)
  }

  /// That a task was cancelled says nothing more; any other error may.
  private func text(_ error: String) -> String {
    let why = "timed out after \(duration.words)"
    return error.isEmpty || error.hasPrefix("CancellationError") ? why : "\(why): \(error)"
  }
}

/// The timeouts that hold in a process: a worker's own, else its queue's.
package struct Timeouts: Sendable {
  var workers: [Name: Timeout] = [:]
  var queues: [QueueName: Timeout] = [:]

  package init(workers: [Name: Timeout] = [:], queues: [QueueName: Timeout] = [:]) {
    (self.workers, self.queues) = (workers, queues)
  }

  func timeout(of assignment: Assignment) -> Timeout? {
    (workers.isEmpty ? nil : workers[assignment.worker]) ?? (queues.isEmpty ? nil : queues[assignment.queue])
  }
}
