internal import Bus
internal import BusProtocol
internal import BusSigning

/// A command's connection to busd: opened with a reason when it cannot be, and never waiting in silence.
struct Connection: Sendable {
  /// How long it may take until busd has answered for the first time.
  static let connectTimeout = Duration.seconds(2)
  /// How long an answer may take where nothing else is said.
  static let answerTimeout = Duration.seconds(10)

  /// Where busd is.
  let endpoint: String
  /// The last event on disk when the session began.
  let headAtStart: Offset
  /// What of events is not printed.
  private let redaction: Redaction
  private let signers: Signers
  private let tool: ToolConnection
  private let timeout: Duration

  /// Opens a connection, runs the body with it, and closes it.
  static func with<R>(
    _ options: ConnectionOptions, _ body: (Connection) async throws -> R
  ) async throws -> R {
    let configuration = try configuration(options)
    let endpoint = configuration.endpoint
    if let reason = EndpointProbe.reasonUnreachable(endpoint) { throw unreachable(endpoint, reason) }
    let tool: ToolConnection
    do { tool = try ToolConnection(configuration, logger: QuietLogger.make()) } catch {
      throw commandError(error, at: endpoint)
    }
    defer { tool.stop() }
    let welcome: Welcome
    do { welcome = try await tool.welcome(timeout: connectTimeout) } catch {
      if error.code == "not_admitted" { throw commandError(error, at: endpoint) }
      throw unreachable(endpoint, "somebody listens there, but does not answer")
    }
    return try await body(
      Connection(
        endpoint: endpoint, headAtStart: welcome.head, redaction: welcome.redaction,
        signers: configuration.signers, tool: tool,
        timeout: options.timeout?.duration ?? answerTimeout))
  }

  /// The settings: flags before the environment.
  static func configuration(_ options: ConnectionOptions) throws(CommandError) -> BusConfiguration {
    var environment = ProcessEnvironment.all
    if let endpoint = options.endpoint { environment["BUS_ENDPOINT"] = endpoint }
    // The outbox of all 'bus publish', whoever types it.
    environment["BUS_SERVICE"] = "bus"
    // A tool speaks with busd, whatever the services beside it are told.
    environment["BUS_ENVIRONMENT"] = nil
    do { return try BusConfiguration(environment: environment) } catch {
      throw CommandError(
        .configuration, error.message,
        where: "--endpoint, BUS_ENDPOINT, BUS_KEY_FILE, BUS_SERVER_KEY, BUS_SIGNING_KEY, BUS_SIGNERS, BUS_STATE_DIR, "
          + "BUS_RUNTIME_DIR",
        help: error.help ?? "use ipc://PATH or tcp://127.0.0.1:PORT")
    }
  }

  // MARK: Asking

  /// Asks busd, and says what is awaited when that takes more than a second.
  func ask(_ about: String, _ parameters: JSONObject = [:]) async throws(CommandError) -> JSONValue {
    let reply = try await request { .ask(request: $0, about: about, parameters: parameters) }
    guard case .answer(_, let answer) = reply else { throw badAnswer("\(about) was asked for") }
    return answer
  }

  /// A list out of an answer.
  func list(_ about: String, _ parameters: JSONObject = [:]) async throws -> [JSONValue] {
    let answer = try await ask(about, parameters)
    guard case .array(let values)? = answer[about] else { throw badAnswer("it lacks \"\(about)\"") }
    return values
  }

  /// Has busd change something; returns what came of it.
  func change(_ what: String, _ parameters: JSONObject) async throws(CommandError) -> JSONValue {
    let reply = try await request { .change(request: $0, what: what, parameters: parameters) }
    guard case .changed(_, let answer) = reply else { throw badAnswer("\(what) was asked for") }
    return answer
  }

  /// Asks for one job.
  func enqueue(_ job: NewJob) async throws -> EnqueueOutcome {
    guard case .enqueued(_, let outcomes) = try await request({ .enqueue(request: $0, jobs: [job]) }),
      let outcome = outcomes.first
    else { throw badAnswer("a job was asked for") }
    return outcome
  }

  /// Publishes one event past the outbox; returns where it is in the spool.
  func publish(_ publication: Publication, _ data: JSONObject) async throws -> Offset {
    try await publish(publication, bytes: JSONValue.object(data).bytes)
  }

