/// When a schedule is due, as it is written: what ``ScheduleRule`` is read from.
public enum ScheduleTiming: Hashable, Sendable, CustomStringConvertible {
  /// At each multiple of an interval since 1970.
  case every(Duration)
  /// As a cron expression says, on a zone's clock.
  case cron(String, timeZone: String)

  /// `every 5m`, `0 8 * * mon-fri Europe/Paris`.
  public var description: String {
    switch self {
    case .every(let interval): "every \(interval.words)"
    case .cron(let expression, let zone): "\(expression) \(zone)"
    }
  }

  /// The rule; zones are read from this machine's files.
  public func rule(zones: ZoneDirectory = ZoneDirectory()) throws(ScheduleError) -> ScheduleRule {
    switch self {
    case .every(let interval):
      guard interval >= ScheduleRule.shortestInterval, interval <= .seconds(366 * 86_400) else {
        throw ScheduleError(
          text: description, problem: "the interval is shorter than a second, or longer than a year",
          help: "for example every: .seconds(60)")
      }
      return .every(interval)
    case .cron(let text, let zone): return .cron(try CronExpression(text), try zones.rules(of: zone))
    }
  }
}

/// What happens at a due time while the job of an earlier one is not finished.
public enum ScheduleOverlap: String, Sendable {
  /// No job; it is counted as skipped. A dead job counts as finished.
  case skip
  /// A job beside it.
  case allow
  /// A job that begins when the earlier one has ended.
  case queue
}

/// What happens to due times that passed while busd was down.
public enum ScheduleCatchUp: String, Sendable {
  /// Nothing: what is more than a minute late is skipped.
  case none
  /// The last of them gets a job, the others are skipped.
  case last
  /// Each gets its job, the first thousand of them; what follows is skipped.
  case all
}
