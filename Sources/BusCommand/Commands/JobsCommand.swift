internal import ArgumentParser
internal import BusProtocol
internal import BusTopology

/// `bus jobs`: the jobs and what is known of one.
struct JobsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jobs", abstract: "List jobs, show one, or wait for its end.",
    subcommands: [List.self, Show.self, Wait.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ls", abstract: "List jobs, the newest first.", usage: "bus jobs ls [<options>] [<filter> ...]",
      discussion: """
        EXAMPLES  bus jobs ls --state dead --queue billing/charge --since 1h
                  bus jobs ls queue:charge state:dead args.user_id:42
                  bus jobs ls --where "tries > 3 and error ~ '*refused*'"
        """)

    @Argument(
      help: ArgumentHelp("A filter, best in its short form; see 'bus help filters'.", valueName: "filter"))
    var filter: [String] = []

    @Option(help: ArgumentHelp("Only those that a filter passes; see 'bus help filters'.", valueName: "filter"))
    var `where`: String?

    @Option(help: "Only those in a state: \(JobState.allCases.map(\.rawValue).joined(separator: ", ")).")
    var state: String?

    @Option(help: "Only those of a queue, as ENGINE/QUEUE.")
    var queue: String?

    @Option(help: "Only those of an engine.")
    var engine: String?

    @Option(help: "Only those of a worker.")
    var worker: String?

    @Option(help: ArgumentHelp("Only those with this queue lock or worker lock.", valueName: "key"))
    var lock: String?

    @Option(help: ArgumentHelp("Only those that an event led to, by its id.", valueName: "id"))
    var event: String?

    @Option(help: ArgumentHelp("Only those enqueued since then: 10m, today, 09:30, RFC 3339.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("At most so many, up to 1000.", valueName: "count"))
    var limit = 50

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
      let (parameters, output) = (try parameters(now: SystemClock.now(), zone: SystemClock.zone), output)
      try await Connection.with(connection) { bus in
        let jobs = try await bus.list("jobs", parameters)
        if output.json {
          for job in jobs { try Output.write(json: job) }
        } else {
          let read = try bus.reading { () throws(ProtocolError) in
            var read: [Job] = []
            for job in jobs { read.append(try Job(json: job)) }
            return read
          }
          let table = JobTable(text: output.jobText, columns: output.terminal.columns)
          try Output.write(lines: table.lines(read))
          output.remark(table.footer(read))
        }
      }
    }

    /// What busd is asked; words that cannot be right are refused here, where the near one can be named.
    func parameters(now: Timestamp, zone: Zone) throws -> JSONObject {
      var parameters: JSONObject = ["limit": limit.jsonValue]
      if let state {
        let known = JobState.allCases.map(\.rawValue)
        guard known.contains(state) else {
          let near = NearestWord.to(state, among: known).map { "did you mean '\($0)'?" }
          throw CommandError(
            .usage, "'\(state)' is no state of a job", where: "--state",
            help: near ?? "use one of \(known.joined(separator: ", "))")
        }
        parameters["state"] = .string(state)
      }
      if let text = try FilterArgument.jobs(option: `where`, words: filter, now: now) {
        parameters["where"] = .string(text)
      }
      for (key, value) in [("queue", queue), ("engine", engine), ("worker", worker), ("lock", lock), ("event", event)] {
        if let value { parameters[key] = .string(value) }
      }
      if let since {
        guard let time = TimeWord.time(since, now: now, zone: zone, direction: .past) else {
          throw CommandError(.usage, "'\(since)' is no time", where: "--since", help: "for example 10m, today, 09:30")
        }
        parameters["since"] = .string(time.description)
      }
      return parameters
    }
  }

  struct Show: AsyncParsableCommand {
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

  struct Wait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "wait", abstract: "Wait until jobs have ended.", usage: "bus jobs wait [<options>] <id> ...",
      discussion: """
        Exits with 0 when the work of all is done or was not needed, with 1 when
        one of them ended otherwise, with 124 when the time was up.

        EXAMPLE  bus jobs wait 01JEXJ2M4KQ7 --for 5m
        """)

    @Argument(help: ArgumentHelp("The jobs' ids, or beginnings that only they have.", valueName: "id"))
    var jobs: [String]

    @Option(
      name: .customLong("for"),
      help: ArgumentHelp("How long to wait: 500ms, 10s, 1m; else for ever.", valueName: "duration"))
    var patience: Patience?

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
      let deadline = patience.map { ContinuousClock.now + $0.duration }
      let (jobs, output) = (jobs, output)
      let areDone = try await Connection.with(connection) { bus in
        var areDone = true
        for job in jobs {
          let answer = try await Self.end(of: job, deadline, output, bus)
          let read = try bus.reading { () throws(ProtocolError) in try Job(json: answer) }
          areDone = areDone && [.done, .notNeeded, .merged].contains(read.state)
          let line = "\(read.id)  \(JobText.worker(read))  \(JobText.word(read.state))"
          if output.json { try Output.write(json: answer) } else { try Output.write(lines: [line]) }
        }
        return areDone
      }
      if !areDone { throw ExitCode(1) }
    }

    private static func end(
      of job: String, _ deadline: ContinuousClock.Instant?, _ output: OutputOptions, _ bus: Connection
    ) async throws -> JSONValue {
      var told: String?
      while true {
        let answer = try await bus.ask("wait", ["job": .string(job)])["job"] ?? .null
        if let finished = answer["finished_at"], finished != .null { return answer }
        let state = answer["state"].flatMap(String.init(jsonValue:)) ?? "?"
        if told != state { output.remark("\(job) is \(Printable.line(state)): waiting") }
        told = state
        if let deadline, deadline <= .now {
          throw CommandError(
            .timeUp, "job \(job) has not ended in time, it is \(state)", where: bus.endpoint, help: "bus why \(job)")
        }
      }
    }
  }
}
