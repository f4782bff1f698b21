public import BusProtocol

/// What runs say while they run: progress, lines, and parts of their answers.
///
/// Of a job the last ``JobLine/maximumCount`` lines of all its runs are kept, numbered from 1; what was too many is seen
/// from the number of the first. A run numbers its own lines too, so that a note that comes twice is kept once.
extension SQLiteJobStore {
  /// Keeps what a run says. False when its lease has ended, or never was: then nothing changed.
  func note(_ note: JobNote, at now: Timestamp) throws -> Bool {
    try settleLease(of: note.id)
    let row = try statements.notes.leased.bind(note.id).bind(note.token).first {
      (seq: $0.integer(), attempt: $0.integer(), count: $0.optionalInteger() ?? 0)
    }
    guard let row else { return false }
    if var progress = note.progress {
      progress.at = now
      try statements.notes.saveProgress.bind(progress.json.text).bind(note.token).bind(row.seq).run()
    }
    let lines = try unheard(note, of: row.seq, hasLines: row.count > 0)
    guard !lines.isEmpty else { return true }
    // Of more than are kept at all only the last are written down; the others are counted.
    let kept = lines.suffix(JobLine.maximumCount)
    var count = row.count + Int64(lines.count - kept.count)
    for (own, line) in kept {
      count += 1
      let (level, text) = line.columns
      try statements.notes.addLine.bind(row.seq).bind(count).bind(note.token).bind(own).bind(row.attempt).bind(line.at)
        .bind(level).bind(text).run()
    }
    try statements.notes.saveCount.bind(count).bind(row.seq).run()
    let excess = count - Int64(JobLine.maximumCount)
    if excess > 0 { try statements.notes.trim.bind(row.seq).bind(excess).run() }
    return true
  }

  /// The lines of the note that are not kept yet, with their numbers in the run: only who has the lease writes, so the
  /// job's last line tells how far this run's are kept.
  private func unheard(_ note: JobNote, of seq: Int64, hasLines: Bool) throws -> [(own: Int64, line: JobLine)] {
    guard !note.lines.isEmpty else { return [] }
    var heard: Int64 = 0
    if hasLines, let last = try statements.notes.last.bind(seq).first({ ($0.integer(), $0.integer()) }),
      UInt64(bitPattern: last.0) == note.token
    {
      heard = last.1
    }
    let first = Int64(note.first)
    return note.lines.enumerated().map { (first + Int64($0.offset), $0.element) }.filter { $0.0 > heard }
  }

  /// Lines of a job behind a number, in their order.
  public func lines(of job: JobID, after number: Int, limit: Int) throws(StoreError) -> [KeptLine] {
    try reading("the lines of job \(job)", ofRuns: false) {
      try statements.notes.lines.bind(job).bind(number).bind(max(0, limit)).all { row in
        let (number, attempt) = (Int(row.integer()), Int(row.integer()))
        let at = Timestamp(microseconds: row.integer())
        let (level, text) = (row.text(), row.text() ?? "")
        return KeptLine(number: number, attempt: attempt, line: try JobLine(level: level, text: text, at: at))
      }
    }
  }

  /// The job that runs an equal worker under the queue lock of a wish that may share its run, if there is one.
  ///
  /// One that waits comes first: it does the work of who asks now, and begins later.
  func mergeIntoRunning(_ wish: NewJob, at now: Timestamp) throws -> EnqueueOutcome? {
    guard wish.sharesRun, let key = wish.queueLock,
      try self.waiting(under: key) == nil,
      // What is known gets the answer that it got before.
      try !isKnown(wish.id)
    else { return nil }
    for (index, entry) in book.entries.enumerated() where entry[.running] > 0 {
      let running = try statements.notes.runningUnderQueueLock.bind(index + 1).bind(key).bind(wish.worker.text).first {
        (seq: $0.integer(), id: $0.id() as JobID?)
      }
      guard let running, let id = running.id else { continue }
      try statements.notes.countMerge.bind(running.seq).run()
      try recordMerge(wish, into: id, at: now)
      return .merged(into: id)
    }
    return nil
  }
}

extension JobLine {
  /// Level and text; a part has no level.
  fileprivate var columns: (level: String?, text: String) {
    switch content {
    case .text(let text, let level): (level.rawValue, text)
    case .part(let part): (nil, part.text)
    }
  }

  fileprivate init(level: String?, text: String, at: Timestamp) throws {
    if let level {
      self.init(text, level: Level(rawValue: level) ?? .info, at: at)
    } else {
      try self.init(part: JSONParser.parse(Array(text.utf8)), at: at)
    }
  }
}
