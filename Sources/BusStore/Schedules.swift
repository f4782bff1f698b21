public import BusProtocol

/// A schedule as busd was told of it.
public struct ScheduleDeclaration: Hashable, Sendable {
  /// Its full name.
  public var name: ScheduleName
  /// All that it says, in one text: another text is another plan.
  public var definition: String

  /// A schedule and its text.
  public init(name: ScheduleName, definition: String) {
    self.name = name
    self.definition = definition
  }
}

/// A schedule that a binary declares, or declared once.
public struct DeclaredSchedule: Hashable, Sendable {
  /// Whoever is away no longer than this was never away: no due time is lost while a process comes back.
  public static let patience: Duration = .seconds(60)

  /// What it says.
  public var wish: ScheduleWish
  /// Since when, without a gap that is longer than the patience.
  public var declaredAt: Timestamp
  /// Since when no binary declares it any more: it makes no jobs.
  public var undeclaredAt: Timestamp?

  /// A schedule of a binary.
  public init(wish: ScheduleWish, declaredAt: Timestamp, undeclaredAt: Timestamp? = nil) {
    self.wish = wish
    self.declaredAt = declaredAt
    self.undeclaredAt = undeclaredAt
  }
}

/// What the store keeps of a schedule.
public struct ScheduleStatus: Hashable, Sendable {
  /// Its full name.
  public var name: ScheduleName
  /// The text that it was planned by.
  public var definition: String
  /// Due times up to this moment are decided: they have a job or were skipped.
  public var decidedAt: Timestamp
  /// The due time of its last job.
  public var lastDue: Timestamp?
  /// Its last job.
  public var lastJob: JobID?
  /// How many jobs it made.
  public var fired: Int
  /// How many due times were skipped.
  public var skipped: Int
  /// Who stopped it; nil when it is not.
  public var pause: Pause?

  /// What is kept of a schedule.
  public init(
    name: ScheduleName, definition: String, decidedAt: Timestamp, lastDue: Timestamp? = nil, lastJob: JobID? = nil,
    fired: Int = 0, skipped: Int = 0, pause: Pause? = nil
  ) {
    self.name = name
    self.definition = definition
    self.decidedAt = decidedAt
    self.lastDue = lastDue
    self.lastJob = lastJob
    self.fired = fired
    self.skipped = skipped
    self.pause = pause
  }
}

/// Due times of a schedule that get their jobs, and with them all up to a moment decided.
public struct ScheduleFiring: Hashable, Sendable {
  /// A due time and its job.
  public struct Run: Hashable, Sendable {
    /// When it was due.
    public var due: Timestamp
    /// What is made.
    public var job: NewJob

    /// A due time and its job.
    public init(due: Timestamp, job: NewJob) {
      self.due = due
      self.job = job
    }
  }

  /// The schedule.
  public var name: ScheduleName
  /// The text that it was planned by; if the store has another, nothing happens.
  public var definition: String
  /// Decided afterwards; if the store is there already, nothing happens.
  public var through: Timestamp
  /// The jobs, the first due first.
  public var runs: [Run]
  /// Due times without a job.
  public var skipped: Int
  /// Whether a due time is skipped while the job before it is not finished.
  public var skipsWhileUnfinished: Bool

  /// A firing.
  public init(
    name: ScheduleName, definition: String, through: Timestamp, runs: [Run], skipped: Int,
    skipsWhileUnfinished: Bool
  ) {
    self.name = name
    self.definition = definition
    self.through = through
    self.runs = runs
    self.skipped = skipped
    self.skipsWhileUnfinished = skipsWhileUnfinished
  }
}
