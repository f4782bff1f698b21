import ArgumentParser

/// How much a benchmark does, and where.
struct Sizes: Sendable {
  /// How often each benchmark runs.
  var runs: Int
  /// Events of a throughput, and how many there are where many are kept.
  var events: Int
  /// Jobs of a throughput.
  var jobs: Int
  /// The largest number of jobs that wait while others are claimed.
  var backlog: Int
  /// Calls that are made one at a time.
  var calls: Int
  /// Listeners at once, the most of them.
  var listeners: Int
  /// Subscriptions that no event matches.
  var strangers: Int
  /// How long an idle bus is watched.
  var idle: Duration
  /// Where busd keeps its files.
  var directory: String

  static let full = Sizes(
    runs: 5, events: 1_000_000, jobs: 200_000, backlog: 1_000_000, calls: 2000, listeners: 100, strangers: 1000,
    idle: .seconds(10), directory: "/tmp")
  static let quick = Sizes(
    runs: 1, events: 2000, jobs: 500, backlog: 1000, calls: 50, listeners: 5, strangers: 20, idle: .seconds(1),
    directory: "/tmp")
}

/// The sizes on the command line.
struct SizeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How often each benchmark runs; 5.", valueName: "count"))
  var runs: Int?

  @Option(help: ArgumentHelp("Events of a throughput, and of what is kept; 1000000.", valueName: "count"))
  var events: Int?

  @Option(help: ArgumentHelp("Jobs of a throughput; 200000.", valueName: "count"))
  var jobs: Int?

  @Option(help: ArgumentHelp("The most jobs that wait while others are claimed; 1000000.", valueName: "count"))
  var backlog: Int?

  @Option(help: ArgumentHelp("Calls that are made one at a time; 2000.", valueName: "count"))
  var calls: Int?

  @Option(help: ArgumentHelp("Subscriptions that no event matches; 1000.", valueName: "count"))
  var subscriptions: Int?

  @Option(help: ArgumentHelp("Where busd keeps its files: the disk that is measured; /tmp.", valueName: "directory"))
  var directory: String?

  @Flag(help: "One small run of each: whether it works.")
  var quick = false

  func validate() throws {
    for (name, value) in given where !(1...100_000_000).contains(value) {
      throw ValidationError("--\(name) \(value): it is 1 to 100000000")
    }
  }

  var sizes: Sizes {
    var sizes = quick ? Sizes.quick : Sizes.full
    sizes.runs = runs ?? sizes.runs
    sizes.events = events ?? sizes.events
    sizes.jobs = jobs ?? sizes.jobs
    sizes.backlog = backlog ?? sizes.backlog
    sizes.calls = calls ?? sizes.calls
    sizes.strangers = subscriptions ?? sizes.strangers
    sizes.directory = directory ?? sizes.directory
    return sizes
  }

  /// The command line that measures the same again.
  func command(_ name: String) -> String {
    var words = ["BusBench", name]
    if quick { words.append("--quick") }
    for (name, value) in given { words += ["--\(name)", String(value)] }
    if let directory { words += ["--directory", directory] }
    return words.joined(separator: " ")
  }

  private var given: [(String, Int)] {
    let all = [
      ("runs", runs), ("events", events), ("jobs", jobs), ("backlog", backlog), ("calls", calls),
      ("subscriptions", subscriptions),
    ]
    return all.compactMap { (name, value) in value.map { (name, $0) } }
  }
}
