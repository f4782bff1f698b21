internal import Synchronization

/// Rings at the earliest moment that was asked for; asking for a later one changes nothing. Idle it costs nothing.
final class Alarm: Sendable {
  private struct Armed {
    var at: ContinuousClock.Instant
    var sleep: Task<Void, Never>
  }

  private let armed = Mutex<Armed?>(nil)

  /// Calls `ring` at the moment or soon after, unless it will be called before; nil asks for nothing.
  func set(at moment: ContinuousClock.Instant?, _ ring: @escaping @Sendable () -> Void) {
    guard let moment else { return }
    armed.withLock { armed in
      if let armed, armed.at <= moment { return }
      armed?.sleep.cancel()
      // Nobody awaits it: it ends by ringing, or by being cancelled here.
      let sleep = Task {
        do { try await Task.sleep(until: moment, tolerance: .milliseconds(1), clock: .continuous) } catch { return }
        self.rang(moment)
        ring()
      }
      armed = Armed(at: moment, sleep: sleep)
    }
  }

  /// Whether it would ring only after the moment, or not at all: to ask is cheaper than to set.
  func isLater(than moment: ContinuousClock.Instant) -> Bool {
    armed.withLock { armed in armed.map { $0.at > moment } ?? true }
  }

  func cancel() {
    armed.withLock { armed in
      armed?.sleep.cancel()
      armed = nil
    }
  }

  private func rang(_ moment: ContinuousClock.Instant) {
    armed.withLock { armed in
      if armed?.at == moment { armed = nil }
    }
  }
}
