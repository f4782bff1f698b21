internal import BusProtocol
internal import Synchronization

/// Whether a simulated process lives, and until when it stands still: asked before anything of it runs.
final class Life: Sendable {
  private struct State {
    var isAlive = true
    var pausedUntil: Int64 = 0
    var failure: String?
    var hasFailedSync = false
  }

  private let state = Mutex(State())
  let timeline: Timeline

  init(_ timeline: Timeline) { self.timeline = timeline }

  var isAlive: Bool { state.withLock { $0.isAlive } }

  /// Why the process itself wants to end; nil while it does not.
  var failure: String? { state.withLock { $0.failure } }

  /// Whether a sync of its disk has failed.
  var hasFailedSync: Bool { state.withLock { $0.hasFailedSync } }

  /// A sync of its disk fails.
  func failSync() { state.withLock { $0.hasFailedSync = true } }

  /// `kill -9`: nothing of it happens any more.
  func kill() { state.withLock { $0.isAlive = false } }

  /// The process says that it cannot go on.
  func fail(_ reason: String) { state.withLock { $0.failure = $0.failure ?? reason } }

  /// SIGSTOP for a while: what comes meanwhile waits, in its order.
  func pause(for microseconds: Int64) {
    let end = timeline.now + microseconds
    state.withLock { $0.pausedUntil = max($0.pausedUntil, end) }
  }

  /// Runs the closure at the moment, or when the process goes on; never when it is dead.
  func at(_ moment: Int64, _ work: @escaping () -> Void) {
    timeline.at(moment) { [self] in
      let (isAlive, pausedUntil) = state.withLock { ($0.isAlive, $0.pausedUntil) }
      guard isAlive else { return }
      if pausedUntil > timeline.now { at(pausedUntil, work) } else { work() }
    }
  }

  func after(_ microseconds: Int64, _ work: @escaping () -> Void) { at(timeline.now + microseconds, work) }

  func at(_ instant: ContinuousClock.Instant, _ work: @escaping () -> Void) {
    at(timeline.now + (instant - timeline.instant).inMicroseconds, work)
  }
}
