import Synchronization

/// Something that is raised once, and seen by all threads.
final class Flag: Sendable {
  private let state = Atomic(false)

  var isOn: Bool { state.load(ordering: .acquiring) }
  func raise() { state.store(true, ordering: .releasing) }
}
