public import BusProtocol

/// What holds for the topics of one pattern.
public struct TopicDefinition: Sendable, Equatable {
  /// How long the events of a topic are kept.
  public enum Retain: Sendable, Equatable {
    /// As `bus.spool.retain` says.
    case asSpool
    /// As this rule says.
    case kept(Retention)
    /// Only as long as somebody has still to read them.
    case none
  }

  /// Which topics are meant.
  public var pattern: TopicPattern
  /// How long their events are kept.
  public var retain: Retain
  /// What of their events is not shown to people; of several patterns that match, all count.
  public var redact: [RedactedPath]
  /// Where the pattern is written.
  public var position: SourcePosition

  /// What holds for a pattern.
  public init(
    pattern: TopicPattern, retain: Retain = .asSpool, redact: [RedactedPath] = [],
    position: SourcePosition = .unwritten
  ) {
    self.pattern = pattern
    self.retain = retain
    self.redact = redact
    self.position = position
  }
}
