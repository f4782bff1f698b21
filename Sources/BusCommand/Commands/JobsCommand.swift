internal import ArgumentParser
internal import Bus
internal import BusProtocol
internal import BusTopology

/// `bus jobs`: the jobs, what is known of one, and what is to become of them.
struct JobsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jobs",
    abstract: "List jobs, show one, follow it to its end, change what becomes of them.",
    subcommands: [
      ListJobs.self, ShowJob.self, WaitJobs.self, TailJob.self, CancelJobs.self, RetryJobs.self, RunJobs.self,
      MoveJobs.self, EditJob.self, RemoveJobs.self,
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
      let answer = try await bus.ask("job", ["id": .string(job)])
      if output.json { return try Output.write(json: Self.json(answer)) }
      let read = try bus.reading { () throws(ProtocolError) in try WhyJobAnswer(json: answer) }
      let table = JobTable(text: output.jobText, columns: output.terminal.columns)
      try Output.write(lines: table.details(read.job, batch: read.batch, awaitedBy: read.awaitedBy))
      try Output.write(lines: try await Self.lastLines(of: read.job, output, bus))
      output.remark("Why it is where it is: bus why \(read.job.id)")
    }
  }

  /// The job, with what it waits for.
  static func json(_ answer: JSONValue) -> JSONValue {
    guard case .object(var job)? = answer["job"] else { return .null }
    for key in ["batch", "awaited_by"] { if let value = answer[key] { job[key] = value } }
    return .object(job)
  }

  /// The last of what its runs wrote; all of it shows `bus jobs tail`.
  private static func lastLines(of job: Job, _ output: OutputOptions, _ bus: Connection) async throws -> [String] {
    guard job.lineCount > 0 else { return [] }
    var news = JobNews(job: job.id.description, after: max(0, job.lineCount - 10))
    let answer = try await bus.ask("lines", news.question)
    try bus.reading { () throws(ProtocolError) in try news.take(answer) }
    let text = NewsText(output.jobText)
    var lines = job.lineCount > 10 ? ["\(job.lineCount - 10) earlier: bus jobs tail \(job.id)"] : []
    while let update = news.next() {
      if case .line(let line) = update { lines.append(text.line(line)) }
    }
    return lines
  }
}
