internal import BusProtocol

/// What is said of a job in more than one place.
struct JobText {
  var time: TimeText
  var paint: Paint

  private var now: Timestamp { time.now }

  /// `search.IndexUser {"userID":42}`.
  static func title(_ job: Job) -> String {
    let inputs = JSONValue.object(job.wish.inputs).text
    return "\(worker(job)) \(Printable.line(inputs))"
  }

  /// `search.IndexUser`.
  static func worker(_ job: Job) -> String { "\(job.wish.queue.engine).\(job.wish.worker)" }

  /// `3/25`, or `3` where the queue's own policy counts.
  static func tries(_ job: Job) -> String { "\(job.attempts)" + (job.wish.retry.map { "/\($0.attempts)" } ?? "") }

  /// The ink of a state.
  static func ink(_ state: JobState) -> Paint.Ink {
    switch state {
    case .done: .green
    case .running: .cyan
    case .dead: .red
    case .blocked, .parked: .yellow
    case .notNeeded, .merged, .cancelled, .expired: .faint
    case .ready, .scheduled: .plain
    }
  }

  /// The state as a word for people.
  static func word(_ state: JobState) -> String { state == .notNeeded ? "not needed" : state.rawValue }

  /// What matters of its times: `in 4m10s`, `waits 3m12s`, `for 38 ms`, `3m12s ago`.
  func when(_ job: Job) -> String {
    switch job.state {
    case .scheduled: job.wish.dueAt.map(time.relative) ?? "-"
    case .ready, .blocked, .parked: "waits \(Brief.duration(now - (job.wish.dueAt ?? job.enqueuedAt)))"
    case .running: job.startedAt.map { "for \(Brief.duration(now - $0))" } ?? "-"
    case .done, .notNeeded, .merged, .dead, .cancelled, .expired: job.finishedAt.map(time.relative) ?? "-"
    }
  }

  /// The shortest beginnings of ids that tell them apart, at least twelve characters: those of one millisecond begin
  /// with the same ten.
  static func shortNames(_ ids: [JobID]) -> [JobID: String] {
    let sorted = Set(ids).sorted()
    var names: [JobID: String] = [:]
    for (index, id) in sorted.enumerated() {
      let text = Array(id.description)
      let neighbours = [index - 1, index + 1].filter(sorted.indices.contains).map { Array(sorted[$0].description) }
      let shared = neighbours.map { zip(text, $0).prefix { $0 == $1 }.count }.max() ?? 0
      names[id] = String(text.prefix(max(12, shared + 1)))
    }
    return names
  }
}
