internal import ArgumentParser
internal import BusProtocol

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
  /// The command that it belongs to.
  var group = "bus jobs"
  /// What is no failure even though it changed nothing, and what is said of it.
  var spared: (state: JobState, words: String)?

  /// So many jobs are named in one request.
  static let chunkCount = 500

  /// Changes the jobs that are found, and says what became of each that was not changed.
  func perform(
    _ bulk: BulkOptions, _ output: OutputOptions, _ connection: ConnectionOptions,
    find: (Connection) async throws -> MeantJobs
  ) async throws {
    let tally = try await Connection.with(connection) { bus in
      guard let ids = try await find(bus).confirmed(self, bulk, output) else { return Tally() }
      let (tally, isFew) = (try await change(ids, bus, output), ids.count <= 20)
      if !isFew, !output.json { try Output.write(lines: [tally.text(self)]) }
      return tally
    }
    if tally.refused > 0 { throw ExitCode(1) }
  }

  /// In steps, each a transaction of its own: busd does other work between them.
  private func change(_ ids: [JobID], _ bus: Connection, _ output: OutputOptions) async throws -> Tally {
    var (tally, progress) = (Tally(), Progress())
    for start in stride(from: 0, to: ids.count, by: JobVerb.chunkCount) {
      var parameters = parameters
      let chunk = ids[start..<min(start + JobVerb.chunkCount, ids.count)]
      parameters["ids"] = .array(chunk.map(\.jsonValue))
      let answer = try await bus.change(change, parameters)
      let changes = try bus.reading { () throws(ProtocolError) in
        try (try answer.members("answer")).list("jobs") { (json) throws(ProtocolError) in try JobAnswer(json: json) }
      }
      for change in changes { tally.count(change.outcome, spared: spared?.state) }
      try write(changes, of: answer, isFew: ids.count <= 20, output)
      progress.say("\(past): \(chunk.endIndex) of \(ids.count)")
    }
    return tally
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
    for change in changes where isFew || !change.isDone && !change.isSpared(spared?.state) {
      try Output.write(lines: ["\(change.id)  \(change.text(past))"])
    }
  }

  /// How many jobs came to what.
  private struct Tally {
    var (done, merged, spared, refused) = (0, 0, 0, 0)

    mutating func count(_ outcome: ChangeOutcome, spared state: JobState?) {
      switch outcome {
      case .merged: merged += 1
      case .refused(let found, _) where found == state: spared += 1
      case .refused, .unknown: refused += 1
      case .changed, .unchanged, .cancelRequested, .removed: done += 1
      }
    }

    /// `1204 jobs tried again, 3 merged into jobs that wait, 2 were not`.
    func text(_ verb: JobVerb) -> String {
      var text = "\(Brief.count(done, "job")) \(verb.past)"
      if merged > 0 { text += ", \(merged) merged into jobs that wait" }
      if spared > 0, let words = verb.spared?.words { text += ", \(spared) \(words)" }
      return refused > 0 ? text + ", \(refused) were not" : text
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

  /// Whether it is left alone on purpose, being in that state.
  func isSpared(_ state: JobState?) -> Bool {
    guard case .refused(let found, _) = outcome else { return false }
    return found == state
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
