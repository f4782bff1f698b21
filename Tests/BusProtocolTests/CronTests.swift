import BusProtocol
import Testing

/// Cron expressions: what they say, what is refused, and where clocks are moved.
struct CronTests {
  private func due(
    _ expression: String, _ zone: String, after moment: String, count: Int = 1
  ) throws -> [String] {
    let rule = ScheduleRule.cron(try CronExpression(expression), try ZoneFiles.zone(zone))
    var (due, moment): ([String], Timestamp) = ([], try Timestamp(moment))
    for _ in 0..<count {
      guard let next = rule.next(after: moment) else { break }
      due.append(String(next.description.prefix(16)))
      moment = next
    }
    return due
  }

  @Test(arguments: CronVectors.lines) func `QB12 due times are those of croniter`(line: String) throws {
    let parts = line.split(separator: "|").map(String.init)
    let rule = ScheduleRule.cron(try CronExpression(parts[0]), try ZoneFiles.zone(parts[1]))
    var moment = Timestamp(microseconds: try #require(Int64(parts[2])) * 1_000_000)
    for expected in parts[3].split(separator: " ") {
      let next = try #require(rule.next(after: moment))
      #expect(next.microseconds == Int64(expected).map { $0 * 1_000_000 })
      moment = next
    }
  }

  @Test func `a time in the gap fires once at the gap's end`() throws {
    // Paris goes from 2:00 to 3:00 at 1:00 UTC.
    #expect(
      try due("30 2 * * *", "Europe/Paris", after: "2026-03-28T12:00:00Z", count: 2)
        == ["2026-03-29T01:00", "2026-03-30T00:30"])
    // All times of the gap are one moment.
    #expect(
      try due("0,30 2 * * *", "Europe/Paris", after: "2026-03-28T12:00:00Z", count: 2)
        == ["2026-03-29T01:00", "2026-03-30T00:00"])
    // Lord Howe goes from 2:00 to 2:30.
    #expect(
      try due("15 2 * * *", "Australia/Lord_Howe", after: "2026-10-03T12:00:00Z", count: 2)
        == ["2026-10-03T15:30", "2026-10-04T15:15"])
  }

  @Test func `a time that comes twice fires the first time`() throws {
    #expect(
      try due("30 2 * * *", "Europe/Paris", after: "2026-10-24T12:00:00Z", count: 2)
        == ["2026-10-25T00:30", "2026-10-26T01:30"])
    #expect(
      try due("30 1 * * *", "America/New_York", after: "2026-10-31T12:00:00Z", count: 2)
        == ["2026-11-01T05:30", "2026-11-02T06:30"])
    #expect(
      try due("45 1 * * *", "Australia/Lord_Howe", after: "2026-04-04T10:00:00Z", count: 2)
        == ["2026-04-04T14:45", "2026-04-05T15:15"])
  }

  @Test func `every hour goes on by elapsed time`() throws {
    #expect(
      try due("*/30 * * * *", "Europe/Paris", after: "2026-10-25T00:15:00Z", count: 4)
        == ["2026-10-25T00:30", "2026-10-25T01:00", "2026-10-25T01:30", "2026-10-25T02:00"])
    #expect(
      try due("0 * * * *", "Europe/Paris", after: "2026-03-29T00:30:00Z", count: 2)
        == ["2026-03-29T01:00", "2026-03-29T02:00"])
  }

  @Test func `a day that a zone left out is a gap`() throws {
    // Apia went from the 29th to the 31st of December 2011, at 10:00 UTC.
    #expect(
      try due("0 8 * * *", "Pacific/Apia", after: "2011-12-29T12:00:00Z", count: 3)
        == ["2011-12-29T18:00", "2011-12-30T10:00", "2011-12-30T18:00"])
  }

  @Test func `leap days come when they come`() throws {
    #expect(
      try due("0 0 29 feb *", "UTC", after: "2096-03-01T00:00:00Z", count: 2)
        == ["2104-02-29T00:00", "2108-02-29T00:00"])
    #expect(try due("0 0 29 2 */6", "UTC", after: "2026-01-01T00:00:00Z") == ["2032-02-29T00:00"])
  }

  @Test(arguments: [
    ("@hourly", "0 * * * *"), ("@daily", "0 0 * * *"), ("@weekly", "0 0 * * sun"), ("@monthly", "0 0 1 * *"),
    ("@Yearly", "0 0 1 1 *"), ("5 4 * * 5-7", "5 4 * * fri,sat,sun"), ("0 0 * * fri-sun", "0 0 * * 0,5,6"),
  ])
  func `two ways to say the same`(one: String, other: String) throws {
    let (one, other) = (try CronExpression(one), try CronExpression(other))
    var moment = try Timestamp("2026-01-01T00:00:00Z")
    for _ in 0..<50 {
      let next = try #require(ScheduleRule.cron(one, .utc).next(after: moment))
      #expect(ScheduleRule.cron(other, .utc).next(after: moment) == next)
      moment = next
    }
  }

  @Test(arguments: [
    ("", 1, "it has 0 fields, not 5"), ("0 8 * *", 8, "it has 4 fields, not 5"),
    ("0 0 8 * * *", 11, "it has 6 fields, not 5: seconds are no field here"),
    ("60 * * * *", 1, "60 is no minute"), ("0 24 * * *", 3, "24 is no hour"),
    ("0 8 0 * *", 5, "0 is no day of the month"),
    ("0 8 * 13 *", 7, "13 is no month"), ("0 8 * * 8", 9, "8 is no weekday"),
    ("0 8 * * mon-", 13, "a weekday is missing"), ("0 8 * * fry", 9, "\"fry\" is no weekday"),
    ("0 8 * * tue-mon", 9, "the range tue-mon goes backwards"), ("*/0 * * * *", 3, "\"0\" is no step of a minute"),
    ("*/60 * * * *", 3, "\"60\" is no step of a minute"), ("5/2 * * * *", 1, "a step needs a range"),
    ("1,,2 * * * *", 3, "a minute is missing"), ("0 0 L * *", 5, "\"L\" is no day of the month"),
    ("0 0 30 feb *", 5, "it never fires: no month that is named has such a day"),
    ("0 0 31 4,6 *", 5, "it never fires: no month that is named has such a day"),
    ("@noon", 1, "\"@noon\" is no word for a time"), ("@daily x", 1, "\"@daily x\" is no word for a time"),
    ("-1 * * * *", 1, "a minute is missing"),
    ("99999999999999999999 * * * *", 1, "\"99999999999999999999\" is no minute"),
  ])
  func `a fault is named with its column`(text: String, column: Int, problem: String) {
    let error = #expect(throws: ScheduleError.self) { try CronExpression(text) }
    #expect(error?.column == column)
    #expect(error?.problem == problem)
  }

  @Test func `any bytes are read or refused`() {
    let parts = ["*", "0", "59", "/", "-", ",", " ", "mon", "7", "@daily", "é", "\u{0}", "*/5", "31"]
    var seed: UInt64 = 11
    for _ in 0..<3000 {
      var text = ""
      for _ in 0..<12 {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text += parts[Int(seed >> 33) % parts.count] + (seed >> 40 & 1 == 0 ? " " : "")
      }
      guard let expression = try? CronExpression(text) else { continue }
      #expect(ScheduleRule.cron(expression, .utc).next(after: Timestamp(microseconds: 0)) != nil)
    }
  }

  @Test func `an interval is due at its multiples since 1970`() throws {
    let rule = ScheduleRule.every(.seconds(300))
    let (on, before) = (try Timestamp("2026-01-01T00:05:00Z"), try Timestamp("2026-01-01T00:04:59.999999Z"))
    #expect(rule.next(after: before) == on)
    #expect(rule.next(after: on) == on + .seconds(300))
    #expect(rule.next(after: Timestamp(microseconds: -1)) == Timestamp(microseconds: 0))
    #expect(rule.next(after: Timestamp(microseconds: .max)) == nil)
  }

  @Test func `the last due time of a stretch is found without walking`() throws {
    let (start, end) = (try Timestamp("2020-01-01T00:00:00Z"), try Timestamp("2026-03-29T00:59:30Z"))
    let zone = try ZoneFiles.zone("Europe/Paris")
    for text in ["* * * * *", "30 2 * * *", "0 8 1 jan *", "*/7 3 * * mon"] {
      let rule = ScheduleRule.cron(try CronExpression(text), zone)
      let last = try #require(rule.last(after: start, through: end))
      #expect(last <= end)
      #expect(try #require(rule.next(after: last)) > end)
      #expect(rule.next(after: last - .seconds(1)) == last)
    }
    #expect(ScheduleRule.every(.seconds(1)).last(after: start, through: end) == end)
    #expect(ScheduleRule.every(.seconds(1)).last(after: end, through: end) == nil)
    #expect(ScheduleRule.every(.seconds(60)).count(after: start, through: start + .seconds(600), limit: 7) == 7)
    #expect(ScheduleRule.every(.seconds(60)).count(after: start, through: start + .seconds(600), limit: 70) == 10)
  }

  @Test func `the ends of time are no trap`() throws {
    let rules = [
      ScheduleRule.cron(try CronExpression("0 8 * * *"), try ZoneFiles.zone("Europe/Paris")),
      ScheduleRule.cron(try CronExpression("* * * * *"), .utc), .every(.seconds(1)),
    ]
    for rule in rules {
      for moment in [Int64.min, .min + 1, -253_402_300_799_000_000, 253_402_300_799_000_000, .max - 1, .max] {
        _ = rule.next(after: Timestamp(microseconds: moment))
      }
      _ = rule.last(after: Timestamp(microseconds: .min), through: Timestamp(microseconds: .max))
    }
  }
}
