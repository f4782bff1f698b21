public import BusProtocol
internal import BusSpool
public import Logging
public import ServiceLifecycle
internal import Synchronization
internal import ZeroMQ

/// A process's connection to the bus: publishes through an outbox, listens without gaps, enqueues, asks.
///
/// It connects by itself and comes back for ever. As a ServiceLifecycle service it ends gracefully: what was published
/// is carried to busd first, as far as that goes within the configuration's time; the next process of the service carries the rest.
public final class BusClient: Service, Sendable {
  /// The client that ``publish(_:_:)`` uses in this task; the process's own when there is none.
  @TaskLocal public static var current: BusClient?

  /// What it was made of.
  public let configuration: BusConfiguration

  let link: Link
  private let outbox: Outbox
  private let carrier: OutboxCarrier
  private let adoption: OutboxAdoption
  let logger: Logger
  private let refusedCount = Atomic<Int>(0)

  /// Opens the outbox and begins to connect; busd need not be there.
  public convenience init(
    _ configuration: BusConfiguration, logger: Logger = Logger(label: "bus")
  ) throws(BusError) {
    try self.init(configuration, hello: Hello(role: .service, process: configuration.process), logger: logger)
  }

  /// The same for a client of another role.
  package init(_ configuration: BusConfiguration, hello: Hello, logger: Logger) throws(BusError) {
    self.configuration = configuration
    var logger = logger
    logger[metadataKey: BusLogHandler.ownKey] = "\(configuration.service)"
    self.logger = logger
    let shelf = OutboxShelf(configuration)
    outbox = try shelf.make()
    do {
      link = try Link(endpoint: configuration.endpoint, hello: hello, logger: logger, random: configuration.random)
    } catch { throw BusError(code: "socket", error.message, help: "raise the limit of open files") }
    carrier = OutboxCarrier(outbox, link: link, logger: logger)
    adoption = OutboxAdoption(shelf, link: link, logger: logger)
    link.start()
    adoption.start()
  }

  // MARK: Publishing

  /// Publishes an event. It is in this process's outbox when the call returns; nothing here waits for the network.
  @discardableResult
  public func publish(_ topic: Topic, _ data: JSONObject = [:]) -> Receipt {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(128)
    JSONWriter.append(data, to: &bytes)
    return publish(topic, bytes: bytes)
  }

  /// Publishes an event of a type of its own.
  @discardableResult
  public func publish<E: BusEvent>(_ event: E) -> Receipt {
    do { return publish(E.topic, bytes: try JSONValueEncoder().encode(event).bytes) } catch {
      return refuse(E.topic, BusError(code: "bad_json", "an event \(E.topic) cannot be written as JSON: \(error)"))
    }
  }

  /// Publishes an event whose data is JSON already; whoever calls this vouches for it.
  @discardableResult
  public func publish(_ topic: Topic, bytes: [UInt8]) -> Receipt {
    do {
      let (id, sequence) = try outbox.append(
        topic, data: bytes, context: .current, source: configuration.source, now: configuration.now())
      carrier.wake()
      return Receipt(id: id, carrier: carrier, sequence: sequence, failure: nil)
    } catch {
      return refuse(topic, BusError(code: error.code.rawValue, error.message))
    }
  }

  /// publish never throws: what cannot be kept is counted, said in the log, and told by the receipt.
  private func refuse(_ topic: Topic, _ error: BusError) -> Receipt {
    let count = refusedCount.wrappingAdd(1, ordering: .relaxed).newValue
    // Once for each power of two, so that a full outbox does not fill the log too.
    if count & (count - 1) == 0 {
      logger.error(
        "an event was not published",
        metadata: ["event.topic": "\(topic)", "error": "\(error)", "count": "\(count)"])
    }
    let id: EventID = outbox.nextID(at: configuration.now())
    return Receipt(id: id, carrier: carrier, sequence: 0, failure: error)
  }

  /// How many events could not be kept: the outbox was full, or they were too large.
  public var refusedEventCount: Int { refusedCount.load(ordering: .relaxed) }

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
  func nextJobID() -> JobID { outbox.nextID(at: configuration.now()) }
  func nextEventID() -> EventID { outbox.nextID(at: configuration.now()) }

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
    await flush(by: .now + configuration.flushTime)
    await adoption.end()
    do { try await carrier.end() } catch {
      logger.error("the outbox was not closed", metadata: ["directory": "\(outbox.directory)", "error": "\(error)"])
    }
    link.stop()
  }

  /// Waits until busd has everything that was published, until the deadline at most.
  private func flush(by deadline: ContinuousClock.Instant) async {
    guard !outbox.isEmpty else { return }
    let (carrier, sequence) = (carrier, outbox.head.rawValue)
    // In a task of its own, awaited here: the caller's may be cancelled, which is no reason to leave events behind.
    _ = await Task { await carrier.stored(sequence, by: deadline) }.value
  }
}
