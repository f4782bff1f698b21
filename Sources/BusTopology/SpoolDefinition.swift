/// Where events are kept, and how long: the `bus.spool` section.
public struct SpoolDefinition: Sendable, Equatable {
  /// The directory of the segments; nil is the daemon's own choice.
  public var directory: String?
  /// What may go of topics that have no rule of their own.
  public var retain: Retention

  /// A spool's settings.
  public init(directory: String? = nil, retain: Retention = Retention()) {
    self.directory = directory
    self.retain = retain
  }
}
