public import BusProtocol

/// Thrown by a worker: this run failed, try again, after the given time or by the retry policy.
///
/// ```swift
/// throw Retry(after: .seconds(30), "the index is rebuilding")
/// ```
public struct Retry: Error, Hashable, Sendable, CustomStringConvertible {
  /// How long to wait; nil for what the retry policy says.
  public let after: Duration?
  /// Why, for `bus why` and the logs.
  public let reason: String

  /// Asks for another run; it counts as an attempt.
  public init(after: Duration? = nil, _ reason: String = "the worker asked for another run") {
    self.after = after
    self.reason = reason
  }

  /// The reason.
  public var description: String { reason }
}

/// Thrown by a worker: this can never succeed. The job is dead at once, kept with the reason until someone acts.
///
/// ```swift
/// throw GiveUp("invoice \(invoiceID) was never issued")
/// ```
public struct GiveUp: Error, Hashable, Sendable, CustomStringConvertible {
  /// Why, for `bus why` and the logs.
  public let reason: String

  /// Ends the job's life without success.
  public init(_ reason: String) { self.reason = reason }

  /// The reason.
  public var description: String { reason }
}

/// Thrown by a worker: not now, again after a time. It is the same job, with its id and its history; the attempt does not
/// count, so it may go on for ever: "again in an hour", "at the first of next month".
///
/// ```swift
/// throw Snooze(for: .seconds(3600))
/// ```
public struct Snooze: Error, Hashable, Sendable, CustomStringConvertible {
  /// How long to wait.
  public let duration: Duration

  /// Again after so long.
  public init(for duration: Duration) { self.duration = duration }

  /// Again at a moment, by this machine's clock; at once when it has passed.
  public init(until moment: Timestamp) { duration = max(.zero, moment - SystemClock.now()) }

  /// Again when a cron expression is due next on a zone's clock, by this machine's clock and zones: at nine on the first of
  /// each month, say, for as long as the worker goes on to say so.
  ///
  /// ```swift
  /// throw try Snooze(untilNext: "0 9 1 * *", in: "Europe/Paris")
  /// ```
  /// An expression or a zone that cannot be used throws, and is a failure of the run like any other.
  public init(untilNext cron: String, in timeZone: String = "UTC") throws {
    try self.init(untilNext: cron, in: timeZone, now: SystemClock.now())
  }

  init(untilNext cron: String, in timeZone: String, now: Timestamp) throws {
    let rule = try ScheduleTiming.cron(cron, timeZone: timeZone).rule()
    guard let next = rule.next(after: now + Snooze.lead) else {
      throw ScheduleError(text: cron, problem: "it is never due again", help: "end the job by a return, or throw Drop")
    }
    duration = next - now
  }

  /// What is due that soon is the time that was waited for, by a clock that is behind busd's.
  private static let lead = Duration.seconds(1)

  /// What it means.
  public var description: String { "again in \(duration)" }
}

/// Thrown by a worker: the work is not to be done any more. The job ends as cancelled, with the reason.
///
/// ```swift
/// throw Drop("the campaign was stopped")
/// ```
public struct Drop: Error, Hashable, Sendable, CustomStringConvertible {
  /// Why, for `bus why` and the logs.
  public let reason: String

  /// Ends the job.
  public init(_ reason: String) { self.reason = reason }

  /// The reason.
  public var description: String { reason }
}
