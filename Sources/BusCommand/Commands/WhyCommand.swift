internal import ArgumentParser
internal import BusProtocol

/// `bus why`: why a job is where it is, and what became of an event.
struct WhyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why", abstract: "Tell why a job is where it is, or what became of an event.",
    usage: "bus why [<options>] <job-or-event>",
    discussion: """
      EXAMPLES  bus why 01JEXK7QM3T0
                bus why '#184223'
                bus why --not search/user_index '#184223'
      """)

  /// What the word can mean, in the order of asking.
  enum Subject: Equatable {
    case job(String)
    case event(String)
  }

  @Argument(
    help: ArgumentHelp(
      "A job's id or its beginning, an event's id, or an event's place: '#184223'.", valueName: "job-or-event"))
  var subject: String

  @Option(
    name: .customLong("not"),
    help: ArgumentHelp(
      "Tell why this subscription, ENGINE/NAME, made no job of the event.", valueName: "subscription"))
  var subscription: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let (subject, output) = (subject, output)
    if let subscription { return try await runNot(try Words.subscription(subscription)) }
    try await Connection.with(connection) { bus in
      let (answer, found) = try await Self.ask(bus, Self.meanings(of: subject))
      if output.json { return try Output.write(json: answer) }
      let lines = try bus.reading { () throws(ProtocolError) in
        switch found {
        case .job: WhyJob(text: output.jobText).lines(try WhyJobAnswer(json: answer))
        case .event: WhyEvent(text: output.jobText).lines(try WhyEventAnswer(json: answer))
        }
      }
      try Output.write(lines: lines)
    }
  }

  private func runNot(_ name: SubscriptionName) async throws {
    let (subject, output) = (subject, output)
    try await Connection.with(connection) { bus in
      let json = try await bus.ask("why", ["event": .string(subject)])
      let answer = try bus.reading { () throws(ProtocolError) in try WhyEventAnswer(json: json) }
      guard let lines = WhyEvent(text: output.jobText).lines(not: name, answer) else {
        let known = answer.subscriptions.map(\.name.description)
        let near = NearestWord.to(name.description, among: known).map { "did you mean \($0)? " } ?? ""
        throw CommandError(
          .notFound, "there is no subscription \(name), and there never was", where: bus.endpoint,
          help: "\(near)an engine declares it when it connects: bus subs")
      }
      if output.json { try Output.write(json: json) } else { try Output.write(lines: lines) }
    }
  }

  /// A place is an event's; a whole id can be either's; a beginning is a job's.
  static func meanings(of subject: String) -> [Subject] {
    if subject.hasPrefix("#") { return [.event(subject)] }
    if subject.allSatisfy({ $0.isASCII && $0.isNumber }), !subject.hasPrefix("0") { return [.event("#\(subject)")] }
    return subject.utf8.count == 26 ? [.job(subject), .event(subject)] : [.job(subject)]
  }

  private static func ask(_ bus: Connection, _ meanings: [Subject]) async throws -> (JSONValue, Subject) {
    var refusal = CommandError(.usage, "there is nothing to ask about", where: "bus why", help: "bus why --help")
    for meaning in meanings {
      do throws(CommandError) {
        return (try await ask(bus, meaning), meaning)
      } catch {
        guard error.code == .notFound else { throw error }
        refusal = error
      }
    }
    if case .job(let id)? = meanings.first, meanings.count > 1 {
      refusal.message = "there is no job and no event \(id)"
    }
    throw refusal
  }

  private static func ask(_ bus: Connection, _ meaning: Subject) async throws(CommandError) -> JSONValue {
    switch meaning {
    case .job(let id): try await bus.ask("why", ["job": .string(id)])
    case .event(let id): try await bus.ask("why", ["event": .string(id)])
    }
  }
}
