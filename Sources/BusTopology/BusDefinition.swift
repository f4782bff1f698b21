/// How the daemon listens and keeps: the `bus` section. What is nil is the daemon's own choice.
public struct BusDefinition: Sendable, Equatable {
  /// Where services and engines connect; they publish with acknowledgement, read, and take jobs here.
  public var publish: Endpoint?
  /// Where live events go out to plain SUB sockets.
  public var subscribe: Endpoint?
  /// Where plain PUB sockets publish without acknowledgement.
  public var intake: Endpoint?
  /// Where the events are kept.
  public var spool: SpoolDefinition
  /// Where the jobs are kept.
  public var store: StoreLocation?
  /// What one process may take from the others.
  public var limits: LimitsDefinition

  /// A daemon's settings.
  public init(
    publish: Endpoint? = nil, subscribe: Endpoint? = nil, intake: Endpoint? = nil,
    spool: SpoolDefinition = SpoolDefinition(), store: StoreLocation? = nil,
    limits: LimitsDefinition = .standard
  ) {
    self.publish = publish
    self.subscribe = subscribe
    self.intake = intake
    self.spool = spool
    self.store = store
    self.limits = limits
  }
}
