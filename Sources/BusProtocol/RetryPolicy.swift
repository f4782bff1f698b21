/// How often and when a failed job runs again.
public struct RetryPolicy: Hashable, Sendable {
  /// How the delay grows.
  public enum Backoff: String, Hashable, Sendable {
    /// `base × 2^(attempt-1)`, at most `maximum`.
    case exponential
    /// Always `base`.
    case fixed
  }

  /// How much chance goes into a delay.
  public enum Jitter: String, Hashable, Sendable {
    /// Anything from nothing to the whole delay, so that those who failed together do not come back together.
    case full
    /// The delay as computed.
    case none
  }

  /// All runs of a job together, the first included; after the last the job is dead.
  public var attempts: Int
  /// How the delay grows.
  public var backoff: Backoff
  /// The first delay.
  public var base: Duration
  /// The longest delay.
  public var maximum: Duration
  /// How much chance goes in.
  public var jitter: Jitter

  /// Eight attempts from 2 s to an hour apart.
  public static let standard = RetryPolicy()

  /// Makes a policy; without words it is ``standard``.
  public init(
    attempts: Int = 8, backoff: Backoff = .exponential, base: Duration = .seconds(2),
    maximum: Duration = .seconds(3600), jitter: Jitter = .full
  ) {
    self.attempts = max(1, attempts)
    self.backoff = backoff
    self.base = max(.zero, base)
    self.maximum = max(.zero, maximum)
    self.jitter = jitter
  }

  /// The delay after an attempt failed, or nil when there is none left.
  ///
  /// - Parameters:
  ///   - attempt: the one that failed; 1 is the first.
  ///   - chance: from 0 up to, not including, 1.
  public func delay(afterAttempt attempt: Int, chance: Double) -> Duration? {
    guard attempt < attempts else { return nil }
    let limit = max(0, maximum.inMicroseconds)
    var delay = min(max(0, base.inMicroseconds), limit)
    if backoff == .exponential {
      for _ in 1..<max(1, min(attempt, 64)) where delay < limit { delay = delay > limit / 2 ? limit : delay * 2 }
    }
    guard jitter == .full else { return .microseconds(delay) }
    let part = Double(delay) * max(chance, 0)
    // Also where chance is no number, and where the nearest double of the delay is more than Int64 holds.
    return .microseconds(part < Double(delay) ? Int64(part) : delay)
  }

  /// The policy as wire and store keep it.
  public var json: JSONValue {
    [
      "attempts": .integer(Int64(attempts)), "backoff": .string(backoff.rawValue),
      "base": .integer(base.inMicroseconds), "max": .integer(maximum.inMicroseconds),
      "jitter": .string(jitter.rawValue),
    ]
  }

  /// Reads what ``json`` wrote; times are in microseconds, below zero counts as zero.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("retry")
    guard let backoff = Backoff(rawValue: try members.string("backoff")),
      let jitter = Jitter(rawValue: try members.string("jitter"))
    else { throw ProtocolError(.badJSON, "retry has a backoff or a jitter of another version") }
    self.init(
      attempts: Int(clamping: try members.integer("attempts")), backoff: backoff,
      base: .microseconds(try members.integer("base")), maximum: .microseconds(try members.integer("max")),
      jitter: jitter)
  }
}
