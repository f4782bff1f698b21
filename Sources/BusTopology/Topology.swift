public import BusProtocol

/// What runs where: the daemon's settings, topics, retry policies and engines, as one file says them.
///
/// A topology that exists is consistent in itself. Whether it fits what the binaries declare is what ``TopologyCheck``
/// says.
public struct Topology: Sendable, Equatable {
  /// How the daemon listens and keeps.
  public var bus: BusDefinition
  /// What holds for topics; of several patterns that match, the first counts.
  public var topics: [TopicDefinition]
  /// The retry policies; `standard` is always among them.
  public var retryPolicies: [RetryPolicyDefinition]
  /// The engines in the order of the file.
  public var engines: [EngineDefinition]
  /// Who may come in, and who may do what; everything is allowed when nil.
  public var access: AccessDefinition?
  /// The file that said it.
  public var position: SourcePosition

  /// A topology made by code.
  public init(
    bus: BusDefinition = BusDefinition(), topics: [TopicDefinition] = [],
    retryPolicies: [RetryPolicyDefinition] = [.standard], engines: [EngineDefinition] = [],
    position: SourcePosition = .unwritten
  ) {
    self.bus = bus
    self.topics = topics
    self.retryPolicies = retryPolicies
    self.engines = engines
    self.position = position
  }

  /// Parses a file's text; `file` is how messages name it. The error carries every mistake, not only the first.
  public init(parsing text: String, file: String) throws(TopologyError) {
    self = try TopologyReader.read(text, file: file)
  }

  /// Reads and parses a file.
  public init(contentsOf path: String) throws(TopologyError) {
    self = try TopologyReader.read(try TopologyFile.text(at: path), file: path)
  }

  /// The engine of a name.
  public func engine(_ name: Name) -> EngineDefinition? { engines.first { $0.name == name } }

  /// The queue of a full name.
  public func queue(_ name: QueueName) -> QueueDefinition? { engine(name.engine)?.queue(name.name) }

  /// The retry policy of a name.
  public func retryPolicy(_ name: Name) -> RetryPolicy? { retryPolicies.first { $0.name == name }?.policy }

  /// The retry policy of a queue's jobs that bring none; the standard one for a queue that is not there.
  public func retryPolicy(of queue: QueueName) -> RetryPolicy {
    retryPolicy(self.queue(queue)?.retry ?? RetryPolicyDefinition.standardName) ?? .standard
  }

  /// How long the events of a topic are kept.
  public func retain(of topic: Topic) -> TopicDefinition.Retain {
    topics.first { $0.pattern.matches(topic) }?.retain ?? .asSpool
  }
}
