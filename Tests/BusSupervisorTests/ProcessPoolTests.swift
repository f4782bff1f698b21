import Testing

@testable import BusSupervisor

/// The state machine: values in, actions out.
struct ProcessPoolTests {
  typealias Action = ProcessPool.Action

  static let start = ContinuousClock.now
  static func at(_ seconds: Double) -> ContinuousClock.Instant {
    start + .milliseconds(Int64((seconds * 1000).rounded()))
  }

  static func pool(_ stages: [Int], ready: String? = nil, isRequired: Bool = false) -> ProcessPool {
    ProcessPool(
      stages.enumerated().map {
        ProcessDefinition(
          name: "p.\($0 + 1)", executable: "/bin/true", grace: .seconds(10), stage: $1,
          readyPrefix: $1 == 0 ? ready : nil, isRequired: $1 == 0 && isRequired)
      }, policy: .standard)
  }

  /// One process that runs as 101.
  static func running() -> ProcessPool {
    var pool = pool([0])
    _ = pool.start(now: start)
    _ = pool.launched(0, pid: 101, now: start)
    return pool
  }

  @Test func `no processes are finished at once`() {
    var pool = Self.pool([])
    #expect(pool.start(now: Self.start) == [.finish])
    #expect(pool.isFinished)
    #expect(pool.stop(now: Self.start) == [])
  }

