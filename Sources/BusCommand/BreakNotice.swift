internal import Synchronization

/// Says when the connection is lost, and when it is back: a tail that shows nothing may have lost its bus.
final class BreakNotice: Sendable {
  private enum State {
    case whole
    case broken
    /// We are leaving ourselves.
    case over
  }

  private let endpoint: String
  private let state = Mutex(State.whole)

  init(endpoint: String) { self.endpoint = endpoint }

  func note(isConnected: Bool) {
    let words = state.withLock { state -> String? in
      switch (state, isConnected) {
      case (.whole, false):
        state = .broken
        return "-- lost busd at \(endpoint), waiting for it"
      case (.broken, true):
        state = .whole
        return "-- busd is back, going on where it broke off"
      default: return nil
      }
    }
    if let words { Output.say(words) }
  }

  func end() { state.withLock { $0 = .over } }
}
