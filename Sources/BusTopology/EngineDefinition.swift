public import BusProtocol

/// One application: its binary, its queues, its processes, and how its subscriptions are wired.
public struct EngineDefinition: Sendable, Equatable {
  /// Its name.
  public var name: Name
  /// The program: looked for beside the `bus` program, then relative to the file, then in PATH.
  public var binary: String
  /// What the program is started with.
  public var arguments: [String]
  /// Its queues in the order of the file; never empty after parsing.
  public var queues: [QueueDefinition]
  /// Its processes.
  public var workers: WorkersDefinition
  /// Its wired subscriptions in the order of the file.
  public var subscriptions: [SubscriptionWiring]
  /// The jobs that are made again and again, in the order of the file.
  public var schedules: [ScheduleDefinition]
  /// What of its jobs is not shown to people.
  public var redact: [RedactedPath] = []
  /// Where the name is written.
  public var position: SourcePosition

  /// An engine.
  public init(
    name: Name, binary: String, arguments: [String] = [], queues: [QueueDefinition] = [],
    workers: WorkersDefinition = .standard, subscriptions: [SubscriptionWiring] = [],
    schedules: [ScheduleDefinition] = [], position: SourcePosition = .unwritten
  ) {
    self.name = name
    self.binary = binary
    self.arguments = arguments
    self.queues = queues
    self.workers = workers
    self.subscriptions = subscriptions
    self.schedules = schedules
    self.position = position
  }

  /// The queue of a name.
  public func queue(_ name: Name) -> QueueDefinition? { queues.first { $0.name == name } }

  /// The wiring of the subscription of a name.
  public func subscription(_ name: Name) -> SubscriptionWiring? { subscriptions.first { $0.name == name } }

  /// The queues, those first that are worked first; equal priorities in the order of the file.
  public var queuesByPriority: [QueueDefinition] {
    queues.enumerated().sorted { left, right in
      (-left.element.priority, left.offset) < (-right.element.priority, right.offset)
    }.map(\.element)
  }
}
