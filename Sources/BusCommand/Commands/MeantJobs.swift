internal import BusProtocol

/// The jobs that a command is about to change: found before the first is changed, counted, and asked for.
struct MeantJobs {
  /// What has to be known of a job that is changed.
  struct Found {
    var id: JobID
    var worker: String
    var state: JobState

    init(_ json: JSONValue) throws(ProtocolError) {
      let members = try json.members("job")
      id = try members.read("id")
      worker = try "\(QueueName(try members.string("queue")).engine).\(members.string("worker"))"
      state = JobState(rawValue: try members.string("state")) ?? .ready
    }
  }

  var found: [Found] = []
  /// Whether somebody named each of them, and so need not be asked.
  var areNamed = false

  /// The jobs of these ids, or of beginnings that only they have.
  static func named(_ ids: [String], _ bus: Connection) async throws -> MeantJobs {
    var jobs = MeantJobs(areNamed: true)
    for id in ids {
      let answer = try await bus.ask("job", ["id": .string(id)])["job"] ?? .null
      jobs.found.append(try bus.reading { () throws(ProtocolError) in try Found(answer) })
    }
    return jobs
  }

  /// All jobs that some questions find, those of the first before those of the second.
  static func matching(_ questions: [JSONObject], _ bus: Connection) async throws -> MeantJobs {
    var jobs = MeantJobs()
    var progress = Progress()
    for question in questions {
      try await pages(question, bus) { page in
        jobs.found += try bus.reading { () throws(ProtocolError) in
          var read: [Found] = []
          for job in page { read.append(try Found(job)) }
          return read
        }
        progress.say("found \(Brief.count(jobs.found.count, "job")) so far")
      }
    }
    return jobs
  }

  /// Page by page, the newest first: none comes twice, whatever is changed meanwhile.
  static func pages(
    _ question: JSONObject, _ bus: Connection, _ body: ([JSONValue]) async throws -> Void
  ) async throws {
    var parameters = question
    parameters["limit"] = pageCount.jsonValue
    while true {
      let page = try await bus.list("jobs", parameters)
      try await body(page)
      guard page.count == pageCount, let last = page.last?["id"] else { return }
      parameters["before"] = last
    }
  }

  /// As many as one answer holds.
  static let pageCount = 1000

  /// The ids, once somebody has agreed; nil when there is nothing to do any more.
  func confirmed(_ verb: JobVerb, _ bulk: BulkOptions, _ output: OutputOptions) throws -> [JobID]? {
    if bulk.dryRun {
      try Output.write(lines: output.json ? found.map { "\"\($0.id)\"" } : [summary("would \(verb.word)")])
      return nil
    }
    guard !found.isEmpty else {
      output.remark("no job is meant: nothing is changed")
      return []
    }
    if !areNamed, !bulk.yes { try confirm(summary("this will \(verb.word)"), verb) }
    return found.map(\.id)
  }

  private func confirm(_ summary: String, _ verb: JobVerb) throws {
    guard Terminal(descriptor: 0, color: .never, environment: [:]).isTerminal else {
      throw CommandError(
        .usage, "\(summary), and nobody is here to be asked", where: "\(verb.group) \(verb.word)",
        help: "look first with --dry-run, then add --yes")
    }
    Output.say("\(summary). Go on? [y/N]")
    guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
      throw CommandError(
        .refused, "nothing is changed", where: "\(verb.group) \(verb.word)", help: "answer with y, or add --yes")
    }
  }

  /// `this will cancel 1204 jobs: search.IndexUser 1200, billing.ChargeInvoice 4`.
  private func summary(_ what: String) -> String {
    let counts = Dictionary(grouping: found, by: \.worker).mapValues(\.count)
    let workers = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let shown = workers.prefix(5).map { "\(Printable.line($0.key)) \($0.value)" }
    let rest = workers.count > shown.count ? ["\(workers.count - shown.count) other workers"] : []
    let list = (shown + rest).joined(separator: ", ")
    return "\(what) \(Brief.count(found.count, "job"))" + (found.isEmpty ? "" : ": \(list)")
  }
}

/// Says on standard error how far a long command is, at most once a second.
struct Progress {
  private var next = ContinuousClock.now + .seconds(1)

  mutating func say(_ text: @autoclosure () -> String) {
    guard next <= .now else { return }
    Output.say(text())
    next = .now + .seconds(1)
  }
}
