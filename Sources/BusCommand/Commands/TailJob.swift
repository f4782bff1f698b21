internal import ArgumentParser
internal import Bus
internal import BusProtocol

/// `bus jobs tail`
struct TailJob: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tail", abstract: "Follow what a job's runs say, until it has ended.",
    usage: "bus jobs tail [<options>] <id>",
    discussion: """
      Shows progress, lines and parts of the answer, of all attempts in order: first
      what is kept (the last 1000 lines), then what comes. Exits as 'bus jobs wait':
      with 0 when the work is done or was not needed, with 1 when the job ended
      otherwise, with 124 when the time was up.

      EXAMPLE  bus jobs tail 01JEXJ2M4KQ7
      """)

  @Argument(help: ArgumentHelp("The job's id, or the beginning that only it has.", valueName: "id"))
  var job: String

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("How long to follow: 500ms, 10s, 1m; else to the end.", valueName: "duration"))
  var patience: Patience?

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let deadline = patience.map { ContinuousClock.now + $0.duration }
    let (job, output) = (job, output)
    let state = try await Connection.with(connection) { bus in try await Self.follow(job, deadline, output, bus) }
    if ![.done, .notNeeded, .merged].contains(state) { throw ExitCode(1) }
  }

  private static func follow(
    _ job: String, _ deadline: ContinuousClock.Instant?, _ output: OutputOptions, _ bus: Connection
  ) async throws -> JobState {
    var news = JobNews(job: job)
    var text = NewsText(output.jobText)
    while true {
      let answer = try await bus.ask("lines", news.question)
      try bus.reading { () throws(ProtocolError) in try news.take(answer) }
      while let update = news.next() {
        if output.json {
          try Output.write(json: NewsText.json(update))
        } else {
          try Output.write(lines: text.lines(update))
        }
        if case .ended(let job) = update { return job.state }
      }
      if let deadline, deadline <= .now {
        throw CommandError(
          .timeUp, "job \(job) has not ended in time", where: bus.endpoint, help: "bus why \(job)")
      }
    }
  }
}
