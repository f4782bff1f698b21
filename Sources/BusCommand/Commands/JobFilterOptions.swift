internal import ArgumentParser
internal import BusProtocol

/// Which jobs are meant, by what is known of them.
struct JobFilterOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Only those that a filter passes; see 'bus help filters'.", valueName: "filter"))
  var `where`: String?

  @Option(help: "Only those in a state: \(JobState.allCases.map(\.rawValue).joined(separator: ", ")).")
  var state: String?

  @Option(help: "Only those of a queue, as ENGINE/QUEUE.")
  var queue: String?

  @Option(help: "Only those of an engine.")
  var engine: String?

  @Option(help: "Only those of a worker.")
  var worker: String?

  @Option(help: ArgumentHelp("Only those with this queue lock or worker lock.", valueName: "key"))
  var lock: String?

  @Option(help: ArgumentHelp("Only those that an event led to, by its id.", valueName: "id"))
  var event: String?

  @Option(help: ArgumentHelp("Only those enqueued since then: 10m, today, 09:30, RFC 3339.", valueName: "time"))
  var since: String?

  /// What busd is asked; words that cannot be right are refused here, where the near one can be named.
  func parameters(words: [String] = [], now: Timestamp, zone: Zone) throws -> JSONObject {
    var parameters = JSONObject()
    if let state { parameters["state"] = .string(try Self.state(state).rawValue) }
    if let text = try FilterArgument.jobs(option: `where`, words: words, now: now) {
      parameters["where"] = .string(text)
    }
    let texts = [("queue", queue), ("engine", engine), ("worker", worker), ("lock", lock), ("event", event)]
    parameters.members += try Self.parameters(texts, since: since, now: now, zone: zone).members
    return parameters
  }

  /// A state by its word.
  static func state(_ word: String) throws(CommandError) -> JobState {
    if let state = JobState(rawValue: word) { return state }
    let known = JobState.allCases.map(\.rawValue)
    let near = NearestWord.to(word, among: known).map { "did you mean '\($0)'?" }
    throw CommandError(
      .usage, "'\(word)' is no state of a job", where: "--state",
      help: near ?? "use one of \(known.joined(separator: ", "))")
  }

  /// Words that are passed on as they are, and a time.
  static func parameters(
    _ texts: [(String, String?)], since: String?, now: Timestamp, zone: Zone
  ) throws -> JSONObject {
    var parameters = JSONObject()
    for (key, value) in texts { parameters.set(key, value) }
    if let since {
      guard let time = TimeWord.time(since, now: now, zone: zone, direction: .past) else {
        throw CommandError(.usage, "'\(since)' is no time", where: "--since", help: "for example 10m, today, 09:30")
      }
      parameters["since"] = .string(time.description)
    }
    return parameters
  }
}
