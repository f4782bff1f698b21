internal import Synchronization

/// Lets one task at a time through, in the order in which they came; unlike a lock it is held across waiting.
final class Turn: Sendable {
  private struct State {
    var isTaken = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  /// Runs the body when it is this task's turn. A body that asks for a turn itself waits for ever.
  func within<R>(_ body: () async throws -> R) async rethrows -> R {
    await take()
    defer { give() }
    return try await body()
  }

  private func take() async {
    await withCheckedContinuation { continuation in
      let isMine = state.withLock { state in
        guard state.isTaken else {
          state.isTaken = true
          return true
        }
        state.waiting.append(continuation)
        return false
      }
      if isMine { continuation.resume() }
    }
  }

  private func give() {
    state.withLock { state in
      if state.waiting.isEmpty { state.isTaken = false } else { state.waiting.removeFirst().resume() }
    }
  }
}
