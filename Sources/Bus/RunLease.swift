internal import BusProtocol
internal import Synchronization

/// What a run shares with whoever hears from busd: whether it still has its job, and what it answers.
final class RunLease: Sendable {
  private let lost = Atomic<Bool>(false)
  private let answer = Mutex<JSONValue?>(nil)

  var isLost: Bool { lost.load(ordering: .acquiring) }

  func lose() { lost.store(true, ordering: .releasing) }

  /// What goes with the result of the run.
  var result: JSONValue? {
    get { answer.withLock { $0 } }
    set { answer.withLock { $0 = newValue } }
  }
}
