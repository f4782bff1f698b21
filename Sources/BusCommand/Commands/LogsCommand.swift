internal import ArgumentParser
internal import BusProtocol
internal import BusSupervisor

/// `bus logs`: what processes wrote.
struct LogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Show the last lines that processes wrote, and those that come.",
    usage: "bus logs [<options>] [<process>]",
    discussion: """
      The supervisor keeps the last 200 lines of each process. Its own words \
      stand behind two dashes.

      EXAMPLE  bus logs search.2 --follow
      """)

  @Argument(
    help: ArgumentHelp("An engine or one of its processes; all when none is named.", valueName: "process"))
  var of: String?

  @Option(name: .customShort("n"), help: ArgumentHelp("How many lines.", valueName: "number"))
  var count = 20

  @Flag(name: .shortAndLong, help: "Show the lines that come, too.")
  var follow = false

  @OptionGroup var supervisor: SupervisorOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let paint = output.terminal.paint
    let isJSON = output.json
    try await supervisor.ask(.logs(of, count: max(0, count), follow: follow), seconds: follow ? nil : 10) { answer in
      guard !isJSON else { return try Output.write(json: answer) }
      let process = answer.string("process") ?? "-"
      let engine = String(process.prefix { $0 != "." })
      let text = Printable.text(answer.string("line") ?? "")
      try Output.write(lines: ["\(paint(process, Paint.ink(of: engine))) | \(text)"])
    }
  }
}
