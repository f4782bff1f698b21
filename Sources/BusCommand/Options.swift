internal import ArgumentParser
internal import BusProtocol
internal import BusTopology

/// How something is shown.
struct OutputOptions: ParsableArguments {
  @Flag(help: "One JSON object a line; events as CloudEvents.")
  var json = false

  @Option(help: ArgumentHelp("When to colour.", valueName: "when"))
  var color = Terminal.Color.auto

  @Option(help: ArgumentHelp("How times are shown.", valueName: "form"))
  var time = TimeText.Format.local

  /// The terminal behind standard output.
  var terminal: Terminal { Terminal(descriptor: 1, color: color, environment: ProcessEnvironment.all) }

  /// The terminal behind standard error.
  var words: Terminal { Terminal(descriptor: 2, color: color, environment: ProcessEnvironment.all) }

  /// Times as they are shown, seen from now.
  var timeText: TimeText { TimeText(format: time, now: SystemClock.now(), zone: SystemClock.zone) }

  /// Words about a job.
  var jobText: JobText { JobText(time: timeText, paint: terminal.paint) }

  /// An answer as JSON, or as a line for people.
  func write(_ answer: JSONValue, _ line: String) throws {
    if json { try Output.write(json: answer) } else { try Output.write(lines: [line]) }
  }

  /// Says what is no data and would only disturb a pipe.
  func remark(_ text: String) {
    if terminal.isTerminal, !json { Output.say(text) }
  }
}

/// Which bus, and how long to wait for it.
struct ConnectionOptions: ParsableArguments {
  @Option(help: "Where busd listens: ipc://PATH or tcp://HOST:PORT. [BUS_ENDPOINT]")
  var endpoint: String?

  @Option(help: ArgumentHelp("How long to wait for an answer: 500ms, 10s, 1m.", valueName: "duration"))
  var timeout: Patience?
}

/// A duration on the command line.
struct Patience: ExpressibleByArgument {
  var duration: Duration

  init(_ duration: Duration) { self.duration = duration }

  init?(argument: String) {
    guard let duration = Duration(words: argument) else { return nil }
    self.duration = duration
  }
}

/// Which topology.
struct TopologyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The topology file; else BUS_TOPOLOGY, else the only one in ./Topology.", valueName: "file"))
  var topology: String?
}

/// Words of the bus on the command line, with its own reasons for refusing them.
enum Words {
  @Sendable static func pattern(_ text: String) throws -> TopicPattern {
    try refusing { () throws(ProtocolError) in try TopicPattern(text) }
  }

  @Sendable static func topic(_ text: String) throws -> Topic {
    try refusing { () throws(ProtocolError) in try Topic(text) }
  }

  @Sendable static func event(_ text: String) throws -> EventID {
    try refusing { () throws(ProtocolError) in try EventID(text) }
  }

  @Sendable static func queue(_ text: String) throws -> QueueName {
    try refusing { () throws(ProtocolError) in try QueueName(text) }
  }

  @Sendable static func subscription(_ text: String) throws -> SubscriptionName {
    try refusing { () throws(ProtocolError) in try SubscriptionName(text) }
  }

  private static func refusing<R>(_ parse: () throws(ProtocolError) -> R) throws -> R {
    do { return try parse() } catch { throw ValidationError(error.message) }
  }
}
