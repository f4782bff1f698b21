internal import BusProtocol

/// Schedules: when, next, and what they made.
struct ScheduleTable {
  var time: TimeText
  var paint: Paint
  var columns: Int?

  /// The table of `bus cron`.
  func lines(_ schedules: [JSONValue]) throws(ProtocolError) -> [String] {
    var table = Columns([
      ("SCHEDULE", .left), ("WHEN", .left), ("NEXT", .left), ("LAST", .left), ("FIRED", .right), ("SKIPPED", .right),
      ("WORKER", .left),
    ])
    for json in schedules {
      let schedule = try json.members("schedule")
      let next = try ScheduleText.times(schedule).first
      let standstill = ScheduleText.standstill(schedule)
      let last = try schedule.optional("last_due", as: String.self)
        .map { (text) throws(ProtocolError) in try Timestamp(text) }
      let skipped: UInt64 = try schedule.optional("skipped") ?? 0
      let pause = try PauseText.pause(schedule).map { "paused \(PauseText(time: time).words($0))" }
      table.add([
        .init(try schedule.string("name")), .init(try schedule.string("when")),
        .init(pause ?? next.map { time($0) } ?? standstill, pause != nil || next == nil ? .yellow : .plain),
        .init(last.map { time($0) } ?? ""),
        .init("\(try schedule.optional("fired", as: UInt64.self) ?? 0)"),
        .init("\(skipped)", skipped > 0 ? .yellow : .plain), .init(try schedule.string("worker")),
      ])
    }
    return table.lines(paint: paint, terminalColumns: columns)
  }
}

/// One schedule, a line for each thing that is known of it.
struct ScheduleText {
  var time: TimeText

  /// The text of `bus cron show`.
  func lines(_ json: JSONValue) throws(ProtocolError) -> [String] {
    let schedule = try json.members("schedule")
    let next = try Self.times(schedule)
    let standstill = Self.standstill(schedule)
    var lines = [
      "\(try schedule.string("name"))\(next.isEmpty ? " (\(standstill))" : "")",
      "  when      \(try schedule.string("when"))",
      "  job       \(try schedule.string("worker")) in \(try schedule.string("queue"))",
    ]
    if let inputs = try schedule.optionalObject("inputs"), !inputs.members.isEmpty {
      lines.append("  inputs    \(Printable.line(JSONValue.object(inputs).text))")
    }
    if let pause = try PauseText.pause(schedule) { lines.append("  paused    \(PauseText(time: time).words(pause))") }
    lines.append("  overlap   \(try schedule.string("overlap"))")
    lines.append("  catch-up  \(try schedule.string("catch_up"))")
    if let source: String = try schedule.optional("declared_by") {
      let overrides: Bool = try schedule.optional("overrides") ?? false
      lines.append("  declared  by the \(source)\(overrides ? ", in the place of the binary's" : "")")
    }
    if let problem: String = try schedule.optional("problem") {
      lines.append("  problem   \(Printable.line(problem))")
    }
    for due in next { lines.append("  next      \(time(due))") }
    if let last: String = try schedule.optional("last_due") {
      let job: JobID? = try schedule.optional("last_job")
      lines.append("  last      \(time(try Timestamp(last)))\(job.map { ", job \($0)" } ?? "")")
    }
    let fired: UInt64 = try schedule.optional("fired") ?? 0
    lines.append("  fired     \(fired), skipped \(try schedule.optional("skipped", as: UInt64.self) ?? 0)")
    return lines
  }

  /// Why nothing is due.
  static func standstill(_ schedule: JSONMembers) -> String {
    if schedule.optionalValue("undeclared_at") != nil { return "not declared" }
    if schedule.optionalValue("enabled") == false { return "disabled" }
    return schedule.optionalValue("problem") == nil ? "never" : "problem"
  }

  static func times(_ schedule: JSONMembers) throws(ProtocolError) -> [Timestamp] {
    try schedule.list("next") { (json) throws(ProtocolError) in try Timestamp(String(jsonValue: json) ?? "") }
  }
}
