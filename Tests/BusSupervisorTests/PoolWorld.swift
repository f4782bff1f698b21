@testable import BusSupervisor

/// A repeatable source of chance (splitmix64).
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<max(1, bound), using: &self) }
}

/// A system in which processes start, get ready, ignore signals and die by chance.
struct PoolWorld {
  var pool: ProcessPool
  private var random: SeededRandom
  private var now = ContinuousClock.now
  private var nextPID: Int32 = 100
  private var spawning: [Int] = []
  private(set) var alive: [Int: Int32] = [:]
  private(set) var finishes = 0

  init(stages: [Int], random: SeededRandom) {
    self.random = random
    pool = ProcessPool(
      stages.enumerated().map {
        ProcessDefinition(name: "p.\($0)", executable: "/bin/true", grace: .seconds(2), stage: $1)
      }, policy: .standard)
  }

  mutating func act(_ actions: [ProcessPool.Action]) {
    for action in actions {
      switch action {
      case .spawn(let index):
        precondition(alive[index] == nil && !spawning.contains(index), "two of one process")
        spawning.append(index)
      case .signal(let index, let pid, let signal):
        precondition(alive[index] == pid, "a signal for a stranger")
        // Half of them ignore SIGTERM; nobody ignores SIGKILL.
        if signal == .kill || random.below(2) == 0 { die(index, .signaled(signal == .kill ? 9 : 15)) }
      case .finish: finishes += 1
      case .report: break
      }
    }
  }

  mutating func step() {
    now += .milliseconds(random.below(900))
    switch random.below(8) {
    case 0, 1, 2: launchOne()
    case 3: if let index = alive.keys.sorted().randomElement(using: &random) { die(index, .exited(1)) }
    case 4: if let index = alive.keys.sorted().randomElement(using: &random) { act(pool.ready(index, now: now)) }
    case 5 where random.below(10) == 0: act(pool.stop(now: now))
    case 6 where random.below(20) == 0: act(pool.kill(now: now))
    default: act(pool.tick(now: now))
    }
  }

  /// Stops, and lets time pass until nothing is left to happen.
  mutating func finish() {
    act(pool.stop(now: now))
    for _ in 0..<100 where !pool.isFinished {
      launchOne()
      now += .seconds(1)
      act(pool.tick(now: now))
    }
  }

  private mutating func launchOne() {
    guard !spawning.isEmpty else { return }
    let index = spawning.removeFirst()
    guard random.below(6) > 0 else { return act(pool.ended(index, .notStarted(reason: "chance"), now: now)) }
    nextPID += 1
    alive[index] = nextPID
    act(pool.launched(index, pid: nextPID, now: now))
  }

  private mutating func die(_ index: Int, _ end: ProcessEnd) {
    alive[index] = nil
    act(pool.ended(index, end, now: now))
  }
}
