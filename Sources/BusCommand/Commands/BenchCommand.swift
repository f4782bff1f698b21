internal import ArgumentParser
internal import Bus
internal import BusProtocol

/// `bus bench`: what a bus that runs can do.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Put load on a bus that runs, and measure what it does.",
    subcommands: [BenchPub.self, BenchSub.self, BenchEndToEnd.self, BenchJobs.self])
}

/// How much load, for how long, and how it is told.
struct BenchOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Bytes of data of each, 80 to 1000000.", valueName: "bytes"))
  var size = 100

  @Option(help: ArgumentHelp("So many a second; else as many as it takes.", valueName: "count"))
  var rate: Int?

  @Option(help: ArgumentHelp("For how long: 500ms, 10s, 1m.", valueName: "duration"))
  var duration = Patience(.seconds(10))

  @OptionGroup var form: BenchForm

  func validate() throws {
    guard (BenchPayload.minimumSize...1_000_000).contains(size) else {
      throw ValidationError("--size \(size): it is \(BenchPayload.minimumSize) to 1000000 bytes")
    }
    if let rate, !(1...10_000_000).contains(rate) {
      throw ValidationError("--rate \(rate): it is 1 to 10000000 a second")
    }
  }
}

/// How the figures are told.
struct BenchForm: ParsableArguments {
  @Flag(help: "The figures as one JSON object.")
  var json = false

  @Flag(help: "The figures as CSV, with a heading.")
  var csv = false

  func validate() throws {
    if json, csv { throw ValidationError("--json and --csv say the same thing: use one.") }
  }

  func write(_ report: BenchReport) throws {
    if json { return try Output.write(json: report.json) }
    try Output.write(lines: csv ? report.csv : report.lines)
  }

  /// The terminal to which progress is told.
  var words: Terminal { Terminal(descriptor: 2, color: .never, environment: ProcessEnvironment.all) }
}

extension Connection {
  /// The client of a load: with an outbox of its own, and only where somebody answers.
  static func benchClient(_ options: ConnectionOptions) async throws -> (client: BusClient, BusConfiguration) {
    // Says why where nobody does.
    try await Connection.with(options) { _ in }
    var configuration = try Connection.configuration(options)
    configuration.service = BenchLoad.engine.text
    do { return (try BusClient(configuration, logger: QuietLogger.make()), configuration) } catch {
      throw commandError(error, at: configuration.endpoint)
    }
  }
}
