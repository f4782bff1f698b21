internal import ArgumentParser
internal import BusProtocol
internal import BusTopology

/// `bus auth`: who may do what.
struct AuthCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "auth", abstract: "Tell who may do what, and by which rule.",
    subcommands: [Check.self, AuthSessions.self])

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check", abstract: "Tell whether somebody may do something, and why.",
      usage: "bus auth check [<options>] <principal> <right> <name>",
      discussion: """
        Rights are publish, subscribe (of topics), enqueue, work (ENGINE/NAME) and \
        admin (words of the protocol). Ends with 1 when it is denied.

        EXAMPLES  bus auth check account publish user_changed
                  bus auth check search work search/default --running
        """)

    @Argument(help: "Who: the name of a key, or 'local'.")
    var principal: String

    @Argument(help: "What: publish, subscribe, enqueue, work or admin.")
    var right: String

    @Argument(help: "On what: a topic, ENGINE/QUEUE, a word; also a pattern of them.")
    var name: String

    @OptionGroup var choice: TopologyOptions

    @Flag(help: "Ask busd, whose keys and rules may be older than the files.")
    var running = false

    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "One JSON object.")
    var json = false

    func run() async throws {
      let question = try AccessQuestion(principal: principal, right: right, name: name)
      let answer = running ? try await askRunning(question) : try askFiles(question)
      if json { try Output.write(json: answer) } else { try Output.write(lines: AuthCommand.lines(answer)) }
      guard answer["allowed"] == true else { throw ExitCode(1) }
    }

    private func askFiles(_ question: AccessQuestion) throws -> JSONValue {
      let file = try TopologyChoice.requiredFile(named: choice.topology, environment: ProcessEnvironment.all)
      let access = try TopologyChoice.topology(file).access
      do throws(KeyError) {
        let keys = try access?.keyDirectoryPath.map { path throws(KeyError) in try KeyDirectory(reading: path).names }
        return question.answer(Permissions(access, keys: keys ?? []))
      } catch { throw CommandError(.configuration, error.message, where: file, help: error.help) }
    }

    private func askRunning(_ question: AccessQuestion) async throws -> JSONValue {
      try await Connection.with(connection) { bus in try await bus.ask("access", question.json) }
    }
  }

  /// What people read: the decision and the rule, or what would allow it.
  static func lines(_ answer: JSONValue) -> [String] {
    func text(_ key: String) -> String { answer[key].flatMap(String.init(jsonValue:)) ?? "" }
    let asked = "\(text("principal")) \(text("right")) \(text("name"))"
    guard answer["allowed"] == true else {
      return ["denied   \(asked)", "  because  \(text("reason"))", "  help     \(text("help"))"]
    }
    let signed = text("signed").isEmpty ? [] : ["  signed   it has to be: \(text("signed"))"]
    return ["allowed  \(asked)", "  by       \(text("reason"))"] + signed
  }
}
