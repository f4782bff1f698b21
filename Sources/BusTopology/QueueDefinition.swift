public import BusProtocol

/// A queue of an engine.
public struct QueueDefinition: Sendable, Equatable {
  /// The queue of an engine that lists none, and of what names none.
  public static let standardName: Name = "default"
  /// The priority of a queue that names none.
  public static let standardPriority = 100
  /// The weight of a queue that names none.
  public static let standardWeight = 1

  /// Its name within the engine.
  public var name: Name
  /// Which queue is worked first: higher ones are.
  public var priority: Int
  /// Its share of the turns among the engine's queues of the same priority.
  public var weight: Int
  /// How many of its jobs run at once, over all processes; nil for any number.
  public var concurrency: Int?
  /// How many of its jobs start in a span of time; nil for any number.
  public var rate: RateLimit?
  /// How many jobs may wait in it before new ones are refused; nil for any number.
  public var limit: Int?
  /// How old its oldest job may get before it goes first whatever the priority; nil for never.
  public var starveAfter: Duration?
  /// How long a run of its jobs may take, where the worker says nothing; nil for any time.
  public var timeout: Duration?
  /// The name of the retry policy of jobs that bring none.
  public var retry: Name
  /// How many failed jobs come back in a span of time; nil for any number.
  public var retryBudget: RateLimit?
  /// Whether each attempt that failed is announced as the event `job_failed`.
  public var announcesFailures = false
  /// Where the name is written.
  public var position: SourcePosition

  /// A queue; without words of priority 100, without limits and with the standard retry policy.
  public init(
    name: Name, priority: Int = standardPriority, weight: Int = standardWeight, concurrency: Int? = nil,
    rate: RateLimit? = nil, limit: Int? = nil, starveAfter: Duration? = nil,
    retry: Name = RetryPolicyDefinition.standardName, position: SourcePosition = .unwritten
  ) {
    self.name = name
    self.priority = priority
    self.weight = weight
    self.concurrency = concurrency
    self.rate = rate
    self.limit = limit
    self.starveAfter = starveAfter
    self.retry = retry
    self.position = position
  }
}
