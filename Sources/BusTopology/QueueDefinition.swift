public import BusProtocol

/// A queue of an engine.
public struct QueueDefinition: Sendable, Equatable {
  /// The queue of an engine that lists none, and of what names none.
  public static let standardName: Name = "default"
  /// The priority of a queue that names none.
  public static let standardPriority = 100

  /// Its name within the engine.
  public var name: Name
  /// Which queue is worked first: higher ones are.
  public var priority: Int
  /// How old its oldest job may get before it goes first whatever the priority; nil for never.
  public var starveAfter: Duration?
  /// The name of the retry policy of jobs that bring none.
  public var retry: Name
  /// Where the name is written.
  public var position: SourcePosition

  /// A queue; without words of priority 100 and with the standard retry policy.
  public init(
    name: Name, priority: Int = standardPriority, starveAfter: Duration? = nil,
    retry: Name = RetryPolicyDefinition.standardName, position: SourcePosition = .unwritten
  ) {
    self.name = name
    self.priority = priority
    self.starveAfter = starveAfter
    self.retry = retry
    self.position = position
  }
}
