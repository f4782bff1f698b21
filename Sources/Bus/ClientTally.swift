internal import Synchronization

/// What a client counts of what did not go where it usually goes.
final class ClientTally: Sendable {
  private let refusedCount = Atomic<Int>(0)
  private let suppressedCount = Atomic<Int>(0)
  private let discardedCount = Atomic<Int>(0)

  var refused: Int { refusedCount.load(ordering: .relaxed) }
  var suppressed: Int { suppressedCount.load(ordering: .relaxed) }
  var discarded: Int { discardedCount.load(ordering: .relaxed) }

  /// Counts something that is given up; returns how many there were.
  func discard() -> Int { discardedCount.wrappingAdd(1, ordering: .relaxed).newValue }

  /// Counts an event that could not be kept; returns how many there were.
  func refuse() -> Int { refusedCount.wrappingAdd(1, ordering: .relaxed).newValue }

  /// Counts something that is dropped, and returns it.
  func suppress<T>(_ dropped: T) -> T {
    suppressedCount.wrappingAdd(1, ordering: .relaxed)
    return dropped
  }
}
