public import BusProtocol
internal import Synchronization

/// Something that a run said while it ran.
public enum RunUpdate: Hashable, Sendable {
  /// How far it is.
  case progress(JobProgress)
  /// A line for people.
  case line(String, JobLine.Level)
  /// A part of its answer.
  case part(JSONValue)
}

/// Where a run's words go: to busd, or into a list, for a run made by hand.
final class RunNotes: Sendable {
  /// A list holds no more than the last so many.
  static let maximumCount = 10_000

  private let kept = Mutex<[RunUpdate]>([])
  private let spoke = Atomic<Bool>(false)
  private let tell: (@Sendable (RunUpdate) -> Void)?

  /// `tell` gets each word, and does not wait for anything; without one they are kept here.
  init(_ tell: (@Sendable (RunUpdate) -> Void)? = nil) { self.tell = tell }

  /// Whether anything was said.
  var hasSpoken: Bool { spoke.load(ordering: .acquiring) }

  /// What was said, where it is kept.
  var updates: [RunUpdate] { kept.withLock { $0 } }

  func say(_ update: RunUpdate) {
    spoke.store(true, ordering: .releasing)
    if let tell { return tell(update) }
    kept.withLock { updates in
      updates.append(update)
      if updates.count > RunNotes.maximumCount { updates.removeFirst(updates.count - RunNotes.maximumCount) }
    }
  }
}
