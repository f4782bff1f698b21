internal import ArgumentParser
internal import BusProtocol
internal import BusSupervisor

/// `bus tail`: the events as they come.
struct TailCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tail", abstract: "Show events as they come, and those that came before.",
    usage: "bus tail [<options>] [<topic> ...]",
    discussion: """
      EXAMPLES  bus tail 'user_*' 'postal_*'
                bus tail --since 10m --no-follow --json | jq .data
                bus tail -n 20 --grep 42 --exclude 'debug_*'
                bus tail --where "data.id == 42 and type ~ 'user_*'"
      """)

  @Argument(
    help: ArgumentHelp("Topics; * stands for any characters. None means all.", valueName: "topic"),
    transform: Words.pattern)
  var patterns: [TopicPattern] = []

  @Option(name: .customShort("n"), help: ArgumentHelp("Begin with the last so many events.", valueName: "count"))
  var backlog: Int?

  @Option(
    help: ArgumentHelp(
      "Begin there: 10m, today, 09:30, RFC 3339, or behind '#184223' or an event's id.", valueName: "place"))
  var since: String?

  @Option(help: ArgumentHelp("End there: a time, '#184223' or an event's id.", valueName: "place"))
  var until: String?

  @Option(help: "End after so many events.")
  var count: Int?

  @Flag(inversion: .prefixedNo, help: "Wait for events to come.")
  var follow = true

  @Option(help: ArgumentHelp("Only events whose topic, source or data contain the text.", valueName: "text"))
  var grep: String?

  @Option(help: ArgumentHelp("Only events that a filter passes; see 'bus help filters'.", valueName: "filter"))
  var `where`: String?

  @Option(
    help: ArgumentHelp("No events of these topics; may be given more than once.", valueName: "pattern"),
    transform: Words.pattern)
  var exclude: [TopicPattern] = []

  @Option(help: ArgumentHelp("End when no event came for so long: 5s, 1m.", valueName: "duration"))
  var idleExit: Patience?

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if let backlog, backlog < 0 { throw ValidationError("-n must not be negative.") }
    if let count, count < 0 { throw ValidationError("--count must not be negative.") }
  }

  func run() async throws {
    let until = try until.map { try TimeArgument.word($0, option: "--until", direction: .future) }
    let since = try since.map { try TimeArgument.word($0, option: "--since") }
    let wanted = try `where`.map { try FilterArgument.events($0, option: "--where", now: SystemClock.now()) }
    let filter = TailFilter(text: grep, where: wanted, excluded: exclude, count: count, until: until)
    let signals = try Signals.taken()
    let printer = TailPrinter(output: output, filter: filter)
    try await Connection.with(connection) { bus in
      let tail = Tail(
        bus: bus, patterns: patterns.isEmpty ? ["*"] : patterns, printer: printer, idleExit: idleExit?.duration)
      let place = try await tail.catchUp(since: since, backlog: backlog)
      guard follow, !printer.isOver(at: place, now: SystemClock.now()) else { return }
      output.remark("-- caught up at \(place), waiting (Ctrl-C to stop; resume with --since '\(place)')")
      let breaks = BreakNotice(endpoint: bus.endpoint)
      bus.watch { breaks.note(isConnected: $0) }
      let end = try await tail.follow(after: place, stop: signals.wishes)
      breaks.end()
      guard end == .asked else { return }
      output.remark("-- stopped; resume with --since '\(printer.place(atLeast: place))'")
      throw ExitCode(signals.exitStatus)
    }
  }
}
