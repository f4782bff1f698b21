public import BusProtocol

/// What one process may take from the others: the section `bus.limits`.
public struct LimitsDefinition: Sendable, Equatable {
  /// The most data of one event, in bytes; publishers are told, and refuse more where it is published.
  public var payload: Int
  /// The most processes that are connected at once.
  public var sessions: Int
  /// The most subscriptions of one process.
  public var subscriptions: Int
  /// The most events that one process may send; nil for any number.
  public var events: RateLimit?
  /// The most bytes that one process may send in a second; nil for any number.
  public var bytes: ByteCount?

  /// What holds where a topology says nothing.
  public static let standard = LimitsDefinition()

  /// Limits, the usual ones where nothing is said; without any rate.
  public init(payload: Int = 256 << 10, sessions: Int = 10_000, subscriptions: Int = 1000) {
    self.payload = payload
    self.sessions = sessions
    self.subscriptions = subscriptions
  }
}
