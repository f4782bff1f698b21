internal import ArgumentParser
internal import BusProtocol
internal import BusSupervisor

/// `bus ps`: the processes of a supervisor.
struct PsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ps", abstract: "Show the processes that 'bus work' keeps running.",
    usage: "bus ps [<options>] [<engine> ...]",
    discussion: """
      A process is starting, ready, draining (it finishes its work, another one \
      has its place), in backoff (it failed, and is started again after a while) \
      or stopping.

      EXAMPLE  bus ps search
      """)

  @Argument(help: ArgumentHelp("The engines; all when none is named.", valueName: "engine"))
  var engines: [String] = []

  @OptionGroup var supervisor: SupervisorOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let answers = try await supervisor.answers(.processes)
    let programs = answers.filter { $0["process"] == nil }
    let known = programs.compactMap { $0.string("engine") }
    for name in engines where !known.contains(name) {
      throw CommandError(
        .notFound, "this supervisor has no engine '\(name)'", where: supervisor.path,
        help: "it has: \(known.joined(separator: ", "))")
    }
    let isMeant = { (answer: JSONValue) in engines.isEmpty || answer.string("engine").map(engines.contains) ?? false }
    let processes = answers.filter { $0["process"] != nil && isMeant($0) }
    if output.json {
      for process in processes { try Output.write(json: process) }
      return
    }
    let terminal = output.terminal
    let table = ProcessTable(paint: terminal.paint, columns: terminal.columns)
    try Output.write(lines: table.lines(processes))
    let meant = programs.filter(isMeant)
    for remark in table.places(meant) + table.remarks(meant) { Output.say(remark) }
  }
}
