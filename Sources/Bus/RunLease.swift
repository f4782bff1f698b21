import Synchronization

/// Whether a run still has its job: shared by the run and by whoever hears from busd.
final class RunLease: Sendable {
  private let lost = Atomic<Bool>(false)

  var isLost: Bool { lost.load(ordering: .acquiring) }

  func lose() { lost.store(true, ordering: .releasing) }
}
