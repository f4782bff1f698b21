public import BusProtocol

/// What the topology allows a queue, over all processes.
public struct QueueLimits: Hashable, Sendable {
  /// So many jobs run at once; nil for any number.
  public var concurrency: Int?
  /// So many start in a span of time; nil for any number.
  public var rate: RateLimit?
  /// So many wait, in whatever way; then new ones are refused. Nil for any number.
  public var waiting: Int?
  /// So many failed jobs come back in a span of time; nil for any number.
  public var retries: RateLimit?

  /// No limits but those that are given.
  public init(concurrency: Int? = nil, rate: RateLimit? = nil, waiting: Int? = nil, retries: RateLimit? = nil) {
    self.concurrency = concurrency
    self.rate = rate
    self.waiting = waiting
    self.retries = retries
  }

  /// Nothing is limited.
  public static let none = QueueLimits()
}
