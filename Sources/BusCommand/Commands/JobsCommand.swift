internal import ArgumentParser
internal import BusProtocol
internal import BusTopology

/// `bus jobs`: the jobs, what is known of one, and what is to become of them.
struct JobsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jobs", abstract: "List jobs, show one, wait for its end, change what becomes of them.",
    subcommands: [
      ListJobs.self, ShowJob.self, WaitJobs.self, CancelJobs.self, RetryJobs.self, RunJobs.self, MoveJobs.self,
      EditJob.self, RemoveJobs.self,
    ], defaultSubcommand: ListJobs.self)
}

/// `bus jobs show`
struct ShowJob: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show all that is known of a job.", usage: "bus jobs show [<options>] <id>",
    discussion: "EXAMPLE  bus jobs show 01JEXJ2M4KQ7")

  @Argument(help: ArgumentHelp("The job's id, or the beginning that only it has.", valueName: "id"))
  var job: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let (job, output) = (job, output)
    try await Connection.with(connection) { bus in
      let answer = try await bus.ask("job", ["id": .string(job)])["job"] ?? .null
      if output.json { return try Output.write(json: answer) }
      let read = try bus.reading { () throws(ProtocolError) in try Job(json: answer) }
      try Output.write(lines: JobTable(text: output.jobText, columns: output.terminal.columns).details(read))
      output.remark("Why it is where it is: bus why \(read.id)")
    }
  }
}
