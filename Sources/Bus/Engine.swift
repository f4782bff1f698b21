public import BusProtocol
public import Logging
public import ServiceLifecycle

/// One application's part of the bus: which topics lead to which workers, and what the workers need.
///
/// ```swift
/// let search = Engine("search", services: SearchServices.live) {
///   Subscription("user_changed") { event in IndexUser(userID: try event["id"]) }
/// }
/// await search.main()
/// ```
/// Queues, priorities and numbers are wired by the topology that busd has; the binary needs none. Several processes of
/// one engine share its work: each subscription is run by one of them at a time, each job by one.
public struct Engine<Services: Sendable>: Service {
  /// Its name: queues, subscriptions and locks are named under it.
  public let name: Name

  let makeServices: @Sendable () async throws -> Services
  let configuration: BusConfiguration?
  let concurrency: Int?
  let logger: Logger
  let middleware: [Middleware]
  let declarations: EngineDeclarations<Services>
  private(set) var failureHook: (@Sendable (FailedRun, Services) async throws -> Void)?

  /// Declares an engine. The services are made when it runs, not when it is declared.
  ///
  /// - Parameters:
  ///   - name: its name in the topology.
  ///   - services: what its workers need; made once.
  ///   - configuration: where the bus is; from the environment when nil.
  ///   - concurrency: how many jobs run at once; `BUS_CONCURRENCY`, else the topology's number, when nil.
  ///   - logger: what it logs to; runs get it with their job's id.
  ///   - middleware: what goes with its publications, mappings and runs, inside of the configuration's own.
  ///   - declarations: its subscriptions and workers.
  public init(
    _ name: Name, services: @autoclosure @escaping @Sendable () throws -> Services,
    configuration: BusConfiguration? = nil, concurrency: Int? = nil, logger: Logger = Logger(label: "bus.engine"),
    middleware: [Middleware] = [], @EngineBuilder<Services> _ declarations: () -> EngineDeclarations<Services>
  ) {
    self.init(
      name, makingServices: services, configuration: configuration, concurrency: concurrency, logger: logger,
      middleware: middleware, declarations)
  }

  /// Declares an engine whose services are made by waiting for something, such as a connection.
  public init(
    _ name: Name, makingServices makeServices: @escaping @Sendable () async throws -> Services,
    configuration: BusConfiguration? = nil, concurrency: Int? = nil, logger: Logger = Logger(label: "bus.engine"),
    middleware: [Middleware] = [], @EngineBuilder<Services> _ declarations: () -> EngineDeclarations<Services>
  ) {
    self.name = name
    self.makeServices = makeServices
    self.configuration = configuration
    self.concurrency = concurrency
    self.logger = logger
    self.middleware = middleware
    self.declarations = declarations()
  }

  /// Declares an engine whose workers need nothing.
  public init(
    _ name: Name, configuration: BusConfiguration? = nil, concurrency: Int? = nil,
    logger: Logger = Logger(label: "bus.engine"), middleware: [Middleware] = [],
    @EngineBuilder<Void> _ declarations: () -> EngineDeclarations<Void>
  ) where Services == Void {
    self.init(
      name, makingServices: {}, configuration: configuration, concurrency: concurrency, logger: logger,
      middleware: middleware, declarations)
  }

  /// What the engine declares: what `--bus-describe` prints, and `bus topology check` asks for.
  public var declaration: EngineDeclaration {
    EngineDeclaration(
      engine: name,
      subscriptions: declarations.subscriptions.map {
        EngineDeclaration.Subscription(name: $0.name, patterns: $0.patterns, queue: $0.queue ?? .defaultQueue)
      },
      workers: declarations.workers.map {
        EngineDeclaration.Worker(name: $0.name, queue: $0.queue, inputs: $0.inputs)
      }, schedules: declarations.schedules.compactMap { $0.declaration(of: name) })
  }

  /// Its configuration, with its middleware.
  func configured() throws -> BusConfiguration {
    var configuration = try configuration ?? BusConfiguration.fromEnvironment(service: name.text)
    configuration.middleware += middleware
    return configuration
  }

  /// The same engine, which calls the closure in the process of a run that failed, once busd has stored that it did.
  ///
  /// ```swift
  /// let billing = Engine("billing", services: Services()) { Workers(Charge.self) }
  ///   .onFailure { failure, services in services.errors.report(failure.error, of: failure.worker) }
  /// ```
  /// For error trackers and counters: what it throws is logged, and changes nothing. Of a run whose process was lost
  /// nobody tells; subscribe to `job_failed` and `job_dead` for what must not be missed. An inline bus does not call it.
  public func onFailure(_ hook: @escaping @Sendable (FailedRun, Services) async throws -> Void) -> Engine {
    var engine = self
    engine.failureHook = hook
    return engine
  }

  /// What keeps it from running, such as two subscriptions of one name; empty for an engine that is in order.
  public var problems: [String] { declarations.problems }
}
