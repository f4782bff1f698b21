internal import BusProtocol
internal import BusStore
internal import BusTopology
internal import Logging

/// Schedules: each due time gets its job in the transaction that records it.
extension StoreLoop {
  /// Where schedules stood before busd was started.
  func rememberSchedules() {
    do { schedules.settle(try store.schedules()) } catch {
      logger.error("the schedules could not be read", metadata: ["error": "\(error)"])
    }
  }

  func fireSchedules(at moment: Timestamp) {
    for firing in schedules.due(now: moment) {
      for run in firing.runs { jobs.expectWork(in: run.job.queue) }
      add(.fire(firing)) { loop, reply in
        guard case .fired(let outcomes, let status) = reply, let status else { return }
        loop.schedules.settle([status])
        loop.count(outcomes)
        if firing.skipped > 0 {
          loop.logger.notice(
            "due times of a schedule were skipped",
            metadata: ["schedule": "\(firing.name)", "skipped": "\(firing.skipped)"])
        }
      }
    }
  }

  /// The schedules of the topology, with what the store keeps of them.
  func scheduleList(at moment: Timestamp) throws -> JSONValue {
    var kept: [ScheduleName: ScheduleStatus] = [:]
    for status in try store.schedules() { kept[status.name] = status }
    let list = (facts.topology?.engines ?? []).flatMap { engine in
      engine.schedules.map { schedule -> JSONValue in
        let name = ScheduleName(engine: engine.name, name: schedule.name)
        return json(schedule, name, kept[name], at: moment)
      }
    }
    return ["schedules": .array(list)]
  }

  private func json(
    _ schedule: ScheduleDefinition, _ name: ScheduleName, _ status: ScheduleStatus?, at moment: Timestamp
  ) -> JSONValue {
    var next: [JSONValue] = []
    var after = status?.decidedAt ?? moment
    // What was due meanwhile is not to come any more.
    if status?.pause != nil { after = max(after, moment) }
    while next.count < StoreLoop.shownDueTimes, schedule.isEnabled, let due = schedule.rule.next(after: after) {
      next.append(.string(due.description))
      after = due
    }
    var object: JSONObject = [
      "name": .string(name.description), "when": .string(schedule.when), "worker": .string(schedule.worker.text),
      "queue": .string("\(name.engine)/\(schedule.queue)"), "inputs": .object(schedule.inputs),
      "overlap": .string(schedule.overlap.rawValue), "catch_up": .string(schedule.catchUp.rawValue),
      "enabled": .bool(schedule.isEnabled), "next": .array(next), "fired": (status?.fired ?? 0).jsonValue,
      "skipped": (status?.skipped ?? 0).jsonValue,
    ]
    object.set("last_due", status?.lastDue?.description)
    object.set("last_job", status?.lastJob)
    object.set("pause", status?.pause)
    return .object(object)
  }

  /// How many due times an answer tells ahead.
  private static let shownDueTimes = 3
}
