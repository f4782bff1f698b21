internal import BusProtocol
internal import BusStore
internal import BusTopology

/// Which schedules are due, and what becomes of due times that were missed. The store records it with the jobs.
///
/// Pure: a due time is decided when the store says so. A clock that goes back decides nothing again; what it passes a
/// second time is behind the moment that is kept. A schedule whose definition changed begins at the moment of its plan.
struct ScheduleDesk {
  fileprivate struct Plan {
    var name: ScheduleName
    var schedule: ScheduleDefinition
    var definition: String
    /// Nil until the store has said where the schedule stands.
    var decidedAt: Timestamp?
    var next: Timestamp?
    /// A firing that the store refused is tried again then.
    var retryAt: Timestamp?
    var pause: Pause?

    /// Whether its due times wait: with `catch-up: none` a paused one lets them pass.
    var waits: Bool { pause != nil && schedule.catchUp != .none }
  }

  /// The most missed due times that `catch-up: all` makes up for.
  static let maximumCatchUp = 1000
  /// With `catch-up: none`, what is later than this is skipped.
  static let grace: Duration = .seconds(60)
  /// So far skipped due times are counted one by one.
  static let maximumCount = 10_000
  static let pause: Duration = .seconds(1)

  private var plans: [Plan]

  /// The schedules of a topology that are switched on.
  init(_ topology: Topology?) {
    plans = (topology?.engines ?? []).flatMap { engine in
      engine.schedules.filter(\.isEnabled).map { schedule in
        Plan(
          name: ScheduleName(engine: engine.name, name: schedule.name), schedule: schedule,
          definition: schedule.definition)
      }
    }
  }

  /// What the store is told when busd starts.
  var declarations: [ScheduleDeclaration] {
    plans.map { ScheduleDeclaration(name: $0.name, definition: $0.definition) }
  }

  /// Takes over where schedules stand.
  mutating func settle(_ statuses: [ScheduleStatus]) {
    for status in statuses {
      guard let index = plans.firstIndex(where: { $0.name == status.name && $0.definition == status.definition })
      else { continue }
      plans[index].decidedAt = status.decidedAt
      plans[index].next = plans[index].schedule.rule.next(after: status.decidedAt)
      plans[index].retryAt = nil
      plans[index].pause = status.pause
    }
  }

  /// Someone stopped a schedule, or let it go on.
  mutating func hold(_ name: ScheduleName, _ pause: Pause?) {
    for index in plans.indices where plans[index].name == name { plans[index].pause = pause }
  }

  /// When to look again.
  var nextDue: Timestamp? {
    plans.filter { !$0.waits }.compactMap { plan in plan.next.map { max($0, plan.retryAt ?? $0) } }.min()
  }

  /// What is to be fired by now; it counts as tried, and is due again in a second if the store does not settle it.
  mutating func due(now: Timestamp) -> [ScheduleFiring] {
    var firings: [ScheduleFiring] = []
    for index in plans.indices {
      let plan = plans[index]
      guard !plan.waits, let decidedAt = plan.decidedAt, let next = plan.next, next <= now,
        plan.retryAt ?? now <= now
      else { continue }
      plans[index].retryAt = now + ScheduleDesk.pause
      firings.append(plan.firing(after: decidedAt, now: now))
    }
    return firings
  }
}

extension ScheduleDesk.Plan {
  /// The due times between two moments: which get a job, and how many do not.
  fileprivate func firing(after decidedAt: Timestamp, now: Timestamp) -> ScheduleFiring {
    let rule = schedule.rule
    let last = rule.last(after: decidedAt, through: now) ?? now
    var dues = [last]
    switch schedule.catchUp {
    case .none: if pause != nil || now - last > ScheduleDesk.grace { dues = [] }
    case .last: break
    case .all:
      dues = []
      var moment = decidedAt
      while dues.count < ScheduleDesk.maximumCatchUp, let due = rule.next(after: moment), due <= now {
        dues.append(due)
        moment = due
      }
    }
    let all = rule.count(after: decidedAt, through: last, limit: ScheduleDesk.maximumCount)
    return ScheduleFiring(
      name: name, definition: definition, through: last,
      runs: dues.map { ScheduleFiring.Run(due: $0, job: job(dueAt: $0)) }, skipped: max(0, all - dues.count),
      skipsWhileUnfinished: schedule.overlap == .skip)
  }

  /// The job of a due time: the id is made of the schedule and the time, so that it is one job for ever.
  private func job(dueAt due: Timestamp) -> NewJob {
    NewJob(
      id: name.job(dueAt: due), queue: QueueName(engine: name.engine, name: schedule.queue), worker: schedule.worker,
      inputs: schedule.inputs, workerLock: schedule.overlap == .queue ? "schedule:\(name)" : nil,
      cause: JobCause(source: "schedule:\(name)"))
  }
}

extension ScheduleDefinition {
  /// What makes it another plan when it changes: when it is due, and for whom.
  fileprivate var definition: String {
    JSONValue.object([
      "when": .string(when), "worker": .string(worker.text), "queue": .string(queue.text), "inputs": .object(inputs),
      "overlap": .string(overlap.rawValue), "catch_up": .string(catchUp.rawValue),
    ]).text
  }
}
