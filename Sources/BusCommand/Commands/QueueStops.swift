internal import ArgumentParser
internal import BusProtocol

/// What pausing and draining have in common.
struct StopOptions: ParsableArguments {
  @Argument(help: "The queue, as ENGINE/QUEUE.", transform: Words.queue)
  var queue: QueueName

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("It ends by itself after so long: 10m. Without: when it is resumed.", valueName: "duration"))
  var time: Patience?

  @Option(help: ArgumentHelp("Why, for whoever looks at the queue.", valueName: "text"))
  var reason: String = ""

  func stop(_ kind: QueuePause.Kind, _ output: OutputOptions, _ connection: ConnectionOptions) async throws {
    let (queue, now) = (queue, SystemClock.now())
    var parameters: JSONObject = ["queue": .string(queue.description), "reason": .string(reason)]
    parameters.set("until", time.map { (now + $0.duration).description })
    let asked = parameters
    try await Connection.with(connection) { bus in
      let answer = try await bus.change("\(kind.rawValue)_queue", asked)
      let pause = try bus.reading { () throws(ProtocolError) in
        try QueuePause(json: try answer.members("answer").value("pause"))
      }
      let end = pause.until.map { ", it ends \(output.timeText.relative($0))" } ?? ""
      let words = kind == .pause ? "is paused: nothing new starts" : "is drained: it takes no new jobs"
      try output.write(answer, "\(queue) \(words)\(end)")
      output.remark("Undo: bus queues resume \(queue)")
    }
  }
}

/// `bus queues pause`
struct PauseQueue: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause",
    abstract: "Stop a queue: nothing new starts, what runs goes on, jobs may be asked for.",
    usage: "bus queues pause [<options>] <queue>",
    discussion: "EXAMPLE  bus queues pause search/refresh --for 10m --reason 'the index is rebuilt'")

  @OptionGroup var stop: StopOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws { try await stop.stop(.pause, output, connection) }
}

/// `bus queues drain`
struct DrainQueue: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain",
    abstract: "Let a queue run empty: what is in it is worked, new jobs are refused.",
    usage: "bus queues drain [<options>] <queue>",
    discussion: "EXAMPLE  bus queues drain search/refresh --reason 'moves to search/bulk'")

  @OptionGroup var stop: StopOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws { try await stop.stop(.drain, output, connection) }
}

/// `bus queues resume`
struct ResumeQueue: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Let a queue go on that was paused or drained.",
    usage: "bus queues resume [<options>] <queue>",
    discussion: "EXAMPLE  bus queues resume search/refresh")

  @Argument(help: "The queue, as ENGINE/QUEUE.", transform: Words.queue)
  var queue: QueueName

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let (queue, output) = (queue, output)
    try await Connection.with(connection) { bus in
      let answer = try await bus.change("resume_queue", ["queue": .string(queue.description)])
      let wasStopped = answer["pause"].map { $0 != .null } ?? false
      try output.write(answer, wasStopped ? "\(queue) goes on" : "\(queue) was not stopped")
    }
  }
}
