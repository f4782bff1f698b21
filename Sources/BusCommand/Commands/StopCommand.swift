internal import ArgumentParser
internal import BusProtocol
internal import BusSupervisor

/// `bus stop`: ends a supervisor and its processes.
struct StopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "End 'bus work' and all its processes.",
    usage: "bus stop [<options>]",
    discussion: "EXAMPLE  bus stop --now")

  @Flag(help: "Kill them instead of letting them finish.")
  var now = false

  @OptionGroup var supervisor: SupervisorOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    for answer in try await supervisor.answers(.stop(atOnce: now)) {
      guard !output.json else {
        try Output.write(json: answer)
        continue
      }
      let count = answer.count("stopping") ?? 0
      let words = count == 1 ? "1 process" : "\(count) processes"
      try Output.write(lines: [now ? "\(words) killed" : "\(words) told to finish"])
    }
  }
}
