/// A schedule that an engine's binary declares: busd makes its jobs, whichever of the engine's processes are up.
public struct ScheduleWish: Hashable, Sendable {
  /// The most schedules of one engine.
  public static let maximumCount = 1000

  /// Its full name.
  public var name: ScheduleName
  /// When it is due.
  public var timing: ScheduleTiming
  /// What happens while an earlier job is not finished.
  public var overlap: ScheduleOverlap
  /// What happens to due times that were missed.
  public var catchUp: ScheduleCatchUp
  /// What is made at each due time; its id, time and cause are those of the due time.
  public var job: NewJob

  /// A declared schedule.
  public init(
    name: ScheduleName, timing: ScheduleTiming, overlap: ScheduleOverlap = .skip, catchUp: ScheduleCatchUp = .last,
    job: NewJob
  ) {
    self.name = name
    self.timing = timing
    self.overlap = overlap
    self.catchUp = catchUp
    self.job = job
  }

  /// The wish as the wire and the store carry it.
  public var json: JSONValue {
    var object: JSONObject = ["name": .string(name.description)]
    switch timing {
    case .every(let interval): object.set("every", interval.inMicroseconds)
    case .cron(let expression, let zone):
      object["cron"] = .string(expression)
      object["timezone"] = .string(zone)
    }
    object["overlap"] = .string(overlap.rawValue)
    object["catch_up"] = .string(catchUp.rawValue)
    object["job"] = job.json
    return .object(object)
  }

  /// Reads what ``json`` wrote; zone, overlap and catch-up may be left out.
  ///
  /// Whether the expression and the zone can be used is not looked at here: see ``ScheduleTiming/rule(zones:)``.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("schedule")
    name = try ScheduleName(try members.string("name"))
    if let cron: String = try members.optional("cron") {
      timing = .cron(cron, timeZone: try members.optional("timezone") ?? ZoneRules.utc.name)
    } else {
      timing = .every(.microseconds(try members.integer("every")))
    }
    overlap = try ScheduleWish.word(members, "overlap", .skip)
    catchUp = try ScheduleWish.word(members, "catch_up", .last)
    job = try NewJob(json: try members.value("job"))
  }

  private static func word<Word: RawRepresentable<String>>(
    _ members: JSONMembers, _ key: String, _ standard: Word
  ) throws(ProtocolError) -> Word {
    guard let text: String = try members.optional(key) else { return standard }
    guard let word = Word(rawValue: text) else {
      throw ProtocolError(.badMessage, "schedule.\(key) is \(ProtocolError.quoted(text)), which is none of its words")
    }
    return word
  }
}
