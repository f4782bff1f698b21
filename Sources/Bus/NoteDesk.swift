internal import BusProtocol

/// What the runs of a process said and busd has not confirmed: decides what is sent, and when.
///
/// Pure. Of progress the latest counts; lines wait until a note, or their run's result, has brought them. At most one
/// message is unanswered, and one goes out each ``interval`` at the most; what does not fit is counted, and the count is
/// a line of its own.
struct NoteDesk: Sendable {
  /// Between two messages.
  static let interval: Duration = .milliseconds(100)
  /// So long the first words of a silent process wait: what a short run says goes with its result.
  static let delay: Duration = .milliseconds(20)
  /// So many lines, and bytes, of a run wait at the most.
  static let maximumLineCount = 1000
  static let maximumByteCount = 128 << 10
  /// About so many bytes go into one message; a single run's may go beyond it.
  static let maximumMessageByteCount = 256 << 10

  private struct Spoken {
    let token: UInt64
    var progress: JobProgress?
    /// How often progress was said, and how much of that busd knows.
    var said = 0
    var heard = 0
    var sending = 0
    /// Lines that are not confirmed, and the number of the first.
    var lines: [JobLine] = []
    var first = 1
    var byteCount = 0
    var sentCount = 0
    /// What did not fit, and when the last of it was said.
    var dropped = 0
    var droppedAt: Timestamp?

    var hasNews: Bool { said > heard || !lines.isEmpty || dropped > 0 }
  }

  private var runs: [JobID: Spoken] = [:]
  private var isUnanswered = false
  private var unanswered: [JobNote] = []
  private var quietUntil: ContinuousClock.Instant?
  private var sendAt: ContinuousClock.Instant?

  /// When to call ``take(now:)``; nil while only news can change something.
  var nextDeadline: ContinuousClock.Instant? { isUnanswered ? nil : sendAt }

  // MARK: What happens

  /// A run says how far it is.
  mutating func say(_ progress: JobProgress, _ job: JobID, token: UInt64, now: ContinuousClock.Instant) {
    change(job, token, now) { spoken in
      spoken.progress = progress
      spoken.said += 1
    }
  }

  /// A run writes a line.
  mutating func say(_ line: JobLine, _ job: JobID, token: UInt64, now: ContinuousClock.Instant) {
    change(job, token, now) { spoken in
      let count = line.byteCount
      guard spoken.dropped == 0, spoken.lines.count < NoteDesk.maximumLineCount - 1,
        spoken.byteCount + count <= NoteDesk.maximumByteCount
      else {
        spoken.dropped += 1
        spoken.droppedAt = line.at
        return
      }
      spoken.lines.append(line)
      spoken.byteCount += count
    }
  }

  /// What is to be sent now, if anything.
  mutating func take(now: ContinuousClock.Instant) -> [JobNote]? {
    guard !isUnanswered, let sendAt, sendAt <= now else { return nil }
    self.sendAt = nil
    if unanswered.isEmpty { gather() }
    guard !unanswered.isEmpty else { return nil }
    isUnanswered = true
    quietUntil = now + NoteDesk.interval
    return unanswered
  }

  /// busd has what was sent; these leases had ended: what their runs say is for nobody.
  mutating func answered(stale: Set<JobID> = [], now: ContinuousClock.Instant) {
    isUnanswered = false
    for note in unanswered {
      if stale.contains(note.id), runs[note.id]?.token == note.token { runs[note.id] = nil } else { confirm(note) }
    }
    unanswered = []
    planIfNews(now: now)
  }

  /// busd refused what was sent: for a time, or for ever, then it is dropped and counted.
  mutating func refused(retryAfter: Duration?, now: ContinuousClock.Instant) {
    guard let retryAfter else {
      for note in unanswered where runs[note.id]?.token == note.token {
        runs[note.id]?.dropped += note.lines.count
        if let last = note.lines.last { runs[note.id]?.droppedAt = last.at }
      }
      return answered(now: now)
    }
    isUnanswered = false
    sendAt = now + max(retryAfter, NoteDesk.interval)
  }

  /// A run ended: what is not confirmed goes with its result.
  mutating func ended(_ job: JobID, token: UInt64) -> JobNote? {
    guard let last = runs[job], last.token == token else { return nil }
    runs[job] = nil
    let note = NoteDesk.note(of: last, job)
    return note.progress == nil && note.lines.isEmpty ? nil : note
  }

  // MARK: What follows from it

  private mutating func change(
    _ job: JobID, _ token: UInt64, _ now: ContinuousClock.Instant, _ body: (inout Spoken) -> Void
  ) {
    var spoken = runs[job] ?? Spoken(token: token)
    // An older run of the job still talks: nobody hears it.
    guard spoken.token <= token else { return }
    if spoken.token < token { spoken = Spoken(token: token) }
    body(&spoken)
    runs[job] = spoken
    if sendAt == nil { sendAt = max(now + NoteDesk.delay, quietUntil ?? now) }
  }

  private mutating func gather() {
    var byteCount = 0
    for (job, spoken) in runs.sorted(by: { $0.key < $1.key }) where spoken.hasNews {
      guard byteCount < NoteDesk.maximumMessageByteCount else { break }
      var spoken = spoken
      NoteDesk.countDropped(&spoken)
      let note = NoteDesk.note(of: spoken, job)
      spoken.sending = spoken.said
      spoken.sentCount = spoken.lines.count
      runs[job] = spoken
      unanswered.append(note)
      byteCount += note.byteCount
    }
  }

  private mutating func confirm(_ note: JobNote) {
    guard var spoken = runs[note.id], spoken.token == note.token else { return }
    spoken.heard = spoken.sending
    spoken.byteCount -= spoken.lines.prefix(spoken.sentCount).reduce(0) { $0 + $1.byteCount }
    spoken.lines.removeFirst(spoken.sentCount)
    spoken.first += spoken.sentCount
    spoken.sentCount = 0
    runs[note.id] = spoken
  }

  private mutating func planIfNews(now: ContinuousClock.Instant) {
    guard runs.values.contains(where: \.hasNews) else { return sendAt = nil }
    sendAt = max(now, quietUntil ?? now)
  }

  private static func note(of spoken: Spoken, _ job: JobID) -> JobNote {
    var spoken = spoken
    countDropped(&spoken)
    return JobNote(
      id: job, token: spoken.token, progress: spoken.said > spoken.heard ? spoken.progress : nil, first: spoken.first,
      lines: spoken.lines)
  }

  /// There is always room for this one line more.
  private static func countDropped(_ spoken: inout Spoken) {
    guard spoken.dropped > 0, let at = spoken.droppedAt else { return }
    let words = "\(spoken.dropped) lines are missing here: the run said more than busd took"
    let line = JobLine(words, level: .warning, at: at)
    spoken.lines.append(line)
    spoken.byteCount += line.byteCount
    spoken.dropped = 0
  }
}
