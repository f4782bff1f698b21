public import BusProtocol

/// How many jobs of a key run at once, and how often one starts, over all queues and processes: four at once per tenant.
///
/// ```swift
/// var limit: RunLimit? { RunLimit(LockKey(tenantID), concurrency: 4) }
/// ```
///
/// Jobs that are over it wait in a line of their own, where they cost the others nothing.
public struct RunLimit: Hashable, Sendable {
  /// What is counted together; a key belongs to its worker unless it names a namespace.
  public var key: LockKey
  /// So many at once, 1 to `JobLimit.maximumConcurrency`; nil for any number.
  public var concurrency: Int?
  /// So many starts; nil for any number.
  public var rate: RateLimit?

  /// A limit; a concurrency outside of its range is held at the nearer end.
  public init(_ key: LockKey, concurrency: Int? = nil, rate: RateLimit? = nil) {
    self.key = key
    self.concurrency = concurrency
    self.rate = rate
  }

  /// The limit as busd gets it; nil for one that limits nothing.
  func jobLimit(workerNamespace: String) -> JobLimit? {
    guard concurrency != nil || rate != nil else { return nil }
    return JobLimit(key: key.text(workerNamespace: workerNamespace), concurrency: concurrency, rate: rate)
  }
}
