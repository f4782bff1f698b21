public import BusProtocol

/// What all processes of one principal may take together: `limits` of a principal.
public struct PrincipalLimits: Sendable, Equatable {
  /// The most processes that are connected at once; nil for any number.
  public var sessions: Int?
  /// The most subscriptions; nil for any number.
  public var subscriptions: Int?
  /// The most events that they may send; nil for any number.
  public var events: RateLimit?
  /// The most bytes of events that they may send in a second; nil for any number.
  public var bytes: ByteCount?

  /// Limits, none where nothing is said.
  public init(
    sessions: Int? = nil, subscriptions: Int? = nil, events: RateLimit? = nil, bytes: ByteCount? = nil
  ) {
    self.sessions = sessions
    self.subscriptions = subscriptions
    self.events = events
    self.bytes = bytes
  }
}
