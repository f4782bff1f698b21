internal import ArgumentParser
internal import BusProtocol

/// `bus dlq`: the jobs that are dead, and what is to become of them.
struct DeadLettersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dlq", abstract: "Show the dead jobs by what they died of; run them again, or forget them.",
    discussion: """
      A job is dead when all its attempts failed, or its worker gave it up. It \
      stays until somebody acts.

      EXAMPLES  bus dlq
                bus dlq retry --worker ChargeInvoice --error 'timed out'
                bus dlq export --since 1d | gzip
      """,
    subcommands: [
      ListDeadJobs.self, ShowDeadJob.self, RetryDeadJobs.self, RemoveDeadJobs.self, ExportDeadJobs.self,
    ], defaultSubcommand: ListDeadJobs.self)
}

/// Which dead jobs are meant, by what is known of them.
struct DeadFilterOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Only those that a filter passes; see 'bus help filters'.", valueName: "filter"))
  var `where`: String?

  @Option(help: "Only those of a queue, as ENGINE/QUEUE.")
  var queue: String?

  @Option(help: "Only those of an engine.")
  var engine: String?

  @Option(help: "Only those of a worker.")
  var worker: String?

  @Option(help: ArgumentHelp("Only those whose last error contains the text.", valueName: "text"))
  var error: String?

  @Option(help: ArgumentHelp("Only those enqueued since then: 10m, today, 09:30, RFC 3339.", valueName: "time"))
  var since: String?

  var isFiltered: Bool { [`where`, queue, engine, worker, error, since].contains { $0 != nil } }

  /// What busd is asked.
  func parameters(now: Timestamp, zone: Zone) throws -> JSONObject {
    let texts = [("queue", queue), ("engine", engine), ("worker", worker)]
    var parameters = try JobFilterOptions.parameters(texts, since: since, now: now, zone: zone)
    parameters["state"] = .string(JobState.dead.rawValue)
    let words = try error.map { ["error ~ \(try Self.quoted("*\($0)*"))"] } ?? []
    parameters.set("where", try FilterArgument.jobs(option: `where`, words: words, now: now))
    return parameters
  }

  private static func quoted(_ text: String) throws -> String {
    guard let quote = ["'", "\""].first(where: { !text.contains($0) }) else {
      throw CommandError(
        .usage, "a text with both kinds of quotes cannot be looked for", where: "--error",
        help: "name a part of it; * stands for any characters")
    }
    return "\(quote)\(text)\(quote)"
  }
}

/// The dead jobs that a command changes.
struct DeadSelection: ParsableArguments {
  @Argument(help: ArgumentHelp("The jobs' ids, or beginnings that only they have; else a filter.", valueName: "id"))
  var ids: [String] = []

  @OptionGroup var filters: DeadFilterOptions

  @Flag(help: "All dead jobs.")
  var all = false

  @OptionGroup var bulk: BulkOptions

  func validate() throws {
    try BulkOptions.validate(ids: ids, isFiltered: filters.isFiltered, all: all, example: "--worker ChargeInvoice")
  }

  func find(_ bus: Connection) async throws -> MeantJobs {
    guard ids.isEmpty else {
      let jobs = try await MeantJobs.named(ids, bus)
      for job in jobs.found { try DeadLetters.check(job.id, job.state) }
      return jobs
    }
    return try await .matching([try filters.parameters(now: SystemClock.now(), zone: SystemClock.zone)], bus)
  }
}

/// `bus dlq ls`
struct ListDeadJobs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "Show of what how many jobs died: by queue, worker and kind of error.",
    usage: "bus dlq ls [<options>]",
    discussion: """
      EXAMPLES  bus dlq ls --engine billing
                bus dlq ls --where 'finished_at > 1h'
      """)

  @OptionGroup var filters: DeadFilterOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let parameters = try filters.parameters(now: SystemClock.now(), zone: SystemClock.zone)
    let output = output
    try await Connection.with(connection) { bus in
      var letters = DeadLetters()
      try await MeantJobs.pages(parameters, bus) { page in
        for json in page { letters.add(try bus.reading { () throws(ProtocolError) in try Job(json: json) }) }
      }
      if output.json {
        for group in letters.groups { try Output.write(json: group.json) }
      } else {
        let terminal = output.terminal
        try Output.write(
          lines: letters.lines(time: output.timeText, paint: terminal.paint, columns: terminal.columns))
        output.remark(letters.footer)
      }
    }
  }
}

/// `bus dlq show`
struct ShowDeadJob: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show all that is known of a dead job.", usage: "bus dlq show [<options>] <id>",
    discussion: "EXAMPLE  bus dlq show 01JEXJ4QB2X0")

  @Argument(help: ArgumentHelp("The job's id, or the beginning that only it has.", valueName: "id"))
  var job: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let (job, output) = (job, output)
    try await Connection.with(connection) { bus in
      let answer = try await bus.ask("job", ["id": .string(job)])["job"] ?? .null
      let read = try bus.reading { () throws(ProtocolError) in try Job(json: answer) }
      try DeadLetters.check(read.id, read.state)
      if output.json { return try Output.write(json: answer) }
      try Output.write(lines: JobTable(text: output.jobText, columns: output.terminal.columns).details(read))
      output.remark("Again: bus dlq retry \(read.id), or forget it: bus dlq rm \(read.id)")
    }
  }
}

/// `bus dlq retry`
struct RetryDeadJobs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Run dead jobs again, with all their attempts.",
    usage: "bus dlq retry [<options>] [<id> ...]",
    discussion: """
      One that meets its like, which waits already under the same queue lock, is \
      merged into that; the answer names it.

      EXAMPLES  bus dlq retry 01JEXJ4QB2X0
                bus dlq retry --queue billing/charge --error refused --dry-run
      """)

  @OptionGroup var selection: DeadSelection
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let verb = JobVerb(word: "retry", past: "tried again", change: "retry_jobs", group: "bus dlq")
    try await verb.perform(selection.bulk, output, connection, find: selection.find)
  }
}

/// `bus dlq rm`
struct RemoveDeadJobs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Forget dead jobs.", usage: "bus dlq rm [<options>] [<id> ...]",
    discussion: "EXAMPLE  bus dlq rm --worker SendMail --where 'finished_at < 30d' --yes")

  @OptionGroup var selection: DeadSelection
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let verb = JobVerb(word: "rm", past: "removed", change: "remove_jobs", group: "bus dlq")
    try await verb.perform(selection.bulk, output, connection, find: selection.find)
  }
}

/// `bus dlq export`
struct ExportDeadJobs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write dead jobs, each with all that is known of it as a line of JSON.",
    usage: "bus dlq export [<options>]", discussion: "EXAMPLE  bus dlq export --queue billing/charge | gzip")

  @OptionGroup var filters: DeadFilterOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let parameters = try filters.parameters(now: SystemClock.now(), zone: SystemClock.zone)
    try await Connection.with(connection) { bus in
      var (count, progress) = (0, Progress())
      try await MeantJobs.pages(parameters, bus) { page in
        for job in page { try Output.write(json: job) }
        count += page.count
        progress.say("\(Brief.count(count, "job")) so far")
      }
    }
  }
}
