public import BusProtocol

/// How many runs a queue lock saved: wishes that became part of a job of one worker that waited already.
public struct LockSaving: Hashable, Sendable {
  /// The lock; empty for those whose own sum is no longer kept.
  public var lock: String
  /// The worker with its engine, `search.IndexUser`.
  public var worker: String
  /// So many runs.
  public var saved: Int
  /// The first time that is counted.
  public var since: Timestamp
  /// The last time.
  public var last: Timestamp

  /// So many locks are kept one by one; the others are kept as one sum for each worker.
  public static let maximumCount = 10_000

  /// What a lock saved.
  public init(lock: String, worker: String, saved: Int, since: Timestamp, last: Timestamp) {
    self.lock = lock
    self.worker = worker
    self.saved = saved
    self.since = since
    self.last = last
  }
}

/// A wish that was merged into a job that waited.
public struct MergedWish: Hashable, Sendable {
  /// The id that the job would have had.
  public var id: JobID
  /// The job that does the work.
  public var into: JobID
  /// The event that led to it.
  public var event: EventID?
  /// The event's place.
  public var offset: Offset?
  /// The subscription that asked, nil for a direct enqueue.
  public var subscription: SubscriptionName?
  /// When.
  public var at: Timestamp
}

/// A lock with all who have to do with it now.
public struct LockLine: Hashable, Sendable {
  /// Who runs under it, as their worker lock or limit; at most a hundred.
  public var holders: [Job] = []
  /// Who waits with it as queue lock: later wishes are merged into that one.
  public var keeper: Job?
  /// Who waits for it, in the order in which they go within their queues; at most a hundred.
  public var waiting: [Job] = []
  /// How many wait for it, counted up to ten thousand.
  public var waitingCount = 0
  /// The last wishes that were merged under it, the newest first.
  public var merges: [MergedWish] = []
  /// What it saved, for each worker.
  public var savings: [LockSaving] = []

  /// Nobody has to do with it.
  public init() {}
}

/// What a job waits for, or others for it.
public struct JobStanding: Hashable, Sendable {
  /// Whether it waits for its limit, and not for its worker lock.
  public var waitsForLimit = false
  /// How many go before it: of its queue when it is ready, of the line of its lock or limit when it is blocked.
  public var ahead: Int?
  /// Who holds what it waits for; at most five.
  public var holders: [Job] = []
  /// How many hold it.
  public var holderCount = 0
  /// Who goes before it under its worker lock while nobody runs under it.
  public var next: JobID?
  /// When time alone lets the next job of its limit, or of its queue, start.
  public var opensAt: Timestamp?
  /// How many wait for it to end, counted up to ten thousand.
  public var waiting = 0
  /// The wishes that were merged into it, the newest first; at most five.
  public var merges: [MergedWish] = []

  /// Nothing is in its way.
  public init() {}
}
