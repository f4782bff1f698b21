internal import ArgumentParser
internal import BusProtocol

/// `bus queues purge`
struct PurgeQueues: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "purge", abstract: "Take out what waits in queues; what runs goes on.",
    usage: "bus queues purge [<options>] [<queue> ...]",
    discussion: """
      The jobs are cancelled with the reason 'purged' and kept as history, so \
      that 'bus jobs retry' brings them back. Their locks are free at once. What \
      is asked for after the count stays.

      EXAMPLES  bus queues purge search/refresh --dry-run
                bus queues purge search/refresh --state parked --yes
                bus queues purge --all --where 'worker == "IndexUser"'
      """)

  @Argument(help: "The queues, as ENGINE/QUEUE.", transform: Words.queue)
  var queues: [QueueName] = []

  @Flag(help: "All queues.")
  var all = false

  @Option(help: "Only jobs in a state: \(waiting.map(\.rawValue).joined(separator: ", ")).")
  var state: String?

  @Option(help: ArgumentHelp("Only jobs that a filter passes; see 'bus help filters'.", valueName: "filter"))
  var `where`: String?

  @OptionGroup var bulk: BulkOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  private static let waiting: [JobState] = [.scheduled, .ready, .blocked, .parked]

  func validate() throws {
    guard queues.isEmpty == all else {
      throw ValidationError(all ? "name queues or --all, not both" : "say which queues: ENGINE/QUEUE, or --all")
    }
    guard state.map({ word in Self.waiting.contains { $0.rawValue == word } }) ?? true else {
      throw ValidationError("only what waits is purged: --state scheduled, ready, blocked or parked")
    }
  }

  func run() async throws {
    var verb = JobVerb(word: "purge", past: "purged", change: "purge_jobs", group: "bus queues")
    verb.spared = (.running, "had begun to run and go on")
    let (queues, filter) = (queues, try filter(now: SystemClock.now()))
    try await verb.perform(bulk, output, connection) { bus in
      try await bus.check(queues)
      let questions = queues.map { ["queue": .string("\($0)"), "where": .string(filter)] as JSONObject }
      return try await .matching(all ? [["where": .string(filter)]] : questions, bus)
    }
  }

  /// What waits, in the words of a filter.
  func filter(now: Timestamp) throws -> String {
    let states = state.map { [$0] } ?? Self.waiting.map(\.rawValue)
    let waits = "state in (\(states.map { "'\($0)'" }.joined(separator: ", ")))"
    return try FilterArgument.jobs(option: `where`, words: [], now: now).map { "(\($0)) and \(waits)" } ?? waits
  }

}

extension Connection {
  /// Refuses queues that are not there, with the near name.
  func check(_ queues: [QueueName]) async throws {
    let known = try await list("queues").compactMap { $0["queue"].flatMap(String.init(jsonValue:)) }
    guard let unknown = queues.first(where: { !known.contains("\($0)") }) else { return }
    let near = NearestWord.to("\(unknown)", among: known).map { "did you mean '\($0)'?" }
    throw CommandError(.notFound, "there is no queue \(unknown)", where: endpoint, help: near ?? "bus queues")
  }
}
