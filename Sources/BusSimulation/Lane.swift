internal import BusBroker
internal import Synchronization
internal import ZeroMQ

/// A thread of the simulated busd: runs its work one by one, each after a little while, as its process lives.
final class Lane: LoopThread {
  private struct State {
    var waiting: [@Sendable () -> Void] = []
    var isRunning = false
    var lastTimer: UInt64 = 0
    var timers: Set<TimerID> = []
  }

  private let life: Life
  private let longestTurn: Int64
  private let state = Mutex(State())

  /// - Parameter longestTurn: the most microseconds that a turn takes, which is what its disk takes.
  init(life: Life, longestTurn: Int64) {
    self.life = life
    self.longestTurn = longestTurn
    life.timeline.atEnd { [self] in state.withLock { $0.waiting = [] } }
  }

  var now: ContinuousClock.Instant { life.timeline.instant }

  func perform(_ work: @escaping @Sendable () -> Void) {
    let begins = state.withLock { state in
      state.waiting.append(work)
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if begins { runNext() }
  }

  private func runNext() {
    life.after(1 + life.timeline.below(longestTurn)) { [self] in
      let work = state.withLock { state in state.waiting.isEmpty ? nil : state.waiting.removeFirst() }
      work?()
      let goesOn = state.withLock { state in
        state.isRunning = !state.waiting.isEmpty
        return state.isRunning
      }
      if goesOn { runNext() }
    }
  }

  func schedule(at deadline: ContinuousClock.Instant, _ work: @escaping () -> Void) -> TimerID {
    let id = state.withLock { state in
      state.lastTimer += 1
      state.timers.insert(TimerID(rawValue: state.lastTimer))
      return TimerID(rawValue: state.lastTimer)
    }
    life.at(deadline) { [self] in
      if state.withLock({ $0.timers.remove(id) }) != nil { work() }
    }
    return id
  }

  func cancel(_ id: TimerID) { _ = state.withLock { $0.timers.remove(id) } }

  func stop() {}

  /// All work of the world runs in one thread, and a lane's only in its turn.
  func checkIsolated() {}
  func isIsolatingCurrentContext() -> Bool? { true }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    perform { [self] in job.runSynchronously(on: asUnownedSerialExecutor()) }
  }
}
