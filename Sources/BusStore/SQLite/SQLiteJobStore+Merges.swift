internal import BusProtocol

/// What a queue lock does with a second wish beyond the usual: other inputs, a pause before the work, one run more.
///
/// None of it costs a job without such an option a statement.
extension SQLiteJobStore {
  /// Writes down that a wish became part of a job, so that an answer that was lost can be given again, and for `why`.
  func recordMerge(_ wish: NewJob, into id: JobID, isRerun: Bool = false, at now: Timestamp) throws {
    let cause = wish.cause
    try statements.recordMerge.bind(wish.id).bind(id).bind(cause.event).bind(cause.offset?.signed)
      .bind(cause.subscription?.description).bind(now).bind(wish.onMerge.code).bind(isRerun ? Int64(1) : nil).run()
    book.mergeWish(wish.id, of: try number(of: wish.queue))
    book.saveRun(wish, at: now)
  }

  // MARK: Inputs

  /// Gives a waiting job the inputs of a newer wish too, and the locks that were computed from those.
  func renew(_ seq: Int64, with wish: NewJob, at now: Timestamp) throws {
    guard let row = try statements.live.bind(seq).first({ try LiveRow($0) }) else { return }
    let older = wish.onMerge == .merge ? try inputs(of: seq) : [:]
    try setInputs(wish.onMerge.inputs(of: older, with: wish.inputs), wish.workerLock, wish.limit, of: seq)
    guard row.workerLock != wish.workerLock || row.limit != wish.limit,
      row.life.state == .ready || row.life.state == .blocked
    else { return }
    // Out of its place, and to the one where it belongs now.
    try statements.merging.leavePlace.bind(seq).run()
    book.move(from: row.life.state, to: .parked, of: row.queue)
    try release(row.workerLock, row.limit?.key, at: now)
    try settle(seq, .known, at: now)
  }

  private func inputs(of seq: Int64) throws -> JSONObject {
    try statements.merging.inputs.bind(seq).first { try $0.inputs() } ?? [:]
  }

  private func setInputs(_ inputs: JSONObject, _ workerLock: String?, _ limit: JobLimit?, of seq: Int64) throws {
    try statements.merging.setInputs.bind(JSONValue.object(inputs).bytes).bind(workerLock).bind(limit).bind(seq).run()
    // What is sketched of its inputs is not true any more, nor what is known of who goes next.
    sketch = InputSketch()
    forgetOrder()
  }

  /// The same where a job that comes back from a run becomes part of a newer one.
  func mergeInputs(of older: LiveRow, into newer: LiveRow) throws {
    guard newer.onMerge == .merge else { return }
    let both = MergePolicy.merge.inputs(of: try inputs(of: older.seq), with: try inputs(of: newer.seq))
    try setInputs(both, newer.workerLock, newer.limit, of: newer.seq)
  }

  // MARK: A pause before the work

  /// Of a wish that waits for a pause, the job that waits already, as it is before the two are merged.
  func waiting(forPauseOf wish: NewJob) throws -> LiveRow? {
    guard wish.debounce != nil, let key = wish.queueLock else { return nil }
    return try waiting(under: key)
  }

  /// Puts a job off, as it was before a wish was merged into it.
  func putOff(_ row: LiveRow, by wish: NewJob, at now: Timestamp) throws {
    var due = DueTime(at: row.life.dueAt, bound: row.debounceBy)
    due.take(wish, at: now)
    try statements.merging.putOff.bind(due.at?.microseconds).bind(due.bound?.microseconds).bind(row.seq).run()
  }

  // MARK: One run more

  private struct UnfinishedRun {
    let seq: Int64
    let id: JobID?
    let rerunAt: Timestamp?
    let debounceBy: Timestamp?
    let wish: NewJob?
    let inputs: JSONObject

    init(_ row: SQLStatement) throws {
      seq = row.integer()
      id = row.id()
      rerunAt = row.time()
      debounceBy = row.time()
      wish = try row.text().map { try NewJob(json: JSONParser.parse(Array($0.utf8))) }
      inputs = try row.inputs()
    }
  }

  /// Where an equal job runs that holds its queue lock until the end: lets it run once more afterwards. Nil where none
  /// does; one that was asked to stop has no run more.
  func askAgain(_ wish: NewJob, at now: Timestamp) throws -> EnqueueOutcome? {
    guard wish.lockUntil == .done, let key = wish.queueLock,
      let run = try statements.merging.runningUntilDone.bind(key).first({ try UnfinishedRun($0) }), let id = run.id,
      try self.waiting(under: key) == nil
    else { return nil }
    guard try !isKnown(wish.id) else { return try outcomeBefore(of: wish.id) }
    var due = DueTime(of: wish, at: now)
    if let rerunAt = run.rerunAt {
      due = DueTime(at: rerunAt, bound: run.debounceBy)
      due.take(wish, at: now)
    }
    var next = run.wish
    if wish.onMerge != .keep {
      next = wish
      next?.inputs = wish.onMerge.inputs(of: run.wish?.inputs ?? run.inputs, with: wish.inputs)
    }
    try statements.merging.askAgain.bind(wish.priority).bind(due.at ?? now).bind(due.bound?.microseconds)
      .bind(next?.json.text).bind(wish.expiresAt?.microseconds).bind(run.seq).run()
    try recordMerge(wish, into: id, isRerun: true, at: now)
    return .merged(into: id)
  }

  /// Whether a wish would be answered by a run more.
  func isRunningUntilDone(_ wish: NewJob) throws -> Bool {
    guard wish.lockUntil == .done, let key = wish.queueLock else { return false }
    return try statements.merging.runningUntilDone.bind(key).first { $0.integer() } != nil
  }

  /// Whether a wish was asked for before, and has its answer.
  func isKnown(_ id: JobID) throws -> Bool {
    if try statements.outcomeOfKnown.bind(id).first({ $0.integer() }) != nil { return true }
    return try statements.mergeTarget.bind(id).first({ _ in true }) != nil
  }

  /// With what a job was asked for again while it ran; nil where it stays as it is.
  func rerunWish(of row: LiveRow) throws -> NewJob? {
    guard row.rerunAt != nil else { return nil }
    return try statements.merging.rerunWish.bind(row.seq).first { row in
      try row.text().map { try NewJob(json: JSONParser.parse(Array($0.utf8))) }
    } ?? nil
  }

  /// The run is over, and the job waits: what it was asked for meanwhile is what it is for from now on.
  func takeRerun(_ wish: NewJob?, of row: LiveRow) throws {
    guard row.rerunAt != nil else { return }
    if let wish { try setInputs(wish.inputs, wish.workerLock, wish.limit, of: row.seq) }
    try statements.merging.forgetRerun.bind(row.seq).run()
  }
}

extension NewJob {
  /// Whether it brings more than every job: the others are kept without a thought of it.
  var hasOptions: Bool { onMerge != .keep || lockUntil != .started || debounce != nil || expiresAt != nil }
}

extension MergePolicy {
  /// How it stands in the tables; nil for ``keep``.
  var code: Int64? {
    switch self {
    case .keep: nil
    case .replace: 1
    case .merge: 2
    }
  }

  init(code: Int64?) throws {
    guard let policy = MergePolicy.allCases.first(where: { $0.code == code }) else {
      throw StoreError(.corrupt, "a job is merged in a way that this version does not know: start a newer busd")
    }
    self = policy
  }
}
