internal import ArgumentParser
internal import BusProtocol
internal import BusSupervisor

/// `bus stop`: ends a supervisor and its processes.
struct StopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "End 'bus work' and all its processes.",
    usage: "bus stop [<options>]",
    discussion: """
      Each process may finish its work; the command returns when all have ended.

      EXAMPLE  bus stop --now
      """)

  @Flag(help: "Kill them instead of letting them finish.")
  var now = false

  @OptionGroup var supervisor: SupervisorOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let output = output
    // As long as it takes: each process has its own time to finish.
    try await supervisor.ask(.stop(atOnce: now), seconds: nil) { answer in
      guard !output.json else { return try Output.write(json: answer) }
      let count = answer.count("stopping") ?? 0
      let words = count == 1 ? "1 process" : "\(count) processes"
      try Output.write(lines: [now ? "\(words) killed" : "\(words) told to finish"])
    }
    output.remark("All have ended.")
  }
}
