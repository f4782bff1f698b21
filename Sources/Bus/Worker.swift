public import BusProtocol

/// A piece of work that runs later, perhaps in another process, perhaps more than once.
///
/// A worker is a small value of inputs, usually ids: it looks the truth up again when it runs, says whether it is still
/// needed, and is safe to run twice.
///
/// ```swift
/// struct IndexUser: Worker {
///   let userID: Int
///   var queueLock: LockKey? { LockKey(userID) }
///
///   func isNeeded(_ run: Run<SearchServices>) async throws -> Bool { try await run.services.users.exists(userID) }
///   func work(_ run: Run<SearchServices>) async throws { try await run.services.index.write(userID) }
/// }
/// ```
///
/// - Important: The optional requirements have exactly the types shown here. A property of another type
///   (`var queueLock: LockKey`, without the `?`) is another property, and the default stays.
public protocol Worker<Services>: Codable, WorkerList {
  /// What the worker needs to do its work: databases, clients. The engine makes it once and hands it to each run.
  associatedtype Services: Sendable = Void

  /// The name under which its jobs are stored: the type's name. Keep the old name here when you rename the type.
  static var name: Name { get }

  /// The engine that runs it, where jobs are enqueued by others; nil for the engine of whoever enqueues.
  static var engine: Name? { get }

  /// Where its jobs wait: `default`, unless the topology sends a subscription's jobs elsewhere.
  static var queue: Name { get }

  /// Values for inputs that an older payload lacks: jobs that the last version enqueued run in this one.
  static var defaults: JSONObject { get }

  /// When a failed run is tried again; nil for the queue's own policy.
  static var retry: RetryPolicy? { get }

  /// How long a run may take; nil for what the topology says of its queue. After it the run is cancelled, and has failed.
  static var timeout: Timeout? { get }

  /// What becomes of the inputs when the queue lock merges an equal job into one that waits.
  static var onMerge: MergePolicy { get }

  /// Until when a job holds its queue lock: until it starts, or until its run is over.
  static var lockUntil: QueueLockEnd { get }

  /// Puts a job off until no equal one is asked for any more; needs a ``queueLock``. Goes before ``delay``.
  static var debounce: Debounce? { get }

  /// Within its queue the higher one goes first.
  var priority: Int { get }

  /// How long after it was asked for, by an event or by an `enqueue` that names no time, it may run.
  var delay: Duration { get }

  /// So long after it might have started it is not to start any more, and ends as *expired*; nil for never.
  var expires: Duration? { get }

  /// Of one key only one job waits: an equal one is merged into it. Freed when the job is picked up; see ``lockUntil``.
  var queueLock: LockKey? { get }

  /// Of one key only one job runs: others wait their turn. Freed when the run ends.
  var workerLock: LockKey? { get }

  /// Of one key only so many jobs run at once, or start in a span of time: others wait their turn.
  var limit: RunLimit? { get }

  /// Whose inbox is told when the job has ended, such as `user:42`; see ``BusClient/inbox(of:after:unreadOnly:limit:timeout:)``.
  var notify: String? { get }

  /// Whether there is still something to do. False ends the job as *not needed*, without ``work(_:)``.
  func isNeeded(_ run: Run<Services>) async throws -> Bool

  /// Does the work. Throwing means that it failed: see ``Retry`` and ``GiveUp`` for more than the retry policy says.
  func work(_ run: Run<Services>) async throws
}

extension Worker {
  /// The type's own name, without what it is nested in.
  public static var name: Name {
    WorkerNames.name(of: Self.self)
  }

  /// The engine of whoever enqueues.
  public static var engine: Name? { nil }
  /// The engine's queue `default`.
  public static var queue: Name { .defaultQueue }
  /// None: each input is in the payload, or optional.
  public static var defaults: JSONObject { [:] }
  /// The queue's own policy.
  public static var retry: RetryPolicy? { nil }
  /// What the topology says of the queue.
  public static var timeout: Timeout? { nil }
  /// The first inputs stay.
  public static var onMerge: MergePolicy { .keep }
  /// Until it starts.
  public static var lockUntil: QueueLockEnd { .started }
  /// None: the earliest wish says when it is due.
  public static var debounce: Debounce? { nil }
  /// Zero.
  public var priority: Int { 0 }
  /// None: as soon as a hand is free.
  public var delay: Duration { .zero }
  /// Never.
  public var expires: Duration? { nil }
  /// None: equal jobs may wait side by side.
  public var queueLock: LockKey? { nil }
  /// None: equal jobs may run at once.
  public var workerLock: LockKey? { nil }
  /// Nobody's inbox is told of its end.
  public var notify: String? { nil }
  /// None: any number of jobs may run.
  public var limit: RunLimit? { nil }
  /// Always.
  public func isNeeded(_ run: Run<Services>) async throws -> Bool { true }
}

extension Name {
  /// The queue of workers that name none.
  static let defaultQueue: Name = "default"
}
