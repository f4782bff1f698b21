internal import ArgumentParser
internal import BusProtocol

/// `bus queues peek`
struct PeekQueue: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "peek", abstract: "Show the jobs of a queue that go next, in their order; nothing changes.",
    usage: "bus queues peek [<options>] <queue>",
    discussion: """
      EXAMPLES  bus queues peek search/default
                bus queues peek search/default --state scheduled --limit 5
      """)

  @Argument(help: "The queue, as ENGINE/QUEUE.", transform: Words.queue)
  var queue: QueueName

  @Option(help: "Those in a state: \(JobState.allCases.map(\.rawValue).joined(separator: ", ")).")
  var state = JobState.ready.rawValue

  @Option(help: ArgumentHelp("At most so many, up to 1000.", valueName: "count"))
  var limit = 1

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let (queue, state, output) = (queue, try JobFilterOptions.state(state), output)
    let parameters: JSONObject = [
      "queue": .string(queue.description), "state": .string(state.rawValue), "sort": "next", "limit": limit.jsonValue,
    ]
    try await Connection.with(connection) { bus in
      try await bus.check([queue])
      let jobs = try await bus.list("jobs", parameters)
      guard !output.json else { return try jobs.forEach { try Output.write(json: $0) } }
      let read = try bus.reading { () throws(ProtocolError) in
        var read: [Job] = []
        for job in jobs { read.append(try Job(json: job)) }
        return read
      }
      guard let first = read.first else { return output.remark("No job of \(queue) is \(JobText.word(state)).") }
      try Output.write(lines: JobTable(text: output.jobText, columns: output.terminal.columns).lines(read))
      output.remark("Why it is there: bus why \(first.id)")
    }
  }
}
