public import BusProtocol

/// How many jobs of a queue are in which state, and how many came to which end since the store was made.
public struct QueueCounts: Hashable, Sendable {
  /// The queue.
  public var queue: QueueName
  /// Jobs that are not finished, and dead ones, by their state.
  public var states: [JobState: Int]
  /// When the ready job that waits longest was asked for or became due, nil when none is ready.
  public var oldestReady: Timestamp?
  /// What ever happened.
  public var totals: Totals
  /// What the topology allows it.
  public var limits: QueueLimits
  /// How it is stopped; nil when it is not.
  public var pause: QueuePause?

  /// Sums that pruning does not touch.
  public struct Totals: Hashable, Sendable {
    /// Jobs that were kept.
    public var enqueued: Int
    /// Wishes that were merged into a waiting job.
    public var mergedWishes: Int
    /// Jobs whose work was done.
    public var done: Int
    /// Jobs whose work was no longer needed.
    public var notNeeded: Int
    /// Jobs that came back from a run and became part of one that waited.
    public var merged: Int
    /// Jobs that were cancelled.
    public var cancelled = 0
    /// Dead jobs that were removed by hand; the others count as how they ended.
    public var removed = 0
    /// Jobs that run again after they were done, not needed or cancelled.
    public var revived = 0
    /// Jobs that came from other queues, less those that went.
    public var moved = 0
    /// Jobs whose time was over before they started.
    public var expired = 0
    /// Runs that failed or were lost.
    public var failedAttempts = 0
    /// Runs that put their job off.
    public var snoozed = 0
    /// Jobs that are done, not needed, merged, expired or cancelled and are not kept any more.
    public var pruned = 0

    /// Sums.
    public init(enqueued: Int = 0, mergedWishes: Int = 0, done: Int = 0, notNeeded: Int = 0, merged: Int = 0) {
      self.enqueued = enqueued
      self.mergedWishes = mergedWishes
      self.done = done
      self.notNeeded = notNeeded
      self.merged = merged
    }
  }

  /// Counts of a queue.
  public init(
    queue: QueueName, states: [JobState: Int] = [:], oldestReady: Timestamp? = nil, totals: Totals = Totals(),
    limits: QueueLimits = .none, pause: QueuePause? = nil
  ) {
    self.queue = queue
    self.states = states
    self.oldestReady = oldestReady
    self.totals = totals
    self.limits = limits
    self.pause = pause
  }

  /// Jobs that went in and are nowhere: always 0, whatever happened and was pruned since the store was made.
  public var unaccounted: Int {
    let open = states.values.reduce(0, +)
    let ended = totals.done + totals.notNeeded + totals.merged + totals.cancelled + totals.removed + totals.expired
    return totals.enqueued + totals.moved + totals.revived - open - ended
  }

  /// How many of its jobs are kept that are done, not needed, merged, expired or cancelled.
  public var kept: Int {
    totals.done + totals.notNeeded + totals.merged + totals.cancelled + totals.expired - totals.revived - totals.pruned
  }

  /// How many of its jobs are in the state.
  public subscript(state: JobState) -> Int { states[state] ?? 0 }
}

/// What a store counted since it was opened.
public struct StoreCounters: Hashable, Sendable {
  /// Leases that were given.
  public var leases = 0
  /// Results and losses that named a lease that was not valid any more.
  public var stale = 0
  /// Runs that ended with the loss of their process.
  public var crashes = 0
  /// Commits that were refused.
  public var refusedCommits = 0
  /// Jobs that were claimed too early and wait for a worker lock or a limit.
  public var blocked = 0
  /// Jobs whose time was over before they started.
  public var expired = 0
  /// Jobs that were not kept because their queue took none.
  public var refusedJobs = 0

  /// Nothing yet.
  public init() {}
}

/// What a check of a store found.
public struct StoreIntegrity: Hashable, Sendable {
  /// The version of the tables, counted from 1.
  public var schemaVersion: Int
  /// What is wrong, in the database's words; empty when all is well.
  public var problems: [String]

  /// A finding.
  public init(schemaVersion: Int, problems: [String]) {
    self.schemaVersion = schemaVersion
    self.problems = problems
  }
}
