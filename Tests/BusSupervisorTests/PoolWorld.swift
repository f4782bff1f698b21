import Testing

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

/// A system in which processes start, get ready, ignore signals and die by chance, and people scale and upgrade.
///
/// It checks what must hold at each single action.
struct PoolWorld {
  /// What may happen by itself.
  struct Dangers {
    /// Processes die.
    var deaths = true
    /// Processes of these generations never get ready.
    var brokenFrom = Int.max
    /// Nobody changes how many are wanted, or ends it all.
    var isCalm = false
  }

  var pool: ProcessPool
  var dangers = Dangers()
  private var random: SeededRandom
  private(set) var now = ContinuousClock.now
  private var nextPID: Int32 = 100
  private var spawning: [Int] = []
  private(set) var alive: [Int: Int32] = [:]
  private(set) var finishes = 0
  private(set) var outcomes: [UpgradeOutcome] = []
  private(set) var broken: [String] = []
  /// The fewest that were ready at any moment, and the most processes.
  private(set) var fewestReady = Int.max
  private(set) var mostAlive = 0

  init(_ definitions: [ProcessDefinition], random: SeededRandom) {
    self.random = random
    pool = ProcessPool(definitions, policy: .standard, seed: 7)
  }

  init(stages: [Int], random: SeededRandom) {
    self.init(
      stages.enumerated().map { index, stage in
        var definition = ProcessDefinition(
          name: "p\(index)", executable: "/bin/true", grace: .seconds(2), stage: stage, readiness: .message)
        definition.count = 1 + index % 3
        return definition
      }, random: random)
  }

  mutating func act(_ actions: [ProcessPool.Action]) {
    for action in actions {
      switch action {
      case .spawn(let id):
        expect(alive[id] == nil && !spawning.contains(id), "two of one member")
        spawning.append(id)
      case .signal(let id, let pid, let signal):
        expect(alive[id] == pid, "a signal for a stranger")
        // Half of them ignore SIGTERM; nobody ignores SIGKILL.
        if signal == .kill || random.below(2) == 0 { dying.append((id, .signaled(signal == .kill ? 9 : 15))) }
      case .finish: finishes += 1
      case .upgraded(let crew, let outcome):
        outcomes.append(outcome)
        let generation = pool.crews[crew].generation
        if case .replaced = outcome {
          expect(pool.members.allSatisfy { $0.crew != crew || $0.generation == generation }, "an old one is left")
        }
      case .report: break
      }
    }
    check()
    while !dying.isEmpty {
      let (id, end) = dying.removeFirst()
      die(id, end)
    }
  }

  private var dying: [(Int, ProcessEnd)] = []

  private mutating func check() {
    let places = pool.members.map { "\($0.crew).\($0.slot)" }
    expect(Set(places).count == places.count, "one slot twice: \(places)")
    fewestReady = min(fewestReady, pool.readyCount(0))
    mostAlive = max(mostAlive, pool.members.count { $0.crew == 0 })
  }

  private mutating func expect(_ isTrue: Bool, _ what: String) {
    if !isTrue { broken.append(what) }
  }

  mutating func forgetExtremes() { (fewestReady, mostAlive) = (.max, 0) }

  mutating func step() {
    now += .milliseconds(random.below(900))
    switch random.below(10) {
    case 0, 1, 2: launchOne()
    case 3 where dangers.deaths: if let id = anyone() { die(id, .exited(1)) }
    case 4, 5: getReady()
    case 6 where !dangers.isCalm && random.below(10) == 0: act(pool.stop(now: now))
    case 6 where !dangers.isCalm && random.below(20) == 0: act(pool.kill(now: now))
    case 7 where !dangers.isCalm: act(pool.scale(random.below(pool.crews.count), to: random.below(6), now: now))
    case 8 where !dangers.isCalm && random.below(3) == 0: upgradeOne()
    default: act(pool.tick(now: now))
    }
  }

  mutating func upgradeOne() {
    let plan = UpgradePlan(isFleet: random.below(2) == 0, extra: random.below(2) == 0 ? nil : 1 + random.below(3))
    if let begun = pool.upgrade(random.below(pool.crews.count), plan, now: now) { act(begun.actions) }
  }

  private mutating func anyone() -> Int? { alive.keys.sorted().randomElement(using: &random) }

  private mutating func getReady() {
    guard let id = anyone(), let member = pool.member(id), member.generation < dangers.brokenFrom else { return }
    act(pool.ready(id, now: now))
  }

  /// Lets things happen until all is as it should be; false when that does not come.
  mutating func settle(steps: Int = 4000) -> Bool {
    for _ in 0..<steps {
      if isSettled { return true }
      step()
    }
    return isSettled
  }

  private var isSettled: Bool {
    pool.crews.indices.allSatisfy { crew in
      let members = pool.members.filter { $0.crew == crew }
      return pool.crews[crew].upgrade == nil && members.count == pool.crews[crew].target
        && members.allSatisfy { $0.isReady && !pool.isOld($0) }
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
    let id = spawning.removeFirst()
    let generation = pool.member(id)?.generation ?? 0
    let fails = generation >= dangers.brokenFrom ? random.below(2) == 0 : dangers.deaths && random.below(6) == 0
    guard !fails else { return act(pool.ended(id, .notStarted(reason: "chance"), now: now)) }
    nextPID += 1
    alive[id] = nextPID
    act(pool.launched(id, pid: nextPID, now: now))
  }

  private mutating func die(_ id: Int, _ end: ProcessEnd) {
    guard alive.removeValue(forKey: id) != nil else { return }
    act(pool.ended(id, end, now: now))
  }
}
