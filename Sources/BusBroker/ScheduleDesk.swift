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
    var rule: ScheduleRule
    var overlap: ScheduleOverlap
    var catchUp: ScheduleCatchUp
    /// What is made at each due time.
    var job: NewJob
    var definition: String
    /// Whether it makes jobs: what no binary declares any more keeps its place, and makes none.
    var isActive = true
    /// What was due before then was not asked for.
    var beginsAt: Timestamp?
    /// Nil until the store has said where the schedule stands.
    var decidedAt: Timestamp?
    var next: Timestamp?
    /// A firing that the store refused is tried again then.
    var retryAt: Timestamp?
    var pause: Pause?

    /// Whether its due times wait: with `catch-up: none` a paused one lets them pass.
    var waits: Bool { pause != nil && catchUp != .none }
  }

  /// The most missed due times that `catch-up: all` makes up for.
  static let maximumCatchUp = 1000
  /// With `catch-up: none`, what is later than this is skipped.
  static let grace: Duration = .seconds(60)
  /// So far skipped due times are counted one by one.
  static let maximumCount = 10_000
  static let pause: Duration = .seconds(1)

  private let wired: [Plan]
  /// Also those that are switched off: a binary's schedule of such a name makes no jobs.
  private let wiredNames: Set<ScheduleName>
  private var plans: [Plan]
  /// What binaries declare or declared, by name.
  private(set) var declared: [DeclaredSchedule] = []
  /// Why a declared schedule makes no jobs here.
  private(set) var problems: [ScheduleName: ScheduleError] = [:]

  /// The schedules of a topology that are switched on.
  init(_ topology: Topology?) {
    let engines = topology?.engines ?? []
    wired = engines.flatMap { engine in engine.schedules.filter(\.isEnabled).map { Plan($0, of: engine.name) } }
    wiredNames = Set(
      engines.flatMap { engine in engine.schedules.map { ScheduleName(engine: engine.name, name: $0.name) } })
    plans = wired
  }

  /// Takes over what binaries declare; of a name that the topology has, the topology's holds. Returns whether the store
  /// has to be told of another list.
  mutating func declare(_ list: [DeclaredSchedule], zones: ZoneDirectory = ZoneDirectory()) -> Bool {
    let before = declarations
    let settled = plans.reduce(into: [:] as [ScheduleName: Plan]) { $0[$1.name] = $1 }
    (declared, problems) = (list, [:])
    plans = wired.map { settled[$0.name] ?? $0 }
    for schedule in list where !isWired(schedule.wish.name) {
      do throws(ScheduleError) {
        var plan = Plan(schedule, rule: try schedule.wish.timing.rule(zones: zones))
        if let known = settled[plan.name], known.definition == plan.definition, let decidedAt = known.decidedAt {
          plan.settle(decidedAt)
          plan.pause = known.pause
        }
        plans.append(plan)
      } catch { problems[schedule.wish.name] = error }
    }
    return declarations != before
  }

  /// Whether the topology has a schedule of the name, switched on or off.
  func isWired(_ name: ScheduleName) -> Bool { wiredNames.contains(name) }

  /// What the store is told when busd starts.
  var declarations: [ScheduleDeclaration] {
    plans.map { ScheduleDeclaration(name: $0.name, definition: $0.definition) }
  }

  /// Takes over where schedules stand.
  mutating func settle(_ statuses: [ScheduleStatus]) {
    for status in statuses {
      guard let index = plans.firstIndex(where: { $0.name == status.name && $0.definition == status.definition })
      else { continue }
      plans[index].settle(status.decidedAt)
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
  fileprivate init(_ schedule: ScheduleDefinition, of engine: Name) {
    name = ScheduleName(engine: engine, name: schedule.name)
    (rule, overlap, catchUp) = (schedule.rule, schedule.overlap, schedule.catchUp)
    job = NewJob(
      id: name.job(dueAt: Timestamp(microseconds: 0)), queue: QueueName(engine: engine, name: schedule.queue),
      worker: schedule.worker, inputs: schedule.inputs)
    definition = schedule.definition
  }

  fileprivate init(_ schedule: DeclaredSchedule, rule: ScheduleRule) {
    let wish = schedule.wish
    self.rule = rule
    (name, overlap, catchUp, job, definition) = (wish.name, wish.overlap, wish.catchUp, wish.job, wish.json.text)
    isActive = schedule.undeclaredAt == nil
    beginsAt = schedule.declaredAt
  }

  fileprivate mutating func settle(_ decidedAt: Timestamp) {
    let decidedAt = max(decidedAt, beginsAt ?? decidedAt)
    self.decidedAt = decidedAt
    next = isActive ? rule.next(after: decidedAt) : nil
    retryAt = nil
  }

  /// The due times between two moments: which get a job, and how many do not.
  fileprivate func firing(after decidedAt: Timestamp, now: Timestamp) -> ScheduleFiring {
    let last = rule.last(after: decidedAt, through: now) ?? now
    var dues = [last]
    switch catchUp {
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
      skipsWhileUnfinished: overlap == .skip)
  }

  /// The job of a due time: the id is made of the schedule and the time, so that it is one job for ever.
  private func job(dueAt due: Timestamp) -> NewJob {
    var job = job
    job.id = name.job(dueAt: due)
    job.dueAt = nil
    if overlap == .queue { job.workerLock = "schedule:\(name)" }
    job.cause = JobCause(source: "schedule:\(name)")
    return job
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
