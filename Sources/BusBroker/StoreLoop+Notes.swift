internal import BusProtocol
internal import BusStore

/// What runs say while they run, and who reads it.
extension StoreLoop {
  /// An answer's lines have about so many bytes at the most: it has to fit into a frame beside a job.
  private static let longestAnswer = 512 << 10

  func note(_ notes: [JobNote], request: UInt64, session: SessionID) {
    add(.note(notes), for: (session, request)) { loop, reply in
      guard case .noted(let kept) = reply else { return }
      let stale = zip(notes, kept).filter { !$1 }.map(\.0.id)
      loop.counters.add(stale.count, to: .notesStale)
      loop.waits.touch(notes.lazy.map(\.id))
      loop.send(.noted(request: request, stale: stale), to: session)
    }
  }

  /// The lines of a job behind a number, and how far it is; nil while there is no news for who would wait for some.
  func lines(_ asked: JSONMembers, _ waiter: WaitDesk.Waiter) throws -> JSONValue? {
    let job = try job(asked, "job")
    var known = WaitDesk.Known(line: max(0, try asked.optional("after") ?? 0))
    known.limit = min(max(try asked.optional("limit") ?? JobLine.maximumCount, 1), JobLine.maximumCount)
    known.progressAt = try asked.optional("progress", as: String.self)
      .map { (text) throws(ProtocolError) in try Timestamp(text) }
    guard try asked.optional("wait") ?? false, !known.isOld(for: job) else { return try news(of: job, known) }
    var waiter = waiter
    waiter.known = known
    return try wait(for: job, waiter)
  }

  /// What is new for who knows so much. The job itself comes when it has ended, with the last of its lines.
  func news(of job: Job, _ known: WaitDesk.Known) throws -> JSONValue {
    let found = try store.lines(of: job.id, after: known.line, limit: known.limit)
    var byteCount = 0
    let lines = found.prefix { kept in
      byteCount += kept.line.byteCount
      return byteCount <= StoreLoop.longestAnswer
    }
    var answer: JSONObject = [
      "id": job.id.jsonValue, "state": .string(job.state.rawValue),
      "lines": facts.redaction.shown(.array(lines.map(\.json)), leftBy: job),
    ]
    if let first = lines.first, first.number > known.line + 1 { answer.set("missing", first.number - known.line - 1) }
    if let progress = job.progress { answer["progress"] = progress.json }
    let isComplete = (lines.last?.number ?? known.line) >= job.lineCount
    if job.finishedAt != nil, isComplete { answer["job"] = job.json }
    return .object(answer)
  }
}
