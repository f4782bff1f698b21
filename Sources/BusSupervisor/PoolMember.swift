/// One of the processes that a pool keeps running: the place that it has, over all its restarts.
struct PoolMember: Equatable {
  /// Where a process is in its life.
  enum State: Equatable {
    /// Spawned, not launched yet; its first words may be heard before its process id is known.
    case spawning(since: ContinuousClock.Instant, isReady: Bool = false)
    /// It runs.
    case running(pid: Int32, since: ContinuousClock.Instant, isReady: Bool)
    /// It ended, and is started again at that moment.
    case waiting(until: ContinuousClock.Instant)
    /// It was told to end, and is killed at that moment; nil when it was killed.
    case ending(pid: Int32, killAt: ContinuousClock.Instant?)
  }

  /// Never used again.
  let id: Int
  /// Which of the crews it belongs to.
  let crew: Int
  /// Its number, which no other process of the crew has.
  let slot: Int
  /// Of which generation of the program it is.
  let generation: Int
  /// Where it is in its life.
  private(set) var state: State
  /// When that began.
  private(set) var changedAt: ContinuousClock.Instant
  /// When its process was spawned.
  private(set) var startedAt: ContinuousClock.Instant
  /// It is not started again.
  var isLeaving = false
  /// It is as old or as large as it may get.
  var isWorn = false
  /// It did not get ready in time.
  var isLate = false
  /// It does not stay up, and people were told so.
  var isLooping = false
  /// Starts in a row that failed.
  var failures = 0
  /// How often it was started again.
  var restarts = 0
  /// How its last process ended.
  var lastEnd: ProcessEnd?
  /// What its process last said about itself.
  var status: String?
  /// When its process was last heard.
  var heardAt: ContinuousClock.Instant
  /// What its process may grow to.
  var limits = Recycling.never

  init(id: Int, crew: Int, slot: Int, generation: Int, now: ContinuousClock.Instant) {
    self.id = id
    self.crew = crew
    self.slot = slot
    self.generation = generation
    state = .spawning(since: now)
    changedAt = now
    startedAt = now
    heardAt = now
  }

  /// Goes on to another state.
  mutating func enter(_ next: State, now: ContinuousClock.Instant) {
    if case .spawning(let since, _) = next { startedAt = since }
    state = next
    changedAt = now
  }

  var isReady: Bool {
    if case .running(_, _, true) = state { true } else { false }
  }

  var pid: Int32? {
    switch state {
    case .running(let pid, _, _), .ending(let pid, _): pid
    case .spawning, .waiting: nil
    }
  }

  /// When the process that is getting ready was started.
  var startingSince: ContinuousClock.Instant? {
    switch state {
    case .spawning(let since, false), .running(_, let since, false): since
    case .spawning, .running, .waiting, .ending: nil
    }
  }
}
