package import ZeroMQ

/// What a loop runs on: it runs what is left for it one by one in order, and knows the time. A thread of the system, or
/// a lane of the simulation, whose time is its own.
package protocol LoopThread: SerialExecutor {
  /// The moment, for durations: it never jumps.
  var now: ContinuousClock.Instant { get }
  /// Runs the closure, after all that was left before.
  func perform(_ work: @escaping @Sendable () -> Void)
  /// Runs the closure once, at the moment or soon after; called from the loop itself.
  func schedule(at deadline: ContinuousClock.Instant, _ work: @escaping () -> Void) -> TimerID
  /// Forgets a timer; nothing happens when it has fired.
  func cancel(_ id: TimerID)
  /// Ends it once nothing is left to run.
  func stop()
}

extension SocketThread: LoopThread {
  package var now: ContinuousClock.Instant { .now }
}
