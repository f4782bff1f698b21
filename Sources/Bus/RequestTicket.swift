internal import Synchronization

/// The number of a request that somebody waits for, or that nobody waits any more.
final class RequestTicket: Sendable {
  private enum State {
    /// It was not asked yet.
    case new
    /// It was asked under this number; nil when it was answered at once.
    case asked(UInt64?)
    /// Nobody waits: it is not asked any more.
    case withdrawn
  }

  private let state = Mutex(State.new)

  /// Asks, unless it was withdrawn before: then nil.
  func take(_ ask: () -> UInt64?) -> Void? {
    guard state.withLock({ if case .withdrawn = $0 { false } else { true } }) else { return nil }
    let number = ask()
    state.withLock { $0 = .asked(number) }
    return ()
  }

  /// Returns the number to withdraw, if there is one.
  func withdraw() -> UInt64? {
    state.withLock { state in
      defer { state = .withdrawn }
      if case .asked(let number) = state { return number }
      return nil
    }
  }
}
