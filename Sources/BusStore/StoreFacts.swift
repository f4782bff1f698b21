public import BusProtocol

/// Which jobs to list; what is nil does not matter.
public struct JobFilter: Hashable, Sendable {
  /// In this state.
  public var state: JobState?
  /// In this queue.
  public var queue: QueueName?
  /// Of this engine.
  public var engine: Name?
  /// Of this worker.
  public var worker: Name?
  /// With this queue lock or worker lock.
  public var lock: String?
  /// Made by this event.
  public var event: EventID?
  /// Asked for since then.
  public var since: Timestamp?
  /// At most so many.
  public var limit = 50

  /// All jobs.
  public init() {}
}

/// What a queue holds and has done.
public struct QueueCounts: Hashable, Sendable {
  /// The queue.
  public var queue: QueueName
  /// Jobs that may run now.
  public var ready = 0
  /// Jobs that are due later.
  public var scheduled = 0
  /// Jobs that wait for a worker lock.
  public var blocked = 0
  /// Jobs that run.
  public var running = 0
  /// Jobs that nothing can run.
  public var parked = 0
  /// Jobs that failed for good.
  public var dead = 0
  /// Since when the oldest ready job is there.
  public var oldestReadyAt: Timestamp?
  /// Jobs done, ever.
  public var done = 0
  /// Jobs that were not needed, ever.
  public var notNeeded = 0
  /// Wishes that were merged into a waiting job, ever.
  public var merged = 0

  /// An empty queue.
  public init(queue: QueueName) { self.queue = queue }
}

/// A subscription and how far it is.
public struct SubscriptionStatus: Hashable, Sendable {
  /// Its name.
  public var name: SubscriptionName
  /// Which topics it wants.
  public var patterns: [TopicPattern]
  /// Everything up to here is handled.
  public var cursor: Offset
  /// When it was first declared.
  public var declaredAt: Timestamp
  /// The token of its last lease.
  public var token: UInt64
}

/// A wish that was merged into a waiting job.
public struct Merge: Hashable, Sendable {
  /// The event that led to it.
  public var event: EventID?
  /// That event's place.
  public var offset: Offset?
  /// The subscription that asked.
  public var subscription: SubscriptionName?
  /// The job that does the work.
  public var job: JobID
  /// When.
  public var at: Timestamp
}

/// A job that is out, and the token of its lease.
public struct Lease: Hashable, Sendable {
  /// The job.
  public var job: JobID
  /// The token.
  public var token: UInt64
  /// The process that has it.
  public var process: String?
}

/// Why the store could not do something.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of failure.
  public enum Code: String, Sendable {
    /// No room; works again when there is.
    case diskFull = "disk_full"
    /// The disk failed.
    case io
    /// The file is no job store, of a newer version, or damaged.
    case damaged
    /// Another process has the file.
    case locked
    /// Anything else that the database refused.
    case refused
  }

  /// The kind of failure.
  public var code: Code
  /// What failed on what, why, and the next step.
  public var message: String

  /// An error with its sentence.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// Whether going on makes no sense.
  public var isFatal: Bool { code == .io || code == .damaged }

  /// Code and message on one line.
  public var description: String { "\(code.rawValue): \(message)" }
}
