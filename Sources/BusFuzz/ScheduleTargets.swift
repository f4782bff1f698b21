internal import BusProtocol

extension FuzzTarget {
  static let scheduleTargets = [
    // Eight bytes of a moment, then the expression.
    FuzzTarget("cron", seeds: { FuzzSeeds.crons.map { FuzzSeeds.moment + Array($0.utf8) } }) { bytes in
      let expression = try CronExpression(String(fuzz: bytes.dropFirst(8)))
      try comesBack(expression, as: "an expression") { try CronExpression(expression.description) }
      try ask(.cron(expression, .utc), at: moment(bytes))
    },
    // Eight bytes of a moment, then a time zone's file.
    FuzzTarget("zone", seeds: { [FuzzSeeds.moment + FuzzSeeds.zone] }) { bytes in
      let zone = try ZoneRules(name: "zone", tzif: Array(bytes.dropFirst(8)))
      let moment = moment(bytes)
      _ = zone.offset(at: moment)
      for text in ["30 2 * * *", "*/5 * * * *"] { try ask(.cron(try CronExpression(text), zone), at: moment) }
    },
    FuzzTarget("interval", seeds: { [FuzzSeeds.moment + Array("1h30m".utf8)] }) { bytes in
      try ask(.every(try required(Duration(words: String(fuzz: bytes.dropFirst(8))))), at: moment(bytes))
    },
  ]

  private static func moment(_ bytes: [UInt8]) -> Timestamp {
    Timestamp(microseconds: Int64(bitPattern: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }))
  }

  private static func ask(_ rule: ScheduleRule, at moment: Timestamp) throws(Breach) {
    guard let due = rule.next(after: moment) else { return }
    try require(due > moment, "a schedule is due in the past")
    try require(rule.last(after: moment, through: due) == due, "the last of one due time is another one")
    if let second = rule.next(after: due) {
      try require(second > due, "a schedule is due twice at once")
      try require(rule.count(after: moment, through: second, limit: 5) == 2, "two due times are not counted as two")
    }
  }
}
