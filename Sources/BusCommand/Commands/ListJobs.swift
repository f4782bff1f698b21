internal import ArgumentParser
internal import BusProtocol

/// `bus jobs ls`
struct ListJobs: AsyncParsableCommand {
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

  @OptionGroup var filters: JobFilterOptions

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

  /// What busd is asked.
  func parameters(now: Timestamp, zone: Zone) throws -> JSONObject {
    var parameters: JSONObject = ["limit": limit.jsonValue]
    parameters.members += try filters.parameters(words: filter, now: now, zone: zone).members
    return parameters
  }
}
