internal import BusProtocol
internal import BusStore
internal import BusTopology

/// The answer about schedules: those of the topology in its order, then those of binaries by name.
extension StoreLoop {
  func scheduleList(at moment: Timestamp) throws -> JSONValue {
    var kept: [ScheduleName: ScheduleStatus] = [:]
    for status in try store.schedules() { kept[status.name] = status }
    let declared = schedules.declared.reduce(into: [:] as [ScheduleName: DeclaredSchedule]) { $0[$1.wish.name] = $1 }
    let wired = (facts.topology?.engines ?? []).flatMap { engine in
      engine.schedules.map { schedule -> JSONValue in
        let name = ScheduleName(engine: engine.name, name: schedule.name)
        var line = ScheduleLine(schedule, of: engine.name)
        line.overrides = declared[name] != nil
        return line.json(kept[name], at: moment)
      }
    }
    let own = schedules.declared.filter { !schedules.isWired($0.wish.name) }.map { schedule -> JSONValue in
      var line = ScheduleLine(schedule)
      line.problem = schedules.problems[schedule.wish.name]?.description
      return line.json(kept[schedule.wish.name], at: moment)
    }
    return ["schedules": .array(wired + own)]
  }
}

/// A schedule as it is shown, whoever declares it.
private struct ScheduleLine {
  /// How many due times an answer tells ahead.
  static let shownDueTimes = 3

  var name: ScheduleName
  var rule: ScheduleRule?
  var when: String
  var worker: Name
  var queue: QueueName
  var inputs: JSONObject
  var overlap: ScheduleOverlap
  var catchUp: ScheduleCatchUp
  var isEnabled: Bool
  var source: String
  /// When a binary's schedule began; what was due before was not asked for.
  var beginsAt: Timestamp?
  var undeclaredAt: Timestamp?
  /// Whether it stands before one of a binary.
  var overrides = false
  var problem: String?

  init(_ schedule: ScheduleDefinition, of engine: Name) {
    name = ScheduleName(engine: engine, name: schedule.name)
    (rule, when, worker, inputs) = (schedule.rule, schedule.when, schedule.worker, schedule.inputs)
    queue = QueueName(engine: engine, name: schedule.queue)
    (overlap, catchUp, isEnabled, source) = (schedule.overlap, schedule.catchUp, schedule.isEnabled, "topology")
  }

  init(_ schedule: DeclaredSchedule) {
    let wish = schedule.wish
    (name, when, worker, queue) = (wish.name, wish.timing.description, wish.job.worker, wish.job.queue)
    rule = try? wish.timing.rule()
    (inputs, overlap, catchUp, isEnabled, source) = (wish.job.inputs, wish.overlap, wish.catchUp, true, "binary")
    (beginsAt, undeclaredAt) = (schedule.declaredAt, schedule.undeclaredAt)
  }

  func json(_ status: ScheduleStatus?, at moment: Timestamp) -> JSONValue {
    var object: JSONObject = [
      "name": .string(name.description), "when": .string(when), "worker": .string(worker.text),
      "queue": .string("\(queue)"), "inputs": .object(inputs), "overlap": .string(overlap.rawValue),
      "catch_up": .string(catchUp.rawValue), "enabled": .bool(isEnabled), "declared_by": .string(source),
      "next": .array(next(status, at: moment)),
      "fired": (status?.fired ?? 0).jsonValue, "skipped": (status?.skipped ?? 0).jsonValue,
    ]
    object.set("last_due", status?.lastDue?.description)
    object.set("last_job", status?.lastJob)
    object.set("undeclared_at", undeclaredAt?.description)
    if overrides { object["overrides"] = true }
    object.set("problem", problem)
    object.set("pause", status?.pause)
    return .object(object)
  }

  private func next(_ status: ScheduleStatus?, at moment: Timestamp) -> [JSONValue] {
    guard isEnabled, undeclaredAt == nil, let rule else { return [] }
    var after = max(status?.decidedAt ?? moment, beginsAt ?? .distantPast)
    // What was due meanwhile is not to come any more.
    if status?.pause != nil { after = max(after, moment) }
    var next: [JSONValue] = []
    while next.count < ScheduleLine.shownDueTimes, let due = rule.next(after: after) {
      next.append(.string(due.description))
      after = due
    }
    return next
  }
}

extension Timestamp {
  fileprivate static let distantPast = Timestamp(microseconds: .min)
}
