public import BusProtocol
public import Logging
public import ServiceLifecycle
internal import Synchronization

/// A process's connection to the bus: publishes through an outbox, listens without gaps, enqueues, asks.
///
/// It connects by itself and comes back for ever. As a ServiceLifecycle service it ends gracefully: what was published
/// is carried to busd first, as far as that goes within the configuration's time; the next process of the service carries the rest.
public final class BusClient: Service, Sendable {
  /// The client that ``publish(_:_:)`` uses in this task; the process's own when there is none.
  @TaskLocal public static var current: BusClient?

  /// What it was made of.
  public let configuration: BusConfiguration

  let logger: Logger
  /// Nil for a client that is not configured to reach busd.
  private let connection: BusdConnection?
  /// Where things go in a task that says nothing else.
  private let usualRoute: Route
  private let identifiers: Mutex<IdentifierSource>
  let middleware: MiddlewareChain
  let tally = ClientTally()

  /// Opens the outbox and begins to connect; busd need not be there.
  ///
  /// In another environment than ``BusEnvironment/remote`` it opens and connects nothing.
  public convenience init(
    _ configuration: BusConfiguration, logger: Logger = Logger(label: "bus")
  ) throws(BusError) {
    try self.init(configuration, hello: Hello(role: .service, process: configuration.process), logger: logger)
  }

  /// The same for a client of another role.
  package convenience init(_ configuration: BusConfiguration, hello: Hello, logger: Logger) throws(BusError) {
    let logger = BusClient.own(logger, configuration)
    guard case .remote = configuration.environment else {
      self.init(configuration, nil, logger)
      return
    }
    self.init(configuration, try BusdConnection(configuration, hello: hello, logger: logger), logger)
  }

  /// A client that has nothing of busd.
  convenience init(unconnected configuration: BusConfiguration, middleware: MiddlewareChain, logger: Logger) {
    self.init(configuration, nil, BusClient.own(logger, configuration), middleware)
  }

  private init(
    _ configuration: BusConfiguration, _ connection: BusdConnection?, _ logger: Logger,
    _ middleware: MiddlewareChain? = nil
  ) {
    self.configuration = configuration
    self.connection = connection
    usualRoute = BusClient.route(configuration.environment, connection)
    self.logger = logger
    self.middleware = middleware ?? MiddlewareChain(configuration.middleware)
    identifiers = Mutex(IdentifierSource(random: configuration.random))
  }

  private static func own(_ logger: Logger, _ configuration: BusConfiguration) -> Logger {
    var logger = logger
    logger[metadataKey: BusLogHandler.ownKey] = "\(configuration.service)"
    return logger
  }

  // MARK: Publishing

  /// Publishes an event. It is in this process's outbox when the call returns; nothing here waits for the network.
  ///
  /// `fallbacks` says who takes it when the outbox cannot; those of the configuration when nil.
  @discardableResult
  public func publish(_ topic: Topic, _ data: JSONObject = [:], fallbacks: [Fallback]? = nil) -> Receipt {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(128)
    JSONWriter.append(data, to: &bytes)
    return publish(topic, bytes: bytes, fallbacks: fallbacks)
  }

  /// Publishes an event of a type of its own.
  @discardableResult
  public func publish<E: BusEvent>(_ event: E, fallbacks: [Fallback]? = nil) -> Receipt {
    do {
      return publish(E.topic, bytes: try JSONValueEncoder().encode(event).bytes, fallbacks: fallbacks)
    } catch {
      return refuse(E.topic, BusError(code: "bad_json", "an event \(E.topic) cannot be written as JSON: \(error)"))
    }
  }

  /// Publishes an event whose data is JSON already; whoever calls this vouches for it.
  @discardableResult
  public func publish(_ topic: Topic, bytes: [UInt8], fallbacks: [Fallback]? = nil) -> Receipt {
    do throws(BusError) {
      guard middleware.isAroundPublishing, let publication = try middleware.prepare(topic, bytes) else {
        return try send(topic, bytes, fallbacks)
      }
      return try BusContext.$current.withValue(publication.context) {
        Result { () throws(BusError) in try send(publication.topic, publication.data, fallbacks) }
      }.get()
    } catch { return refuse(topic, error) }
  }

  private func send(_ topic: Topic, _ bytes: [UInt8], _ fallbacks: [Fallback]?) throws(BusError) -> Receipt {
    switch route {
    case .busd(let connection):
      do { return try connection.publish(topic, bytes) } catch {
        return try fallBack(topic, bytes, error, fallbacks ?? configuration.fallbacks)
      }
    case .inline(let bus): return try publish(topic, bytes, in: bus)
    case .nowhere: return Receipt(id: tally.suppress(nextEventID()), place: .suppressed)
    case .unconnected: throw unconnected
    }
  }

