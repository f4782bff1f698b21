internal import BusProtocol
internal import Synchronization

/// Brings what the runs of a process say to busd: what ``NoteDesk`` decides. Whoever says something never waits for it.
final class NoteSender: Sendable {
  private let desk = Mutex(NoteDesk())
  private let alarm = Alarm()
  private let port: EnginePort
  private let now: @Sendable () -> Timestamp

  init(_ port: EnginePort, now: @escaping @Sendable () -> Timestamp) {
    self.port = port
    self.now = now
  }

  /// Where the words of a run go.
  func notes(of assignment: Assignment) -> RunNotes {
    let (job, token) = (assignment.id, assignment.token)
    // It knows nothing of the runs, so they may hold it; one weak reference would slow all others down.
    return RunNotes { [self] update in say(update, job, token) }
  }

  private func say(_ update: RunUpdate, _ job: JobID, _ token: UInt64) {
    if case .progress(let progress) = update {
      decide { $0.say(progress, job, token: token, now: $1) }
    } else if let line = JobLine(update, at: now()) {
      decide { $0.say(line, job, token: token, now: $1) }
    }
  }

  /// What goes with the result of a run.
  func ended(_ job: JobID, token: UInt64) -> JobNote? { desk.withLock { $0.ended(job, token: token) } }

  private func decide(_ decision: (inout NoteDesk, ContinuousClock.Instant) -> Void) {
    desk.withLock { desk in
      decision(&desk, .now)
      if let notes = desk.take(now: .now) { send(notes) }
      alarm.set(at: desk.nextDeadline) { [weak self] in self?.decide { _, _ in } }
    }
  }

  private func send(_ notes: [JobNote]) {
    port.request(.note(notes)) { [weak self] answer in
      self?.decide { desk, now in
        switch answer {
        case .success(.noted(_, let stale)): desk.answered(stale: Set(stale), now: now)
        case .success: desk.answered(now: now)
        case .failure(let refusal): desk.refused(retryAfter: refusal.retryAfter, now: now)
        }
      }
    }
  }
}

extension JobLine {
  /// The line that an update is; nil for progress. A part was checked when it was sent.
  init?(_ update: RunUpdate, at now: Timestamp) {
    switch update {
    case .progress: return nil
    case .line(let text, let level): self.init(text, level: level, at: now)
    case .part(let part):
      guard let line = try? JobLine(part: part, at: now) else { return nil }
      self = line
    }
  }
}
