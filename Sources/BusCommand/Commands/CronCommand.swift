internal import ArgumentParser
internal import BusProtocol

/// `bus cron`: the jobs that busd makes again and again.
struct CronCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cron", abstract: "Show the schedules, pause them, make the job of one now.",
    discussion: """
      Schedules stand in the topology, under an engine's 'schedules', or in its
      binary; of one name the topology's holds.

      EXAMPLES  bus cron
                bus cron show billing/dunning
                bus cron run billing/dunning
                bus cron pause billing/dunning --reason 'the audit runs'
                bus cron rm billing/dunning
      """,
    subcommands: [
      ListSchedules.self, ShowSchedule.self, RunSchedule.self, PauseSchedule.self, ResumeSchedule.self,
      RemoveSchedule.self,
    ],
    defaultSubcommand: ListSchedules.self)
}

/// `bus cron ls`
struct ListSchedules: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "Show the schedules: when they are due next, and what they made.",
    usage: "bus cron ls [<options>]",
    discussion: "EXAMPLE  bus cron ls")

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let output = output
    try await Connection.with(connection) { bus in
      let schedules = try await bus.list("schedules")
      guard !output.json else { return try schedules.forEach { try Output.write(json: $0) } }
      let terminal = output.terminal
      let table = ScheduleTable(time: output.timeText, paint: terminal.paint, columns: terminal.columns)
      try Output.write(lines: try bus.reading { () throws(ProtocolError) in try table.lines(schedules) })
    }
  }
}

/// `bus cron show`
struct ShowSchedule: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show all there is to a schedule.",
    usage: "bus cron show [<options>] <name>",
    discussion: "EXAMPLE  bus cron show billing/dunning")

  @Argument(help: "The schedule, as ENGINE/NAME.")
  var name: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let (name, output) = (name, output)
    try await Connection.with(connection) { bus in
      let schedule = try await bus.schedule(name)
      guard !output.json else { return try Output.write(json: schedule) }
      let text = ScheduleText(time: output.timeText)
      try Output.write(lines: try bus.reading { () throws(ProtocolError) in try text.lines(schedule) })
    }
  }
}

/// `bus cron run`
struct RunSchedule: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Make a schedule's job now, whenever it is due.",
    usage: "bus cron run [<options>] <name>",
    discussion: "Its due times stay as they are.\n\nEXAMPLE  bus cron run billing/dunning")

  @Argument(help: "The schedule, as ENGINE/NAME.")
  var name: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let (name, output) = (name, output)
    var identifiers = IdentifierSource(random: { SystemRandom.word() })
    let id = identifiers.next(at: SystemClock.now()) as JobID
    try await Connection.with(connection) { bus in
      let schedule = try await bus.schedule(name)
      let job = try bus.reading { () throws(ProtocolError) in
        let members = try schedule.members("schedule")
        return NewJob(
          id: id, queue: try QueueName(try members.string("queue")), worker: try members.name("worker"),
          inputs: try members.optionalObject("inputs") ?? [:], cause: JobCause(source: "schedule:\(name) by bus"))
      }
      let outcome = try await bus.enqueue(job)
      if output.json { return try Output.write(json: outcome.json) }
      try Output.write(EnqueueCommand.words(outcome, job, time: output.timeText) + "\n")
      output.remark("Look: bus why \(outcome.job)")
    }
  }
}

/// `bus cron rm`
struct RemoveSchedule: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Forget a schedule that no binary declares any more.",
    usage: "bus cron rm [<options>] <name>",
    discussion: "It makes no jobs already; its jobs stay.\n\nEXAMPLE  bus cron rm billing/dunning")

  @Argument(help: "The schedule, as ENGINE/NAME.")
  var name: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let (name, output) = (name, output)
    try await Connection.with(connection) { bus in
      let answer = try await bus.change("forget_schedule", ["name": .string(name)])
      try output.write(answer, "\(name) is forgotten")
    }
  }
}

extension Connection {
  /// The schedule of a name.
  func schedule(_ name: String) async throws -> JSONValue {
    guard let schedule = try await list("schedules").first(where: { $0["name"] == .string(name) }) else {
      throw CommandError(
        .notFound, "there is no schedule \(name)", where: endpoint, help: "bus cron")
    }
    return schedule
  }
}
