internal import ArgumentParser
internal import BusProtocol

/// The jobs that a command changes: some by their ids, or all that a filter passes.
///
/// A change of many says how many first, and is asked for once: nobody empties a queue by forgetting an option.
struct JobSelection: ParsableArguments {
  @Argument(help: ArgumentHelp("The jobs' ids, or beginnings that only they have; else a filter.", valueName: "id"))
  var ids: [String] = []

  @OptionGroup var filters: JobFilterOptions

  @Flag(help: "All jobs, where no filter is meant.")
  var all = false

  @Flag(help: "Only say what would be changed.")
  var dryRun = false

  @Flag(name: [.customShort("y"), .long], help: "Do not ask before many are changed.")
  var yes = false

  func validate() throws {
    guard ids.isEmpty || !isFiltered && !all else {
      throw ValidationError("name jobs by their ids or by a filter, not both")
    }
    guard !ids.isEmpty || isFiltered || all else {
      throw ValidationError("say which jobs: ids, a filter such as --state dead, or --all")
    }
  }

  private var isFiltered: Bool {
    [
      filters.where, filters.state, filters.queue, filters.engine, filters.worker, filters.lock, filters.event,
      filters.since,
    ].contains { $0 != nil }
  }

  /// So many jobs are named in one request.
  static let chunkCount = 500

  /// The ids of the jobs that are meant, confirmed; nil when there is nothing to do any more.
  func confirmed(_ verb: JobVerb, _ bus: Connection, _ output: OutputOptions) async throws -> [JobID]? {
    let found = try await ids.isEmpty ? filtered(bus) : named(bus)
    if dryRun {
      try Output.write(lines: output.json ? found.map { "\"\($0.id)\"" } : [summary("would \(verb.word)", found)])
      return nil
    }
    guard !found.isEmpty else {
      output.remark("no job is meant: nothing is changed")
      return []
    }
    if ids.isEmpty, !yes { try confirm(summary("this will \(verb.word)", found), verb) }
    return found.map(\.id)
  }

  private func named(_ bus: Connection) async throws -> [Found] {
    var found: [Found] = []
    for id in ids {
      let answer = try await bus.ask("job", ["id": .string(id)])["job"] ?? .null
      found.append(try bus.reading { () throws(ProtocolError) in try Found(answer) })
    }
    return found
  }

  /// Page by page, before any is changed: what is changed may not match any more, or match again.
  private func filtered(_ bus: Connection) async throws -> [Found] {
    var parameters = try filters.parameters(now: SystemClock.now(), zone: SystemClock.zone)
    parameters["limit"] = 1000
    var found: [Found] = []
    while true {
      let page = try await bus.list("jobs", parameters)
      found += try bus.reading { () throws(ProtocolError) in
        var read: [Found] = []
        for job in page { read.append(try Found(job)) }
        return read
      }
      guard page.count == 1000, let last = found.last else { return found }
      parameters["before"] = last.id.jsonValue
    }
  }

  private func confirm(_ summary: String, _ verb: JobVerb) throws {
    guard Terminal(descriptor: 0, color: .never, environment: [:]).isTerminal else {
      throw CommandError(
        .usage, "\(summary), and nobody is here to be asked", where: "bus jobs \(verb.word)",
        help: "look first with --dry-run, then add --yes")
    }
    Output.say("\(summary). Go on? [y/N]")
    guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
      throw CommandError(
        .refused, "nothing is changed", where: "bus jobs \(verb.word)", help: "answer with y, or add --yes")
    }
  }

  /// `this will cancel 1204 jobs: search.IndexUser 1200, billing.ChargeInvoice 4`.
  private func summary(_ what: String, _ found: [Found]) -> String {
    let counts = Dictionary(grouping: found, by: \.worker).mapValues(\.count)
    let workers = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let shown = workers.prefix(5).map { "\(Printable.line($0.key)) \($0.value)" }
    let rest = workers.count > shown.count ? ["\(workers.count - shown.count) other workers"] : []
    let list = (shown + rest).joined(separator: ", ")
    return "\(what) \(Brief.count(found.count, "job"))" + (found.isEmpty ? "" : ": \(list)")
  }

  /// What has to be known of a job that is changed.
  private struct Found {
    var id: JobID
    var worker: String

    init(_ json: JSONValue) throws(ProtocolError) {
      let members = try json.members("job")
      id = try members.read("id")
      worker = try "\(QueueName(try members.string("queue")).engine).\(members.string("worker"))"
    }
  }
}

/// What a command does to jobs.
struct JobVerb {
  /// As a command: `cancel`.
  var word: String
  /// As it is said when it is done: `cancelled`.
  var past: String
  /// What busd is asked to change.
  var change: String
  /// What else it has to know.
  var parameters: JSONObject = [:]

  /// Changes the jobs that are meant, and says what became of each that was not changed.
  func perform(_ selection: JobSelection, _ output: OutputOptions, _ connection: ConnectionOptions) async throws {
    let isRefused = try await Connection.with(connection) { bus in
      guard let ids = try await selection.confirmed(self, bus, output) else { return false }
      var (done, refused) = (0, 0)
      for start in stride(from: 0, to: ids.count, by: JobSelection.chunkCount) {
        var parameters = parameters
        let chunk = ids[start..<min(start + JobSelection.chunkCount, ids.count)]
        parameters["ids"] = .array(chunk.map(\.jsonValue))
        let answer = try await bus.change(change, parameters)
        let changes = try bus.reading { () throws(ProtocolError) in
          try (try answer.members("answer")).list("jobs") { (json) throws(ProtocolError) in try JobAnswer(json: json) }
        }
        done += changes.count(where: \.isDone)
        refused += changes.count { !$0.isDone }
        try write(changes, of: answer, isFew: ids.count <= 20, output)
      }
      if ids.count > 20, !output.json {
        let rest = refused == 0 ? "" : ", \(refused) were not"
        try Output.write(lines: ["\(Brief.count(done, "job")) \(past)\(rest)"])
      }
      return refused > 0
    }
    if isRefused { throw ExitCode(1) }
  }

  private func write(
    _ changes: [JobAnswer], of answer: JSONValue, isFew: Bool, _ output: OutputOptions
  ) throws {
    if output.json {
      guard case .array(let jobs)? = answer["jobs"] else { return }
      for job in jobs { try Output.write(json: job) }
      return
    }
    // Of many only those are shown that somebody has to look at.
    for change in changes where isFew || !change.isDone {
      try Output.write(lines: ["\(change.id)  \(change.text(past))"])
    }
  }
}

/// What became of one job that was to be changed.
struct JobAnswer {
  var id: JobID
  var outcome: ChangeOutcome

  init(json: JSONValue) throws(ProtocolError) {
    id = try (try json.members("change")).read("id")
    outcome = try ChangeOutcome(json: json)
  }

  var isDone: Bool {
    switch outcome {
    case .changed, .unchanged, .cancelRequested, .merged, .removed: true
    case .refused, .unknown: false
    }
  }

  /// `cancelled`, `asked to stop, on search.1@web-3:41`, `not cancelled: it has ended …`.
  func text(_ past: String) -> String {
    switch outcome {
    case .changed(let state): past == JobText.word(state) ? past : "\(past): \(JobText.word(state))"
    case .removed: past
    case .unchanged(let state): "as it was: \(JobText.word(state))"
    case .cancelRequested(let process, _): "asked to stop, on \(Printable.line(process))"
    case .merged(let job): "merged into \(job), which waits already"
    case .refused(_, let reason): "not \(past): \(Printable.line(reason))"
    case .unknown: "not \(past): there is no such job any more"
    }
  }
}
