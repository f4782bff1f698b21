internal import Bus
internal import BusProtocol

/// What a job's runs say, a line each.
struct NewsText {
  private var text: JobText
  private var attempt: Int?

  init(_ text: JobText) { self.text = text }

  /// The lines for something new; the beginning of another run is a line of its own.
  mutating func lines(_ update: JobUpdate) -> [String] {
    switch update {
    case .progress(let progress):
      let time = progress.at.map { "\(text.time($0))  " } ?? ""
      return ["\(time)\(text.paint("progress", .cyan))  \(NewsText.progress(progress))"]
    case .line(let kept):
      defer { attempt = kept.attempt }
      let begins = attempt.map { $0 != kept.attempt } ?? (kept.attempt > 1)
      return (begins ? [text.paint("attempt \(kept.attempt)", .bold)] : []) + [line(kept)]
    case .missed(let count): return ["\(Brief.count(count, "line")) before are no longer kept"]
    case .ended(let job):
      let answer = job.result.map { "  \(Printable.line($0.text))" } ?? ""
      let reason = (job.reason ?? (job.state == .done ? nil : job.failures.last?.error)).map {
        "  \(Printable.line($0))"
      }
      let word = text.paint(JobText.word(job.state), JobText.ink(job.state))
      return ["\(job.id)  \(JobText.worker(job))  \(word)\(answer)\(reason ?? "")"]
    }
  }

  /// `10:42:06.800  warning   no more rows`, `10:42:06.800  part      {"row":7}`.
  func line(_ kept: KeptLine) -> String {
    let (word, ink, words): (String, Paint.Ink, String) =
      switch kept.line.content {
      case .part(let part): ("part", .magenta, part.text)
      case .text(let words, let level): (level.rawValue, NewsText.ink(level), words)
      }
    let blanks = String(repeating: " ", count: max(0, 8 - word.count))
    return "\(text.time(kept.line.at))  \(text.paint(word, ink))\(blanks)  \(Printable.line(words))"
  }

  /// `3/10 (30%) reading`.
  static func progress(_ progress: JobProgress) -> String {
    let share = progress.fraction.map { " (\(Int($0 * 100))%)" } ?? ""
    let message = progress.message.map { " \(Printable.line($0))" } ?? ""
    return "\(progress.done)\(progress.total.map { "/\($0)" } ?? "")\(share)\(message)"
  }

  /// The same as one JSON object: `line`, `progress`, `missed` or, at the end, `job`.
  static func json(_ update: JobUpdate) -> JSONValue {
    switch update {
    case .progress(let progress): ["progress": progress.json]
    case .line(let kept): ["line": kept.json]
    case .missed(let count): ["missed": count.jsonValue]
    case .ended(let job): ["job": job.json]
    }
  }

  private static func ink(_ level: JobLine.Level) -> Paint.Ink {
    switch level {
    case .trace, .debug: .faint
    case .info: .plain
    case .notice: .blue
    case .warning: .yellow
    case .error, .critical: .red
    }
  }
}