  /// The same with the data as it is.
  func publish(_ publication: Publication, bytes: [UInt8]) async throws -> Offset {
    let reply = try await request { .publish(request: $0, publication: publication, data: bytes) }
    guard case .published(_, _, let offset) = reply else { throw badAnswer("an event was published") }
    return offset
  }

  /// Has an event published later.
  func announce(_ announcement: Announcement) async throws {
    guard case .announced = try await request({ .announce(request: $0, announcement: announcement) }) else {
      throw badAnswer("an event was announced")
    }
  }

  /// Takes back events to come; returns those that were.
  func withdraw(_ ids: [EventID]) async throws -> [EventID] {
    guard case .withdrawn(_, let ids) = try await request({ .withdraw(request: $0, ids: ids) }) else {
      throw badAnswer("events were withdrawn")
    }
    return ids
  }

  /// Some events behind an offset, as many as busd gives at once.
  func read(after: Offset, patterns: [TopicPattern], limit: Int) async throws -> EventsRead {
    let reply = try await request { .read(request: $0, after: after, patterns: patterns, limit: limit) }
    guard case .events(_, let chunk) = reply else { throw badAnswer("events were asked for") }
    return try reading { () throws(ProtocolError) in try EventsRead(chunk, redaction, signers) }
  }

  /// Follows topics from a place: a stretch at each call, gap-free, for ever.
  func follow(_ patterns: [TopicPattern], after offset: Offset) -> @Sendable () async throws -> EventsRead {
    let (next, redaction) = (tool.follow(patterns, after: offset), redaction)
    return {
      let stretch = try await next()
      return EventsRead(events: stretch.events.map(redaction.shown), through: stretch.through, missing: stretch.missing)
    }
  }

  /// Tells whenever the connection breaks, and when it is back.
  func watch(_ told: @escaping @Sendable (_ isConnected: Bool) -> Void) { tool.watch(told) }

  /// Reads an answer with the words of this version.
  func reading<R>(_ body: () throws(ProtocolError) -> R) throws(CommandError) -> R {
    do { return try body() } catch { throw badAnswer(error.message) }
  }

  private func request(
    _ make: @escaping @Sendable (UInt64) -> Request
  ) async throws(CommandError) -> Reply {
    try await Awaited.saying("still waiting for busd at \(endpoint) to answer") { () async throws(CommandError) in
      do throws(BusError) { return try await tool.request(timeout: timeout, make) } catch {
        throw Connection.commandError(error, at: endpoint)
      }
    }
  }

  // MARK: What goes wrong

  private func badAnswer(_ why: String) -> CommandError {
    CommandError(
      .refused, "busd's answer is not understood: \(why)", where: endpoint, help: "use a bus and a busd of one version")
  }

  static func unreachable(_ endpoint: String, _ reason: String) -> CommandError {
    CommandError(
      .unreachable, "cannot reach busd at \(endpoint): \(reason)", where: endpoint,
      help: "start one with 'busd' or 'bus dev', or name another with --endpoint")
  }

  /// An error of the library in the words of the command line.
  static func commandError(_ error: BusError, at endpoint: String) -> CommandError {
    let code: CommandError.Code =
      switch error.code {
      case "not_found": .notFound
      case "ambiguous": .ambiguous
      case "bad_filter", "bad_name", "bad_json", "too_large": .badData
      case "timeout", "unreachable": .noAnswer
      default: .refused
      }
    let help = error.help ?? (code == .noAnswer ? "wait longer with --timeout 1m" : "see 'bus --help'")
    return CommandError(code, error.message, where: endpoint, help: help)
  }
}

/// Events out of the spool.
struct EventsRead: Sendable {
  /// What was wanted, in order.
  var events: [Event]
  /// How far busd looked.
  var through: Offset
  /// What is no longer kept.
  var missing: ClosedRange<UInt64>?

}

extension EventsRead {
  init(_ chunk: EventsChunk, _ redaction: Redaction, _ signers: Signers) throws(ProtocolError) {
    self.init(
      events: try Record.events(chunk.records).map { redaction.shown(signers.verified($0)) }, through: chunk.through,
      missing: chunk.missing)
  }
}