  func publish(_ topic: Topic, _ bytes: [UInt8], in bus: InlineBus) throws(BusError) -> Receipt {
    let id = nextEventID()
    let event = Event(
      id: id, topic: topic, data: bytes, time: bus.now(),
      headers: BusContext.current.headers(source: configuration.source))
    do { try bus.publish(event) } catch { throw BusError(caught: error) }
    return Receipt(id: id, place: .inline(bus))
  }

  /// publish never throws: what cannot be kept is counted, said in the log, and told by the receipt.
  private func refuse(_ topic: Topic, _ error: BusError) -> Receipt {
    let count = tally.refuse()
    // Once for each power of two, so that a full outbox does not fill the log too.
    if count & (count - 1) == 0 {
      logger.error(
        "an event was not published",
        metadata: ["event.topic": "\(topic)", "error": "\(error)", "count": "\(count)"])
    }
    return Receipt(id: nextEventID(), place: .refused(error))
  }

  /// How many events could not be kept: the outbox was full, or they were too large.
  public var refusedEventCount: Int { tally.refused }

  /// How many events, events to come and jobs were dropped because the environment was ``BusEnvironment/suppress``.
  public var suppressedCount: Int { tally.suppressed }

  /// How often middleware threw, and so stopped a publication, a mapping or a run.
  public var middlewareFailureCount: Int { middleware.failureCount }

  // MARK: Where things go

  /// Where something goes that is sent now.
  enum Route {
    case busd(BusdConnection)
    case inline(InlineBus)
    case nowhere
    /// To busd, from a client that has no connection.
    case unconnected
  }

  /// The one gate of all that is sent: events, events to come, and jobs.
  var route: Route {
    guard let override = BusEnvironment.override else { return usualRoute }
    return BusClient.route(override, connection)
  }

  private static func route(_ environment: BusEnvironment, _ connection: BusdConnection?) -> Route {
    switch environment {
    case .remote: connection.map { .busd($0) } ?? .unconnected
    case .inline(let bus): .inline(bus)
    case .suppress: .nowhere
    }
  }

  /// The clock of whoever takes what is sent now.
  func now() -> Timestamp {
    if case .inline(let bus) = route { bus.now() } else { configuration.now() }
  }

  /// The connection to busd, for what can only be asked of busd itself.
  var link: Link {
    get throws(BusError) {
      guard let connection else { throw unconnected }
      return connection.link
    }
  }

  var unconnected: BusError {
    BusError(
      code: "environment",
      "client \(configuration.service) has no connection to busd: it was made for another environment",
      help: "make it with the environment remote")
  }

  // MARK: Listening and asking

  /// The events of the topics, in the order of the spool, each once: live, and read where something was missed.
  ///
  /// - Parameters:
  ///   - patterns: the topics; `*` stands for any run of characters.
  ///   - start: where to begin; `now` is the moment of the first call of the iterator's `next`.
  ///   - onMissing: told of offsets that the spool does not keep any more; they are said in the log either way.
  public func events(
    _ patterns: [TopicPattern], from start: EventSequence.Start = .now,
    onMissing: (@Sendable (ClosedRange<UInt64>) -> Void)? = nil
  ) -> EventSequence {
    EventSequence(self, patterns: patterns, start: start, onMissing: onMissing)
  }

  /// Asks busd about its state; see the protocol article for the questions.
  public func ask(
    _ about: String, _ parameters: JSONObject = [:], timeout: Duration = .seconds(10)
  ) async throws(BusError) -> JSONValue {
    let reply = try await link.request(timeout: timeout) { .ask(request: $0, about: about, parameters: parameters) }
    guard case .answer(_, let answer) = reply else { throw BusClient.unexpected(reply) }
    return answer
  }

  static func unexpected(_ reply: Reply) -> BusError {
    BusError(code: "protocol", "busd answered something else than was asked", help: "upgrade the older of the two")
  }

  // Ids of this client's clock and chance.
  func nextJobID() -> JobID { nextID() }
  func nextEventID() -> EventID { nextID() }

  private func nextID<Subject>() -> Identifier<Subject> {
    let now = now()
    return identifiers.withLock { $0.next(at: now) }
  }

  // MARK: Running

  /// Runs until the task is cancelled or a graceful shutdown begins; then carries what is left and ends.
  public func run() async throws {
    await cancelWhenGracefulShutdown {
      // Nothing is ever sent: the stream ends with the task.
      for await _ in AsyncStream<Never>.makeStream().stream {}
    }
    await stop()
  }

  /// Runs the body with this client as ``current``, and ends the client after it.
  public func whileRunning<R>(_ body: () async throws -> R) async throws -> R {
    let result: Result<R, any Error>
    do { result = .success(try await BusClient.$current.withValue(self) { try await body() }) } catch {
      result = .failure(error)
    }
    await stop()
    return try result.get()
  }

  /// Carries what is left, as far as that goes, says goodbye and ends.
  public func stop() async {
    for case .inline(let bus) in configuration.fallbacks { await bus.drain(logger) }
    await connection?.stop()
  }
}
