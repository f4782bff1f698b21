internal import BusProtocol

/// What binaries declare: kept, so that due times get their jobs also while none of them runs.
extension SQLiteJobStore {
  func declareSchedules(
    _ wishes: [ScheduleWish], of engine: Name, besides: Set<ScheduleName>, at now: Timestamp
  ) throws -> StoreReply {
    var known: [ScheduleName: DeclaredSchedule] = [:]
    for schedule in try declaredList() where schedule.wish.name.engine == engine {
      known[schedule.wish.name] = schedule
    }
    for wish in wishes {
      let before = known.removeValue(forKey: wish.name)
      if let before, before.wish == wish, before.undeclaredAt == nil { continue }
      try statements.schedules.keepDeclared.bind(wish.name.description).bind(wish.json.text)
        .bind(before?.since(now) ?? now).run()
    }
    for (name, schedule) in known where !besides.contains(name) && schedule.undeclaredAt == nil {
      try statements.schedules.undeclare.bind(now).bind(name.description).run()
    }
    return .schedulesDeclared(try declaredList())
  }

  func forgetSchedule(_ name: ScheduleName) throws -> StoreReply {
    try statements.schedules.forgetDeclared.bind(name.description).run()
    return .schedulesDeclared(try declaredList())
  }

  /// The schedules that binaries declare or declared, by name.
  public func declaredSchedules() throws(StoreError) -> [DeclaredSchedule] {
    try reading("the declared schedules", ofRuns: false) { try declaredList() }
  }

  private func declaredList() throws -> [DeclaredSchedule] {
    try statements.schedules.declared.all { row in
      let wish = try ScheduleWish(json: try JSONParser.parse(Array((row.text() ?? "").utf8)))
      return DeclaredSchedule(
        wish: wish, declaredAt: row.time() ?? Timestamp(microseconds: 0), undeclaredAt: row.time())
    }
  }
}

extension DeclaredSchedule {
  /// Since when it is declared if it is declared now.
  fileprivate func since(_ now: Timestamp) -> Timestamp {
    guard let undeclaredAt, now - undeclaredAt > DeclaredSchedule.patience else { return declaredAt }
    return now
  }
}
