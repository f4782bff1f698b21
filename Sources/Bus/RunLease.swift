internal import BusProtocol
internal import Synchronization

/// What a run shares with whoever talks with busd: whether it still has its job, what it says, and what it answers.
final class RunLease: Sendable {
  private let lost = Atomic<Bool>(false)
  private let answer = Mutex<JSONValue?>(nil)
  /// Where it says how it goes on.
  let notes: RunNotes

  init(_ notes: RunNotes = RunNotes()) { self.notes = notes }

  var isLost: Bool { lost.load(ordering: .acquiring) }

  func lose() { lost.store(true, ordering: .releasing) }

  /// What goes with the result of the run.
  var result: JSONValue? {
    get { answer.withLock { $0 } }
    set { answer.withLock { $0 = newValue } }
  }
}
