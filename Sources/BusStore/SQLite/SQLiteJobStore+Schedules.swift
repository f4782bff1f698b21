internal import BusProtocol

/// Schedules: which due times are decided is kept in the transaction that makes their jobs.
extension SQLiteJobStore {
  /// New and changed ones begin now; those that are not named are forgotten.
  func plan(_ schedules: [ScheduleDeclaration], at now: Timestamp) throws -> StoreReply {
    for schedule in schedules {
      try statements.schedules.plan.bind(schedule.name.description).bind(schedule.definition).bind(now).run()
    }
    let names = JSONValue.array(schedules.map { .string($0.name.description) })
    try statements.schedules.forgetOthers.bind(names.text).run()
    return .planned(try statements.schedules.list.all { try self.schedule($0) })
  }

  func fire(_ firing: ScheduleFiring, at now: Timestamp) throws -> StoreReply {
    let found = try statements.schedules.one.bind(firing.name.description).first { try self.schedule($0) }
    guard var status = found else { return .fired([], nil) }
    guard status.definition == firing.definition, status.decidedAt < firing.through else { return .fired([], status) }
    // Decided before it was paused: its due times are the pause's now.
    guard status.pause == nil || firing.runs.isEmpty else { return .fired([], status) }
    var outcomes: [EnqueueOutcome] = []
    status.decidedAt = firing.through
    status.skipped += firing.skipped
    for run in firing.runs {
      if firing.skipsWhileUnfinished, let last = status.lastJob, try isUnfinished(last) {
        status.skipped += 1
        continue
      }
      let made = try enqueue([run.job], at: now)
      outcomes += made
      (status.lastDue, status.lastJob) = (run.due, made.first?.job ?? run.job.id)
      status.fired += 1
    }
    try statements.schedules.record.bind(status.decidedAt).bind(status.lastDue?.microseconds).bind(status.lastJob)
      .bind(status.fired).bind(status.skipped).bind(status.name.description).run()
    return .fired(outcomes, status)
  }

  /// What is kept of each schedule, by name.
  public func schedules() throws(StoreError) -> [ScheduleStatus] {
    try reading("the schedules", ofRuns: false) { try statements.schedules.list.all { try self.schedule($0) } }
  }

  private func isUnfinished(_ job: JobID) throws -> Bool {
    try statements.schedules.isUnfinished.bind(job).first { _ in true } ?? false
  }

  func schedule(_ row: SQLStatement) throws -> ScheduleStatus {
    let name = try ScheduleName(row.text() ?? "")
    let definition = row.text() ?? ""
    guard let decidedAt = row.time() else {
      throw StoreError(.corrupt, "schedule \(name) was never planned: restore from a backup")
    }
    return ScheduleStatus(
      name: name, definition: definition, decidedAt: decidedAt, lastDue: row.time(), lastJob: row.id(),
      fired: Int(row.integer()), skipped: Int(row.integer()), pause: row.pause())
  }
}
