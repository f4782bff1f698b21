import Testing

@testable import BusSupervisor

/// The state machine under chance: what must hold whatever comes.
struct PoolChanceTests {
  static func world(_ count: Int, seed: UInt64) -> PoolWorld {
    var definition = ProcessDefinition(
      name: "p", executable: "/bin/true", grace: .seconds(2), readiness: .message)
    definition.count = count
    var world = PoolWorld([definition], random: SeededRandom(seed: seed))
    world.dangers = PoolWorld.Dangers(deaths: false, isCalm: true)
    world.act(world.pool.start(now: world.now))
    return world
  }

  static func settle(_ world: inout PoolWorld, _ seed: Int) {
    let isSettled = world.settle()
    #expect(isSettled, "seed \(seed): \(world.pool.members)")
  }

  @Test func `whatever comes in whatever order, a stop ends all and nothing runs afterwards`() {
    for seed in 0..<1500 {
      var random = SeededRandom(seed: UInt64(seed))
      var world = PoolWorld(stages: [0, 0, 1, 2], random: random)
      world.act(world.pool.start(now: world.now))
      for _ in 0..<random.below(120) { world.step() }
      world.finish()
      #expect(world.pool.isFinished, "seed \(seed)")
      #expect(world.alive.isEmpty, "seed \(seed)")
      #expect(world.finishes == 1, "seed \(seed)")
      #expect(world.pool.nextDeadline == nil, "seed \(seed)")
      #expect(world.broken == [], "seed \(seed)")
    }
  }

  @Test func `EH10 whatever was wished, all comes to be as wished and no slot is given twice`() {
    for seed in 0..<300 {
      var world = PoolWorld(stages: [0, 0], random: SeededRandom(seed: UInt64(seed)))
      world.act(world.pool.start(now: world.now))
      for _ in 0..<80 { world.step() }
      guard world.pool.isServing else { continue }
      world.dangers = PoolWorld.Dangers(deaths: false, isCalm: true)
      let isSettled = world.settle()
      #expect(isSettled, "seed \(seed): \(world.pool.members)")
      #expect(world.broken == [], "seed \(seed)")
    }
  }

  @Test(arguments: [false, true])
  func `EH4 EH6 an upgrade keeps N ready and N + extra at most, at each step`(isFleet: Bool) {
    for seed in 0..<200 {
      let count = 1 + seed % 7
      var world = Self.world(count, seed: UInt64(seed))
      Self.settle(&world, seed)
      world.forgetExtremes()
      let plan = UpgradePlan(isFleet: isFleet, extra: seed % 3 == 0 ? nil : 1 + seed % 3, deadline: .seconds(100_000))
      let begun = world.pool.upgrade(0, plan, now: world.now)
      #expect(begun?.generation == 1)
      world.act(begun?.actions ?? [])
      Self.settle(&world, seed)
      #expect(world.fewestReady >= count, "seed \(seed)")
      #expect(world.mostAlive <= count + plan.extra(over: count), "seed \(seed)")
      #expect(world.pool.members.allSatisfy { $0.generation == 1 }, "seed \(seed)")
      #expect(world.broken == [], "seed \(seed)")
      guard case .replaced(count, _, _)? = world.outcomes.first, world.outcomes.count == 1 else {
        Issue.record("seed \(seed): \(world.outcomes)")
        continue
      }
    }
  }

  @Test(arguments: [false, true])
  func `X29 an upgrade that does not work is taken back, and N are ready all the time`(isFleet: Bool) {
    for seed in 0..<200 {
      let count = 1 + seed % 7
      var world = Self.world(count, seed: UInt64(seed))
      Self.settle(&world, seed)
      world.dangers.brokenFrom = 1
      world.forgetExtremes()
      let begun = world.pool.upgrade(0, UpgradePlan(isFleet: isFleet), now: world.now)
      world.act(begun?.actions ?? [])
      Self.settle(&world, seed)
      #expect(world.fewestReady >= count, "seed \(seed)")
      #expect(world.pool.members.allSatisfy { $0.generation == 0 }, "seed \(seed)")
      guard case .takenBack? = world.outcomes.first, world.outcomes.count == 1 else {
        Issue.record("seed \(seed): \(world.outcomes)")
        continue
      }
    }
  }

  @Test func `X29 old ones that die during an upgrade that does not work are replaced`() {
    for seed in 0..<200 {
      var world = Self.world(3, seed: UInt64(seed))
      Self.settle(&world, seed)
      world.dangers.brokenFrom = 1
      world.act(world.pool.upgrade(0, UpgradePlan(), now: world.now)?.actions ?? [])
      world.dangers.deaths = true
      for _ in 0..<40 { world.step() }
      world.dangers.deaths = false
      Self.settle(&world, seed)
      #expect(world.pool.members.count == 3, "seed \(seed)")
      #expect(world.pool.members.allSatisfy { $0.generation == 0 }, "seed \(seed)")
    }
  }
}
