public import BusProtocol

/// Which jobs someone wants to see: all conditions that are set must hold.
public struct JobFilter: Hashable, Sendable {
  /// The order of the answer.
  public enum Sort: String, Hashable, Sendable, CaseIterable {
    /// The last enqueued first.
    case newest
    /// The first enqueued first.
    case oldest
    /// The one that goes next first, asked of one queue and state: by due time while scheduled, else by priority and age.
    case next
  }

  /// In this state.
  public var state: JobState?
  /// In this queue.
  public var queue: QueueName?
  /// In a queue of this engine.
  public var engine: Name?
  /// Of this worker.
  public var worker: Name?
  /// With this queue lock or worker lock.
  public var lock: String?
  /// Caused by this event.
  public var event: EventID?
  /// Enqueued by this job while it ran.
  public var parent: JobID?
  /// Enqueued at that time or later.
  public var since: Timestamp?
  /// Enqueued before this job: the next page of an answer whose last job it was.
  public var before: JobID?
  /// What passes this, too.
  public var `where`: BoundFilter?
  /// At most so many.
  public var limit: Int
  /// In this order.
  public var sort: Sort

  /// A filter; without conditions it passes all.
  public init(
    state: JobState? = nil, queue: QueueName? = nil, engine: Name? = nil, worker: Name? = nil, lock: String? = nil,
    event: EventID? = nil, parent: JobID? = nil, since: Timestamp? = nil, where: BoundFilter? = nil, limit: Int = 100,
    sort: Sort = .newest
  ) {
    self.state = state
    self.queue = queue
    self.engine = engine
    self.worker = worker
    self.lock = lock
    self.event = event
    self.parent = parent
    self.since = since
    self.where = `where`
    self.limit = limit
    self.sort = sort
  }
}

/// How long finished jobs stay to be looked at. Dead ones stay until someone acts.
public struct HistoryRetention: Hashable, Sendable {
  /// Finished longer ago than that: forgotten.
  public var age: Duration
  /// The most finished jobs that are kept.
  public var maximumCount: Int

  /// A bound by age and by number.
  public init(age: Duration, maximumCount: Int) {
    self.age = age
    self.maximumCount = maximumCount
  }
}
