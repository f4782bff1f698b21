public import BusProtocol

/// A job that is made again and again: when, for which worker, and what happens when one is late or still runs.
public struct ScheduleDefinition: Sendable, Equatable {
  /// What happens at a due time while the job of an earlier one is not finished.
  public typealias Overlap = ScheduleOverlap
  /// What happens to due times that passed while busd was down.
  public typealias CatchUp = ScheduleCatchUp

  /// What holds where the file says nothing.
  public static let standardOverlap = Overlap.skip
  /// What holds where the file says nothing.
  public static let standardCatchUp = CatchUp.last

  /// Its name within the engine.
  public var name: Name
  /// When it is due.
  public var rule: ScheduleRule
  /// The worker that its jobs are for.
  public var worker: Name
  /// The queue that its jobs go to.
  public var queue: Name
  /// What its jobs carry.
  public var inputs: JSONObject
  /// What happens while an earlier job is not finished.
  public var overlap: Overlap
  /// What happens to due times that were missed.
  public var catchUp: CatchUp
  /// Whether it makes jobs.
  public var isEnabled: Bool
  /// Where the name is written.
  public var position: SourcePosition

  /// A schedule.
  public init(
    name: Name, rule: ScheduleRule, worker: Name, queue: Name = QueueDefinition.standardName,
    inputs: JSONObject = [:], overlap: Overlap = standardOverlap, catchUp: CatchUp = standardCatchUp,
    isEnabled: Bool = true, position: SourcePosition = .unwritten
  ) {
    self.name = name
    self.rule = rule
    self.worker = worker
    self.queue = queue
    self.inputs = inputs
    self.overlap = overlap
    self.catchUp = catchUp
    self.isEnabled = isEnabled
    self.position = position
  }

  /// When it is due, in one text: `every 5m`, `0 8 * * mon-fri Europe/Paris`.
  public var when: String {
    switch rule {
    case .every(let interval): "every \(interval.words)"
    case .cron(let expression, let zone): "\(expression) \(zone)"
    }
  }
}
