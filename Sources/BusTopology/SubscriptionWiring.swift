public import BusProtocol

/// What the topology says of a subscription that an engine declares in Swift.
public struct SubscriptionWiring: Sendable, Equatable {
  /// Its name within the engine.
  public var name: Name
  /// The queue for its jobs; nil for the one that the engine declares.
  public var queue: Name?
  /// Whether it runs.
  public var isEnabled: Bool
  /// Which events of its topics it wants; nil for all.
  public var `where`: BoundFilter?
  /// Where the name is written.
  public var position: SourcePosition

  /// A wired subscription.
  public init(
    name: Name, queue: Name? = nil, isEnabled: Bool = true, where: BoundFilter? = nil,
    position: SourcePosition = .unwritten
  ) {
    self.name = name
    self.queue = queue
    self.isEnabled = isEnabled
    self.where = `where`
    self.position = position
  }
}
