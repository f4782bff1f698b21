/// When a schedule is due: an interval, or a cron expression on the clock of a time zone.
///
/// Where a clock is moved, an expression with fixed hours (`30 2 * * *`) fires once: at the end of the gap when its
/// time does not exist that day, and the first time when its time comes twice. An expression that takes every hour
/// (`*/5 * * * *`) goes on by elapsed time. A day that a zone left out (Apia, 2011-12-30) is such a gap.
public enum ScheduleRule: Hashable, Sendable {
  /// At each multiple of the interval since 1970-01-01T00:00:00Z, so that neither restarts nor machines move it.
  case every(Duration)
  /// As an expression says, on a zone's clock.
  case cron(CronExpression, ZoneRules)

  /// The shortest interval.
  public static let shortestInterval: Duration = .seconds(1)

  /// The first due time after a moment; nil when none follows that a timestamp can say.
  public func next(after moment: Timestamp) -> Timestamp? {
    switch self {
    case .every(let interval):
      let step = max(interval, ScheduleRule.shortestInterval).inMicroseconds
      let (next, overflow) = floorDivided(moment.microseconds, by: step).addingReportingOverflow(1)
      let (due, overflows) = next.multipliedReportingOverflow(by: step)
      return overflow || overflows ? nil : Timestamp(microseconds: due)
    case .cron(let expression, let zone):
      // Beyond this nothing that follows could overflow; it is the year 10,000.
      guard abs(moment.microseconds / 1_000_000) < 253_402_300_800 else { return nil }
      // Due times are whole seconds: those after a moment are those after its second.
      let second = floorDivided(moment.microseconds, by: 1_000_000)
      let due =
        expression.takesEveryHour
        ? ScheduleRule.elapsed(expression, zone, after: second) : ScheduleRule.fixed(expression, zone, after: second)
      return due.map { Timestamp(microseconds: $0 * 1_000_000) }
    }
  }

  /// The last due time in a stretch of time, without walking through all of them.
  public func last(after start: Timestamp, through end: Timestamp) -> Timestamp? {
    guard var last = next(after: start), last <= end else { return nil }
    // The latest second with a due time behind it that is not too late: found by halving.
    var (low, high) = (last, end)
    while (high - low).inMicroseconds > 1_000_000 {
      let middle = low + .microseconds((high - low).inMicroseconds / 2)
      if let due = next(after: middle), due <= end { (low, last) = (due, due) } else { high = middle }
    }
    if let due = next(after: low), due <= end { last = due }
    return last
  }

  /// How many due times a stretch of time has, counted up to a limit.
  public func count(after start: Timestamp, through end: Timestamp, limit: Int) -> Int {
    var (count, moment) = (0, start)
    while count < limit, let due = next(after: moment), due <= end { (count, moment) = (count + 1, due) }
    return count
  }

  /// By elapsed time: from one stretch without a change of the clock to the next.
  private static func elapsed(_ expression: CronExpression, _ zone: ZoneRules, after second: Int64) -> Int64? {
    var moment = second + 1
    for _ in 0..<200 {
      let stretch = zone.stretch(at: moment)
      guard let local = expression.next(from: moment + stretch.offset) else { return nil }
      let due = local - stretch.offset
      guard let end = stretch.end, due >= end else { return due }
      moment = end
    }
    return nil
  }

  /// By the times on the clock, each of which is one moment: the later the time, the later (or the same) the moment.
  private static func fixed(_ expression: CronExpression, _ zone: ZoneRules, after second: Int64) -> Int64? {
    var local = second + zone.stretch(at: second).offset
    // The times of the day that is had twice, one a minute, are passed over one by one.
    for _ in 0..<3000 {
      guard let next = expression.next(from: local) else { return nil }
      let due = zone.moment(ofLocal: next)
      if due > second { return due }
      local = next + 60
    }
    return nil
  }
}
