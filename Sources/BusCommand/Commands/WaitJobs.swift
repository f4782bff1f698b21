internal import ArgumentParser
internal import BusProtocol

/// `bus jobs wait`
struct WaitJobs: AsyncParsableCommand {
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
