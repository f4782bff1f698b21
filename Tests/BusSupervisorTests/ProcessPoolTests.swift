import Testing

@testable import BusSupervisor

/// The state machine: values in, actions out.
struct ProcessPoolTests {
  typealias Action = ProcessPool.Action

  static let start = ContinuousClock.now
  static func at(_ seconds: Double) -> ContinuousClock.Instant {
    start + .milliseconds(Int64((seconds * 1000).rounded()))
  }

  static let policy = RestartPolicy(spread: 0)

  /// Programs of one process each, ready once they run unless a line says so.
  static func pool(_ stages: [Int], ready: String? = nil, isRequired: Bool = false) -> ProcessPool {
    let definitions = stages.enumerated().map { index, stage in
      let line = stage == 0 ? ready : nil
      var definition = ProcessDefinition(
        name: "p.\(index + 1)", executable: "/bin/true", grace: .seconds(10), stage: stage,
        readiness: line.map { .line(prefix: $0) } ?? .after(.zero), isRequired: stage == 0 && isRequired)
      definition.isNumbered = false
      return definition
    }
    return ProcessPool(definitions, policy: policy, seed: 1)
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
        .report("p.1", .restarting(.signaled(9), uptime: .seconds(1), failures: 0, delay: .zero)), .spawn(0),
      ])
    #expect(pool.members.map(\.state) == [.spawning(since: Self.at(1))])
  }

  @Test func `EH9 one that never comes up waits longer each time and is forgiven once it was ready`() {
    var definition = ProcessDefinition(name: "p.1", executable: "/bin/true", readiness: .after(.seconds(1)))
    definition.isNumbered = false
    var pool = ProcessPool([definition], policy: Self.policy, seed: 1)
    _ = pool.start(now: Self.start)
    _ = pool.launched(0, pid: 101, now: Self.start)
    #expect(pool.nextDeadline == Self.at(1), "when it counts as ready")
    #expect(
      pool.ended(0, .exited(1), now: Self.at(0.9)) == [
        .report("p.1", .restarting(.exited(1), uptime: .milliseconds(900), failures: 1, delay: .milliseconds(500)))
      ])
    #expect(pool.nextDeadline == Self.at(1.4))
    #expect(pool.tick(now: Self.at(1.39)) == [])
    #expect(pool.tick(now: Self.at(1.4)) == [.spawn(0)])
    #expect(pool.nextDeadline == nil)
    _ = pool.ended(0, .notStarted(reason: "gone"), now: Self.at(1.4))
    #expect(pool.nextDeadline == Self.at(2.15))
    _ = pool.tick(now: Self.at(3))
    _ = pool.launched(0, pid: 102, now: Self.at(3))
    #expect(pool.tick(now: Self.at(4)) == [])
    #expect(pool.members.map(\.isReady) == [true])
    #expect(pool.ended(0, .exited(0), now: Self.at(4)).last == .spawn(0))
    _ = pool.launched(0, pid: 103, now: Self.at(4))
    _ = pool.ended(0, .exited(0), now: Self.at(4.5))
    #expect(pool.nextDeadline == Self.at(5), "the count begins anew")
  }

  @Test func `one that is ready and ends at once each time is held back from the second on`() {
    var pool = Self.running()
    #expect(pool.ended(0, .signaled(9), now: Self.at(0.1)).last == .spawn(0))
    _ = pool.launched(0, pid: 102, now: Self.at(0.1))
    #expect(pool.ended(0, .signaled(9), now: Self.at(0.2)).count == 1)
    #expect(pool.nextDeadline == Self.at(0.7))
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
      pool.stop(now: Self.at(1)) == [.report("p.1", .stopping(pid: 101)), .signal(0, pid: 101, .terminate)])
    #expect(pool.stop(now: Self.at(2)) == [])
    #expect(pool.nextDeadline == Self.at(11))
    #expect(pool.tick(now: Self.at(11)) == [.report("p.1", .killing(pid: 101)), .signal(0, pid: 101, .kill)])
    #expect(pool.nextDeadline == nil)
    #expect(pool.ended(0, .signaled(9), now: Self.at(11)) == [.report("p.1", .stopped(.signaled(9))), .finish])
    #expect(pool.isFinished)
  }

  @Test func `a second wish kills at once, and a third does nothing`() {
    var pool = Self.running()
    _ = pool.stop(now: Self.at(1))
    #expect(pool.kill(now: Self.at(1.1)) == [.report("p.1", .killing(pid: 101)), .signal(0, pid: 101, .kill)])
    #expect(pool.kill(now: Self.at(1.2)) == [])
    #expect(pool.nextDeadline == nil)
  }

  @Test func `one that waits for its restart ends with the stop`() {
    var pool = Self.running()
    _ = pool.ended(0, .exited(1), now: Self.at(0.1))
    _ = pool.ended(0, .notStarted(reason: "gone"), now: Self.at(0.1))
    #expect(pool.stop(now: Self.at(0.2)) == [.finish])
    #expect(pool.tick(now: Self.at(5)) == [])
  }

  @Test(arguments: [false, true]) func `one that is just being spawned is told as soon as it runs`(kills: Bool) {
    var pool = Self.pool([0])
    _ = pool.start(now: Self.start)
    #expect((kills ? pool.kill(now: Self.start) : pool.stop(now: Self.start)) == [])
    let expected: [Action] =
      kills
      ? [.report("p.1", .killing(pid: 101)), .signal(0, pid: 101, .kill)]
      : [.report("p.1", .stopping(pid: 101)), .signal(0, pid: 101, .terminate)]
    #expect(pool.launched(0, pid: 101, now: Self.start) == expected)
  }

  @Test func `one that cannot be spawned during a stop is over`() {
    var pool = Self.pool([0])
    _ = pool.start(now: Self.start)
    _ = pool.stop(now: Self.start)
    let end = ProcessEnd.notStarted(reason: "gone")
    #expect(pool.ended(0, end, now: Self.start) == [.report("p.1", .stopped(end)), .finish])
  }

  @Test func `a later stage waits until the earlier one is ready, and ends before it`() {
    var pool = Self.pool([0, 1, 1], ready: "busd ready")
    #expect(pool.start(now: Self.start) == [.spawn(0)])
    #expect(pool.launched(0, pid: 101, now: Self.start) == [])
    #expect(
      pool.ready(0, now: Self.at(0.2)) == [
        .report("p.1", .ready(pid: 101, after: .milliseconds(200))), .spawn(1), .spawn(2),
      ])
    #expect(pool.ready(0, now: Self.at(0.3)) == [])
    _ = pool.launched(1, pid: 102, now: Self.at(1))
    _ = pool.launched(2, pid: 103, now: Self.at(1))
    #expect(
      pool.stop(now: Self.at(2)) == [
        .report("p.2", .stopping(pid: 102)), .signal(1, pid: 102, .terminate),
        .report("p.3", .stopping(pid: 103)), .signal(2, pid: 103, .terminate),
      ])
    #expect(pool.ended(1, .exited(0), now: Self.at(3)) == [.report("p.2", .stopped(.exited(0)))])
    #expect(
      pool.ended(2, .exited(0), now: Self.at(3)) == [
        .report("p.3", .stopped(.exited(0))), .report("p.1", .stopping(pid: 101)), .signal(0, pid: 101, .terminate),
      ])
    #expect(pool.ended(0, .exited(0), now: Self.at(4)) == [.report("p.1", .stopped(.exited(0))), .finish])
  }

  @Test func `words that are heard before the process id is known count`() {
    var pool = Self.pool([0, 1], ready: "busd ready")
    _ = pool.start(now: Self.start)
    #expect(pool.ready(0, now: Self.at(0.1)) == [])
    #expect(
      pool.launched(0, pid: 101, now: Self.at(0.2)) == [
        .report("p.1", .ready(pid: 101, after: .milliseconds(200))), .spawn(1),
      ])
  }

  @Test func `one of an early stage that ends during the stop of a later one is not started again`() {
    var pool = Self.pool([0, 1])
    _ = pool.start(now: Self.start)
    _ = pool.launched(0, pid: 101, now: Self.start)
    _ = pool.launched(1, pid: 102, now: Self.start)
    _ = pool.stop(now: Self.at(5))
    #expect(pool.ended(0, .exited(3), now: Self.at(6)) == [.report("p.1", .stopped(.exited(3)))])
    #expect(pool.ended(1, .exited(0), now: Self.at(6)) == [.report("p.2", .stopped(.exited(0))), .finish])
  }

  @Test func `a required process that ends before it was ready ends everything`() {
    var pool = Self.pool([0, 1], ready: "busd ready", isRequired: true)
    _ = pool.start(now: Self.start)
    _ = pool.launched(0, pid: 101, now: Self.start)
    #expect(pool.ended(0, .exited(78), now: Self.at(0.1)) == [.report("p.1", .failed(.exited(78))), .finish])
    #expect(pool.failure == "p.1")
  }

  @Test func `a required process that was ready is started again`() {
    var pool = Self.pool([0, 1], ready: "busd ready", isRequired: true)
    _ = pool.start(now: Self.start)
    _ = pool.launched(0, pid: 101, now: Self.start)
    _ = pool.ready(0, now: Self.at(0.1))
    #expect(pool.ended(0, .signaled(9), now: Self.at(9)).last == .spawn(0))
    #expect(pool.failure == nil)
  }
}
