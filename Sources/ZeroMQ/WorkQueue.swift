/// What is left for a socket thread, in order of arrival; wakes the thread only when it sleeps.
///
/// It has no bound of its own: who leaves work in turn for an answer, or in batches, bounds it.
final class WorkQueue: Sendable {
  enum Item: Sendable {
    case work(@Sendable () -> Void)
    case job(UnownedJob)
  }

  /// What the thread does after it took its work.
  enum Next { case goOn, stop }

  private struct State {
    var items: [Item] = []
    /// Whether the thread sleeps and nobody woke it yet: a burst of work wakes it once.
    var isAsleep = false
    var isStopping = false
    /// Whether there is no thread any more.
    var hasEnded = false
  }

  private let state = Locked(State())
  private let wake: WakeDescriptor

  init() throws(ZeroMQError) { wake = try WakeDescriptor() }

  /// What the thread polls to be woken.
  var descriptor: Int32 { wake.readDescriptor }

  // MARK: From any thread

  /// Leaves an item; true when the thread has ended, and the caller has to start one for it.
  func put(_ item: Item) -> Bool {
    let (mustWake, mustStart) = state.withLock { state in
      state.items.append(item)
      defer { (state.isAsleep, state.hasEnded) = (false, false) }
      return (state.isAsleep, state.hasEnded)
    }
    if mustWake { wake.signal() }
    return mustStart
  }

  /// Lets the thread end once nothing is left.
  func stop() {
    let mustWake = state.withLock { state in
      state.isStopping = true
      defer { state.isAsleep = false }
      return state.isAsleep
    }
    if mustWake { wake.signal() }
  }

  // MARK: From the thread

  /// Exchanges an empty batch for all that waits.
  func take(into batch: inout [Item]) -> Next {
    state.withLock { state in
      state.isAsleep = false
      swap(&state.items, &batch)
      return state.isStopping ? .stop : .goOn
    }
  }

  /// Whether the thread may sleep; work that is left from here on wakes it.
  func fallAsleep() -> Bool {
    state.withLock { state in
      state.isAsleep = state.items.isEmpty && !state.isStopping
      return state.isAsleep
    }
  }

  /// Takes the wake-ups away.
  func drainWakes() { wake.drain() }

  /// Ends the thread unless something is left after all; `forget` runs before another thread may be started.
  func end(_ forget: () -> Void) -> Bool {
    state.withLock { state in
      guard state.items.isEmpty else { return false }
      forget()
      state.hasEnded = true
      return true
    }
  }
}
