public import BusProtocol

/// Code that goes with every publication, mapping or run of a client and its engines: to add, to check, to measure.
///
/// ```swift
/// configuration.middleware = [
///   .publishing("tenant") { event in event.context.values["tenant"] = .integer(7) },
///   .working("timing") { job, next in
///     let start = ContinuousClock.now
///     let outcome = try await next()
///     histogram.record(ContinuousClock.now - start, job.worker)
///     return outcome
///   },
/// ]
/// ```
/// They are called in their order, the first one outermost. One that throws stops its step, and is counted by
/// ``BusClient/middlewareFailureCount``: an event is not published, an event is not mapped, a run has failed.
public struct Middleware: Sendable {
  typealias Publishing = @Sendable (inout OutgoingEvent) throws -> Void
  typealias Mapping = @Sendable (inout Event, SubscriptionName) throws -> Void
  /// The rest of a run: the middleware behind, the question whether it is needed, and the work.
  public typealias Next = () async throws -> Outcome
  typealias Working = @Sendable (Assignment, Next) async throws -> Outcome

  enum Step: Sendable {
    case publishing(Publishing)
    case mapping(Mapping)
    case working(Working)
  }

  /// Says which one it was, in logs and errors.
  public let name: String
  let step: Step

  /// Before each publication, of now or of later; it may change what is published. Waits for nothing, as publishing does.
  public static func publishing(
    _ name: String, _ body: @escaping @Sendable (inout OutgoingEvent) throws -> Void
  ) -> Middleware { Middleware(name: name, step: .publishing(body)) }

  /// Before a subscription maps an event; it may change what is mapped, such as data of an old form.
  ///
  /// Called for each topic that the subscription wants; its conditions are asked of what comes out. A pure function, as
  /// mapping is: after a crash it is called again.
  public static func mapping(
    _ name: String, _ body: @escaping @Sendable (_ event: inout Event, SubscriptionName) throws -> Void
  ) -> Middleware { Middleware(name: name, step: .mapping(body)) }

  /// Around each run of a job: `next` asks whether it is needed, and does the work.
  public static func working(
    _ name: String, _ body: @escaping @Sendable (_ job: Assignment, _ next: Next) async throws -> Outcome
  ) -> Middleware { Middleware(name: name, step: .working(body)) }
}

/// What is about to be published.
public struct OutgoingEvent: Sendable {
  /// What it is about.
  public var topic: Topic
  /// The data, JSON.
  public var data: [UInt8]
  /// What travels along.
  public var context: BusContext
  /// When it comes, for an event to come.
  public let dueAt: Timestamp?

  /// The data read as JSON.
  public var json: JSONValue { get throws { try JSONParser.parse(data) } }

  /// Publishes other data instead.
  public mutating func replaceData(with data: JSONObject) { self.data = JSONValue.object(data).bytes }
}
