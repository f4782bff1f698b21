internal import BusProtocol
internal import BusStore
internal import Logging

/// Schedules that binaries declare: told when a process comes, kept when it goes.
extension StoreLoop {
  /// Takes all schedules of a process's binary; false when it was refused.
  func declare(_ wishes: [ScheduleWish], request: UInt64, session: SessionID) -> Bool {
    let engine = processes[session]?.engine
    guard let engine, wishes.allSatisfy({ $0.name.engine == engine && $0.job.queue.engine == engine }) else {
      let refusal = Refusal(
        code: "bad_message", message: "a process declares schedules of an engine that is not its own",
        help: "say in the hello which engine it is, and name schedules ENGINE/NAME")
      refuse(refusal, request: request, session: session)
      return false
    }
    tellers.tell(Set(wishes.map(\.name)), of: engine, by: session)
    declare(wishes, of: engine, for: (session, request))
    return true
  }

  /// A process is gone, and with it perhaps the last one that had a schedule.
  func leaveSchedules(_ session: SessionID) {
    if let engine = tellers.leave(session) { declare([], of: engine, for: nil) }
  }

  private func declare(_ wishes: [ScheduleWish], of engine: Name, for origin: Origin?) {
    add(.declareSchedules(wishes, of: engine, besides: tellers.names(of: engine)), for: origin) { loop, reply in
      loop.planDeclared(reply)
    }
  }

  /// What changed is planned anew; until then it stands still.
  private func planDeclared(_ reply: StoreReply) {
    guard case .schedulesDeclared(let list) = reply, schedules.declare(list) else { return }
    for (name, problem) in schedules.problems {
      logger.error(
        "a schedule makes no jobs", metadata: ["schedule": "\(name)", "problem": "\(problem)"])
    }
    add(.plan(schedules.declarations)) { loop, reply in
      guard case .planned(let statuses) = reply else { return }
      loop.schedules.settle(statuses)
    }
  }

  /// An operator removes what no binary declares any more.
  func forgetSchedule(_ asked: JSONMembers, _ origin: Origin) throws {
    let name = try ScheduleName(try asked.string("name"))
    guard let schedule = schedules.declared.first(where: { $0.wish.name == name }) else {
      throw notFound("declared schedule", "\(name)")
    }
    guard schedule.undeclaredAt != nil else {
      throw Refusal(
        code: "in_use", message: "schedule \(name) is declared by the binary of engine \(name.engine)",
        help: "take it out of its code, or switch it off in the topology: enabled: false")
    }
    add(.forgetSchedule(name), for: origin) { loop, reply in
      loop.planDeclared(reply)
      loop.changed("forget_schedule", ["name": .string("\(name)")], origin)
    }
  }
}
