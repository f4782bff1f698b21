internal import ArgumentParser
internal import BusProtocol

/// `bus cron pause`
struct PauseSchedule: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Have a schedule make no jobs until it is resumed.",
    usage: "bus cron pause [<options>] <name>",
    discussion: """
      With 'catch-up: none' its due times pass meanwhile, and are counted as \
      skipped. Else they wait, and resuming makes up for the last one or for \
      all, as the topology says.

      EXAMPLE  bus cron pause billing/dunning --reason 'the audit runs'
      """)

  @Argument(help: "The schedule, as ENGINE/NAME.")
  var name: String

  @OptionGroup var pause: PauseOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await pause.hold("schedule", name, output, connection, undo: "bus cron resume \(name)")
  }
}

/// `bus cron resume`
struct ResumeSchedule: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Let a schedule go on; its catch-up says what of the pause is made up for.",
    usage: "bus cron resume [<options>] <name>", discussion: "EXAMPLE  bus cron resume billing/dunning")

  @Argument(help: "The schedule, as ENGINE/NAME.")
  var name: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws { try await PauseOptions.resume("schedule", name, output, connection) }
}

/// `bus subs pause`
struct PauseSubscription: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Have a subscription handle nothing until it is resumed.",
    usage: "bus subs pause [<options>] <name>",
    discussion: """
      It keeps its cursor, and the events behind that are kept for it. What it \
      had not committed is handled when it goes on.

      EXAMPLE  bus subs pause search/user_index --reason 'the index is rebuilt'
      """)

  @Argument(help: "The subscription, as ENGINE/NAME.", transform: Words.subscription)
  var name: SubscriptionName

  @OptionGroup var pause: PauseOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await pause.hold("subscription", "\(name)", output, connection, undo: "bus subs resume \(name)")
  }
}

/// `bus subs resume`
struct ResumeSubscription: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Let a subscription go on where it stands.",
    usage: "bus subs resume [<options>] <name>", discussion: "EXAMPLE  bus subs resume search/user_index")

  @Argument(help: "The subscription, as ENGINE/NAME.", transform: Words.subscription)
  var name: SubscriptionName

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws { try await PauseOptions.resume("subscription", "\(name)", output, connection) }
}

/// What the pauses of schedules and subscriptions have in common.
struct PauseOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Why, for whoever looks at it.", valueName: "text"))
  var reason: String = ""

  func hold(
    _ kind: String, _ name: String, _ output: OutputOptions, _ connection: ConnectionOptions, undo: String
  ) async throws {
    let parameters: JSONObject = ["name": .string(name), "reason": .string(reason)]
    try await Connection.with(connection) { bus in
      let answer = try await bus.change("pause_\(kind)", parameters)
      let before = try bus.reading { () throws(ProtocolError) in
        try PauseText.pause(answer.members("answer"), "before")
      }
      let words = before.map { "\(name) was paused \(PauseText(time: output.timeText).words($0))" }
      try output.write(answer, words ?? "\(name) is paused")
      output.remark("Undo: \(undo)")
    }
  }

  static func resume(
    _ kind: String, _ name: String, _ output: OutputOptions, _ connection: ConnectionOptions
  ) async throws {
    try await Connection.with(connection) { bus in
      let answer = try await bus.change("resume_\(kind)", ["name": .string(name)])
      let wasPaused = answer["before"].map { $0 != .null } ?? false
      try output.write(answer, wasPaused ? "\(name) goes on" : "\(name) was not paused")
    }
  }
}
