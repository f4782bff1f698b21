internal import ArgumentParser
internal import BusProtocol

/// `bus trace`: the whole chain of causes that something belongs to.
struct TraceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "Show what led to an event or a job, and all that came of it.",
    usage: "bus trace [<options>] <job-or-event>",
    discussion: """
      The tree begins at the first cause that is still kept, also where it was
      in another process or another engine.

      EXAMPLES  bus trace 01JEXK7QM3T0
                bus trace '#184223' --dot | dot -Tsvg > trace.svg
                bus trace 4bf92f3577b34da6a3ce929d0e0e4736 --since 2h
      """)

  @Argument(
    help: ArgumentHelp(
      "A job's id or its beginning, an event's id or place ('#184223'), or a trace id of 32 digits.",
      valueName: "job-or-event"))
  var subject: String

  @Option(help: ArgumentHelp("So many causes deep at most.", valueName: "count"))
  var depth = 64

  @Flag(help: "Draw it for Graphviz, in the DOT language.")
  var dot = false

  @Option(help: ArgumentHelp("How far back to look for a trace id: 1h, 09:30, '#184000'.", valueName: "place"))
  var since = "1h"

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    guard (1...1000).contains(depth) else { throw ValidationError("--depth is 1 to 1000, not \(depth)") }
    if dot, output.json { throw ValidationError("--dot and --json are two forms: choose one") }
  }

  func run() async throws {
    let (output, dot) = (output, dot)
    try await Connection.with(connection) { bus in
      var walk = TraceWalk(from: try await start(bus), source: Self.source(bus), now: SystemClock.now())
      walk.maximumDepth = depth
      guard let trace = try await walk.trace() else {
        throw CommandError(.notFound, "\(subject) is no longer kept", where: bus.endpoint, help: "bus spool stat")
      }
      if output.json {
        try Output.write(json: trace.json)
      } else {
        try Output.write(lines: dot ? TraceText.dot(trace) : TraceText(text: output.jobText).lines(trace))
      }
    }
  }

  // MARK: Where to begin

  private func start(_ bus: Connection) async throws -> TraceWalk.Start {
    if let trace = TraceCommand.traceID(subject) { return .event(try await firstEvent(of: trace, bus)) }
    var refusal = CommandError(.usage, "there is nothing to trace", where: "bus trace", help: "bus trace --help")
    for meaning in WhyCommand.meanings(of: subject) {
      do throws(CommandError) {
        switch meaning {
        case .job(let id): return .job(try Self.identity(try await bus.ask("job", ["id": .string(id)]), "job", bus))
        case .event(let id):
          return .event(try Self.identity(try await bus.ask("why", ["event": .string(id)]), "event", bus))
        }
      } catch {
        guard error.code == .notFound else { throw error }
        refusal = error
      }
    }
    throw refusal
  }

  private static func identity<S>(
    _ answer: JSONValue, _ key: String, _ bus: Connection
  ) throws(CommandError) -> Identifier<S> {
    try bus.reading { () throws(ProtocolError) in
      try (try answer.members("answer")).value(key).members(key).read("id")
    }
  }

  /// A W3C trace id: 32 hexadecimal digits.
  static func traceID(_ text: String) -> String? {
    text.utf8.count == 32 && text.allSatisfy(\.isHexDigit) ? text.lowercased() : nil
  }

  private func firstEvent(of trace: String, _ bus: Connection) async throws -> EventID {
    let after = try await TimeArgument(bus: bus).offset(try TimeArgument.word(since, option: "--since"))
    var found: EventID?
    _ = try await Backlog(bus: bus, patterns: ["*"]).read(after: after, to: bus.headAtStart) { events, _ in
      found = events.first { $0.headers.trace?.description.contains("-\(trace)-") ?? false }?.id
      return found == nil
    }
    guard let found else {
      throw CommandError(
        .notFound, "no event since \(since) belongs to trace \(trace)", where: bus.endpoint,
        help: "look further back with --since 1d")
    }
    return found
  }

  // MARK: Looking up

  private static func source(_ bus: Connection) -> TraceSource {
    let reader = ChainReader(bus)
    return TraceSource(
      job: { id in
        try await kept(bus, "job", ["id": id.jsonValue]).map { answer in
          try bus.reading { () throws(ProtocolError) in try Job(json: try answer.members("answer").value("job")) }
        }
      },
      event: { id in
        try await kept(bus, "why", ["event": id.jsonValue]).map { answer in
          try bus.reading { () throws(ProtocolError) in try WhyEventAnswer(json: answer) }
        }
      },
      jobs: { parent in
        try await bus.list("jobs", ["parent": parent.jsonValue, "limit": 1000]).map { json in
          try bus.reading { () throws(ProtocolError) in try Job(json: json) }
        }
      },
      events: { chain, stretch in try await reader.events(of: chain, in: stretch) },
      batch: { id in
        try await kept(bus, "batch", ["job": id.jsonValue]).map { answer in
          try bus.reading { () throws(ProtocolError) in try JobBatch(json: answer) }
        }
      },
      awaiters: { id in
        try await kept(bus, "why", ["job": id.jsonValue]).map { answer in
          try bus.reading { () throws(ProtocolError) in try WhyJobAnswer(json: answer).awaitedBy }
        } ?? []
      })
  }

  /// What is asked for, nil where it is no longer kept.
  private static func kept(
    _ bus: Connection, _ about: String, _ parameters: JSONObject
  ) async throws(CommandError) -> JSONValue? {
    do { return try await bus.ask(about, parameters) } catch {
      guard error.code == .notFound else { throw error }
      return nil
    }
  }
}
