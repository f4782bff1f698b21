internal import ArgumentParser
internal import BusProtocol
internal import BusSupervisor

/// `bus quiet`: what runs finishes, and nothing is started.
struct QuietCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quiet", abstract: "Let processes finish their work, and start none until further notice.",
    usage: "bus quiet [<options>] [<engine> ...]",
    discussion: "EXAMPLE  bus quiet search && bus quiet --off search")

  @Argument(help: ArgumentHelp("The engines; all when none is named.", valueName: "engine"))
  var engines: [String] = []

  @Flag(help: "Start them again.")
  var off = false

  @OptionGroup var supervisor: SupervisorOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    for answer in try await supervisor.answers(.quiet(engines, !off)) {
      guard !output.json else {
        try Output.write(json: answer)
        continue
      }
      let name = answer.string("engine") ?? "-"
      let (running, wanted) = (answer.count("processes") ?? 0, answer.count("wanted") ?? 0)
      try Output.write(lines: [off ? "\(name)  \(wanted) wanted again" : "\(name)  \(running) told to finish"])
    }
    output.remark(off ? "See how it goes: bus ps" : "Start them again: bus quiet --off")
  }
}