  @Test func `one that was up is started again at once`() {
    var pool = Self.running()
    #expect(
      pool.ended(0, .signaled(9), now: Self.at(1)) == [
        .report(0, .restarting(.signaled(9), uptime: .seconds(1), failures: 0, delay: .zero)), .spawn(0),
      ])
    #expect(pool.states == [.spawning(since: Self.at(1))])
  }

  @Test func `one that never comes up waits longer each time and is forgiven once it settles`() {
    var pool = Self.running()
    #expect(
      pool.ended(0, .exited(1), now: Self.at(0.9)) == [
        .report(0, .restarting(.exited(1), uptime: .milliseconds(900), failures: 1, delay: .milliseconds(500)))
      ])
    #expect(pool.nextDeadline == Self.at(1.4))
    #expect(pool.tick(now: Self.at(1.39)) == [])
    #expect(pool.tick(now: Self.at(1.4)) == [.spawn(0)])
    #expect(pool.nextDeadline == nil)
    _ = pool.ended(0, .notStarted(reason: "gone"), now: Self.at(1.4))
    #expect(pool.nextDeadline == Self.at(2.15))
    _ = pool.tick(now: Self.at(3))
    _ = pool.launched(0, pid: 102, now: Self.at(3))
    #expect(pool.ended(0, .exited(0), now: Self.at(4)).last == .spawn(0))
    _ = pool.launched(0, pid: 103, now: Self.at(4))
    _ = pool.ended(0, .exited(0), now: Self.at(4.5))
    #expect(pool.nextDeadline == Self.at(5), "the count begins anew")
  }

  @Test func `a crash restarts that process only`() {
    var pool = Self.pool([0, 0])
    #expect(pool.start(now: Self.start) == [.spawn(0), .spawn(1)])
    _ = pool.launched(0, pid: 101, now: Self.start)
    _ = pool.launched(1, pid: 102, now: Self.start)
    let actions = pool.ended(0, .signaled(11), now: Self.at(5))
    #expect(actions.last == .spawn(0))
    #expect(!actions.contains(.spawn(1)))
  }

  @Test func `a stop tells it to end, kills it after its grace, and finishes when it ended`() {
    var pool = Self.running()
    #expect(
      pool.stop(now: Self.at(1)) == [.report(0, .stopping(pid: 101)), .signal(0, pid: 101, .terminate)])
    #expect(pool.stop(now: Self.at(2)) == [])
    #expect(pool.nextDeadline == Self.at(11))
    #expect(pool.tick(now: Self.at(11)) == [.report(0, .killing(pid: 101)), .signal(0, pid: 101, .kill)])
    #expect(pool.nextDeadline == nil)
    #expect(pool.ended(0, .signaled(9), now: Self.at(11)) == [.report(0, .stopped(.signaled(9))), .finish])
    #expect(pool.isFinished)
  }

  @Test func `a second wish kills at once, and a third does nothing`() {
    var pool = Self.running()
    _ = pool.stop(now: Self.at(1))
    #expect(pool.kill(now: Self.at(1.1)) == [.report(0, .killing(pid: 101)), .signal(0, pid: 101, .kill)])
    #expect(pool.kill(now: Self.at(1.2)) == [])
    #expect(pool.nextDeadline == nil)
  }

  @Test func `one that waits for its restart ends with the stop`() {
    var pool = Self.running()
    _ = pool.ended(0, .exited(1), now: Self.at(0.1))
    #expect(pool.stop(now: Self.at(0.2)) == [.finish])
    #expect(pool.tick(now: Self.at(5)) == [])
  }

  @Test(arguments: [false, true]) func `one that is just being spawned is told as soon as it runs`(kills: Bool) {
    var pool = Self.pool([0])
    _ = pool.start(now: Self.start)
    #expect((kills ? pool.kill(now: Self.start) : pool.stop(now: Self.start)) == [])
    let expected: [Action] =
      kills
      ? [.report(0, .killing(pid: 101)), .signal(0, pid: 101, .kill)]
      : [.report(0, .stopping(pid: 101)), .signal(0, pid: 101, .terminate)]
    #expect(pool.launched(0, pid: 101, now: Self.start) == [.report(0, .started(pid: 101))] + expected)
  }

  @Test func `one that cannot be spawned during a stop is over`() {
    var pool = Self.pool([0])
    _ = pool.start(now: Self.start)
    _ = pool.stop(now: Self.start)
    let end = ProcessEnd.notStarted(reason: "gone")
    #expect(pool.ended(0, end, now: Self.start) == [.report(0, .stopped(end)), .finish])
  }

  @Test func `a later stage waits until the earlier one is ready, and ends before it`() {
    var pool = Self.pool([0, 1, 1], ready: "busd ready")
    #expect(pool.start(now: Self.start) == [.spawn(0)])
    #expect(pool.launched(0, pid: 101, now: Self.start) == [.report(0, .started(pid: 101))])
    #expect(
      pool.ready(0, now: Self.at(0.2)) == [
        .report(0, .ready(pid: 101, after: .milliseconds(200))), .spawn(1), .spawn(2),
      ])
    #expect(pool.ready(0, now: Self.at(0.3)) == [])
    _ = pool.launched(1, pid: 102, now: Self.at(1))
    _ = pool.launched(2, pid: 103, now: Self.at(1))
    #expect(
      pool.stop(now: Self.at(2)) == [
        .report(1, .stopping(pid: 102)), .signal(1, pid: 102, .terminate),
        .report(2, .stopping(pid: 103)), .signal(2, pid: 103, .terminate),
      ])
    #expect(pool.ended(1, .exited(0), now: Self.at(3)) == [.report(1, .stopped(.exited(0)))])
    #expect(
      pool.ended(2, .exited(0), now: Self.at(3)) == [
        .report(2, .stopped(.exited(0))), .report(0, .stopping(pid: 101)), .signal(0, pid: 101, .terminate),
      ])
    #expect(pool.ended(0, .exited(0), now: Self.at(4)) == [.report(0, .stopped(.exited(0))), .finish])
  }

  @Test func `words that are heard before the process id is known count`() {
    var pool = Self.pool([0, 1], ready: "busd ready")
    _ = pool.start(now: Self.start)
    #expect(pool.ready(0, now: Self.at(0.1)) == [])
    #expect(
      pool.launched(0, pid: 101, now: Self.at(0.2)) == [
        .report(0, .started(pid: 101)), .report(0, .ready(pid: 101, after: .milliseconds(200))), .spawn(1),
      ])
  }

  @Test func `one of an early stage that ends during the stop of a later one is not started again`() {
    var pool = Self.pool([0, 1])
    _ = pool.start(now: Self.start)
    _ = pool.launched(0, pid: 101, now: Self.start)
    _ = pool.launched(1, pid: 102, now: Self.start)
    _ = pool.stop(now: Self.at(5))
    #expect(pool.ended(0, .exited(3), now: Self.at(6)) == [.report(0, .stopped(.exited(3)))])
    #expect(pool.ended(1, .exited(0), now: Self.at(6)) == [.report(1, .stopped(.exited(0))), .finish])
  }

  @Test func `a required process that ends before it was ready ends everything`() {
    var pool = Self.pool([0, 1], ready: "busd ready", isRequired: true)
    _ = pool.start(now: Self.start)
    _ = pool.launched(0, pid: 101, now: Self.start)
    #expect(pool.ended(0, .exited(78), now: Self.at(0.1)) == [.report(0, .failed(.exited(78))), .finish])
    #expect(pool.failure == 0)
  }

  @Test func `a required process that was ready is started again`() {
    var pool = Self.pool([0, 1], ready: "busd ready", isRequired: true)
    _ = pool.start(now: Self.start)
    _ = pool.launched(0, pid: 101, now: Self.start)
    _ = pool.ready(0, now: Self.at(0.1))
    #expect(pool.ended(0, .signaled(9), now: Self.at(9)).last == .spawn(0))
    #expect(pool.failure == nil)
  }

  @Test func `whatever comes in whatever order, a stop ends all and nothing runs afterwards`() {
    for seed in 0..<2000 {
      var random = SeededRandom(seed: UInt64(seed))
      var world = PoolWorld(stages: [0, 0, 1, 2], random: random)
      world.act(world.pool.start(now: Self.start))
      for _ in 0..<random.below(60) { world.step() }
      world.finish()
      #expect(world.pool.isFinished, "seed \(seed)")
      #expect(world.alive.isEmpty, "seed \(seed)")
      #expect(world.finishes == 1, "seed \(seed)")
      #expect(world.pool.nextDeadline == nil, "seed \(seed)")
    }
  }
}
