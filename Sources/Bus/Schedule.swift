public import BusProtocol

/// A job that is made again and again, declared in Swift beside the engine's subscriptions.
///
/// ```swift
/// Schedule("dunning", cron: "0 8 * * mon-fri", timeZone: "Europe/Paris") { Dunning() }
/// Schedule("tick", every: .seconds(300), catchUp: .none) { Tick() }
/// ```
/// busd hears of it when a process of the engine comes, and makes the jobs from then on, whether processes are up or
/// not: one for each due time, however many processes there are. A schedule of the same name in the topology takes its
/// place. What no binary declares any more makes no jobs; `bus cron` shows it until it is removed.
///
/// The worker's inputs are those of the moment at which the engine is declared: what depends on the time, the worker
/// looks up when it runs.
public struct Schedule<Services: Sendable>: Sendable {
  /// Its name within the engine; busd keeps under it which due times had their jobs.
  public let name: Name
  /// When it is due.
  public let timing: ScheduleTiming
  /// What happens at a due time while the job of an earlier one is not finished.
  public let overlap: ScheduleOverlap
  /// What happens to due times that passed while busd was down.
  public let catchUp: ScheduleCatchUp
  /// The queue for a worker that names none; nil for `default`.
  public let queue: Name?
  /// What its jobs do.
  public let worker: any Worker<Services>

  let workerType: any Worker<Services>.Type

  /// Due as a cron expression says: minute, hour, day, month and weekday, or a word such as `@daily`.
  ///
  /// An expression or a zone that cannot be used keeps the engine from running; ``Engine/problems`` says why.
  ///
  /// - Parameters:
  ///   - name: its name within the engine.
  ///   - cron: the expression, on the clock of the zone.
  ///   - timeZone: such as `Europe/Paris`.
  ///   - overlap: while an earlier job is not finished: none, one beside it, or one that begins after it.
  ///   - catchUp: what passed while busd was down: none of it, the last, or all (up to 1000).
  ///   - queue: for a worker that names no queue.
  ///   - worker: what is to be done.
  public init<W: Worker<Services>>(
    _ name: Name, cron: String, timeZone: String = "UTC", overlap: ScheduleOverlap = .skip,
    catchUp: ScheduleCatchUp = .last, queue: Name? = nil, _ worker: () -> W
  ) {
    self.init(name, .cron(cron, timeZone: timeZone), overlap, catchUp, queue, worker(), W.self)
  }

  /// Due at each multiple of an interval since 1970 in UTC, so that neither restarts nor machines move it.
  public init<W: Worker<Services>>(
    _ name: Name, every interval: Duration, overlap: ScheduleOverlap = .skip, catchUp: ScheduleCatchUp = .last,
    queue: Name? = nil, _ worker: () -> W
  ) {
    self.init(name, .every(interval), overlap, catchUp, queue, worker(), W.self)
  }

  private init(
    _ name: Name, _ timing: ScheduleTiming, _ overlap: ScheduleOverlap, _ catchUp: ScheduleCatchUp, _ queue: Name?,
    _ worker: any Worker<Services>, _ workerType: any Worker<Services>.Type
  ) {
    self.name = name
    self.timing = timing
    self.overlap = overlap
    self.catchUp = catchUp
    self.queue = queue
    self.worker = worker
    self.workerType = workerType
  }

  /// The first due time after a moment, by the zones of this machine; nil when none follows.
  public func next(after moment: Timestamp) throws -> Timestamp? { try timing.rule().next(after: moment) }
}

/// A schedule as its engine keeps it: its worker is a draft of jobs.
struct DeclaredTiming: Sendable {
  let name: Name
  private let timing: ScheduleTiming
  private let overlap: ScheduleOverlap
  private let catchUp: ScheduleCatchUp
  private let queue: Name?
  private let draft: Result<JobDraft, ProtocolError>

  init<Services>(_ schedule: Schedule<Services>) {
    (name, timing, queue) = (schedule.name, schedule.timing, schedule.queue)
    (overlap, catchUp) = (schedule.overlap, schedule.catchUp)
    draft = Result { () throws(ProtocolError) in try JobDraft(schedule.worker) }
  }

  /// Why it cannot be used; nil when it can.
  var problem: String? {
    do {
      _ = try timing.rule()
      _ = try draft.get()
      return nil
    } catch { return "schedule \"\(name)\": \(error)" }
  }

  /// What busd is told; nil for one with a problem.
  func wish(of engine: Name) -> ScheduleWish? {
    guard case .success(let draft) = draft else { return nil }
    var job = draft.job(
      id: JobID(high: 0, low: 0), engine: engine, queue: queue, cause: JobCause(),
      askedAt: Timestamp(microseconds: 0))
    job.dueAt = nil
    return ScheduleWish(
      name: ScheduleName(engine: engine, name: name), timing: timing, overlap: overlap, catchUp: catchUp, job: job)
  }

  /// What `--bus-describe` prints of it.
  func declaration(of engine: Name) -> EngineDeclaration.Schedule? {
    wish(of: engine).map {
      EngineDeclaration.Schedule(
        name: name, when: timing.description, worker: $0.job.worker, queue: $0.job.queue.name)
    }
  }
}
