import BusProtocol
import Foundation
import Synchronization
import Testing

@testable import BusSupervisor

/// What somebody should look at, told once.
@Suite(.timeLimit(.minutes(1)))
struct AlarmTests {
  static let start = ContinuousClock.now

  static func pool(_ count: Int, _ change: (inout ProcessDefinition) -> Void = { _ in }) -> ProcessPool {
    var definition = ProcessDefinition(name: "p", executable: "/bin/true", readiness: .message)
    definition.count = count
    change(&definition)
    var pool = ProcessPool([definition], policy: RestartPolicy(spread: 0, alarmAfter: 3), seed: 1)
    _ = pool.start(now: start)
    return pool
  }

  /// Lets a process start and fail so often, each when it is due; what was told.
  static func fail(
    _ pool: inout ProcessPool, _ id: Int, times: Int, at now: inout ContinuousClock.Instant
  ) -> [SupervisorNotice] {
    var actions: [ProcessPool.Action] = []
    for _ in 0..<times {
      actions += pool.launched(id, pid: 7, now: now)
      actions += pool.ended(id, .exited(3), now: now)
      if let next = pool.nextDeadline { now = max(now, next) }
      actions += pool.tick(now: now)
    }
    return notices(actions)
  }

  static func notices(_ actions: [ProcessPool.Action]) -> [SupervisorNotice] {
    actions.compactMap { action in
      guard case .report(_, let notice) = action else { return nil }
      switch notice {
      case .looping, .recovered: return notice
      default: return nil
      }
    }
  }

  @Test func `EH9 a crash loop is told once, whoever of a program is in it, and its end too`() {
    var pool = Self.pool(2)
    var now = Self.start
    #expect(Self.fail(&pool, 0, times: 2, at: &now) == [])
    #expect(Self.fail(&pool, 0, times: 1, at: &now) == [.looping(.exited(3), failures: 3)])
    #expect(Self.fail(&pool, 0, times: 4, at: &now) == [], "it is known")
    #expect(Self.fail(&pool, 1, times: 4, at: &now) == [], "it is one program")
    for id in 0...1 {
      _ = pool.launched(id, pid: 7, now: now)
      #expect(Self.notices(pool.ready(id, now: now)) == [], "it has to stay up")
    }
    #expect(pool.nextDeadline == now + .seconds(10))
    #expect(Self.notices(pool.tick(now: now + .seconds(10))) == [.recovered])
    #expect(pool.nextDeadline == nil)
  }

  @Test func `one that gets ready and ends again and again is no recovery`() {
    var pool = Self.pool(1)
    var now = Self.start
    #expect(Self.fail(&pool, 0, times: 3, at: &now).count == 1)
    for _ in 0..<5 {
      _ = pool.launched(0, pid: 7, now: now)
      _ = pool.ready(0, now: now)
      now += .seconds(5)
      #expect(Self.notices(pool.tick(now: now)) == [])
      #expect(Self.notices(pool.ended(0, .exited(3), now: now)) == [])
      now += .seconds(1)
      #expect(Self.notices(pool.tick(now: now)) == [])
    }
    #expect(Self.notices(pool.scale(0, to: 0, now: now)) == [.recovered], "none is there that fails")
  }

  @Test func `one that does not get ready in time is aborted, and its start has failed`() {
    var pool = Self.pool(1) { $0.startLimit = .seconds(60) }
    _ = pool.launched(0, pid: 7, now: Self.start)
    #expect(pool.nextDeadline == Self.start + .seconds(60))
    #expect(pool.tick(now: Self.start + .seconds(59)) == [])
    let late = Self.start + .seconds(60)
    #expect(
      pool.tick(now: late) == [
        .report("p.1", .late(pid: 7, after: .seconds(60))), .signal(0, pid: 7, .abort),
      ])
    #expect(pool.nextDeadline == late + ProcessPool.abortGrace, "it may not end by that")
    let end = ProcessEnd.signaled(6)
    #expect(
      pool.ended(0, end, now: late) == [
        .report("p.1", .restarting(end, uptime: .seconds(60), failures: 1, delay: .milliseconds(500)))
      ])
    #expect(pool.members.first?.status == "was not ready after 1m")
    #expect(pool.tick(now: late + .milliseconds(500)) == [.spawn(0)])
    #expect(pool.members.first?.status == nil)
    _ = pool.launched(0, pid: 8, now: late)
    _ = pool.ready(0, now: late)
    #expect(pool.nextDeadline == nil, "it is ready")
  }

  @Test func `a real process that does not get ready in time is aborted and started again`() async throws {
    let run = Run(
      [HealthTests.telling("echo up $$; exec sleep 1000") { $0.startLimit = .milliseconds(200) }],
      policy: RestartPolicy(base: .milliseconds(1)))
    let first = try await run.number(after: "up", from: "a.1")
    let second = try await run.number(after: "up", from: "a.1", occurrence: 2)
    #expect(first != second)
    let (late, end) = (try #require(run.lines.firstIndex { Self.isLate($0, first) }), run.lines.compactMap(Self.end))
    #expect(run.lines[..<late].contains(.notice(process: "a.1", .started(pid: first))))
    #expect(end.first == .signaled(SIGABRT))
    run.wish(.atOnce)
    #expect(await run.outcome() == .stopped)
  }

  private static func isLate(_ line: Supervisor.Line, _ pid: Int32) -> Bool {
    if case .notice(_, .late(pid, _)) = line { true } else { false }
  }

  private static func end(_ line: Supervisor.Line) -> ProcessEnd? {
    if case .notice(_, .restarting(let end, _, _, _)) = line { end } else { nil }
  }

  @Test func `a process is said to be started before its first line is heard`() async throws {
    let run = Run([SupervisorTests.numbered("a", "echo up $$; exec sleep 1000", count: 40)])
    for slot in 1...40 {
      let name = "a.\(slot)"
      let pid = try await run.number(after: "up", from: name)
      let own = run.lines.filter { line in
        switch line {
        case .output(let process, _), .notice(let process, _): process == name
        }
      }
      #expect(own.first == .notice(process: name, .started(pid: pid)))
    }
    #expect(await run.stop() == .stopped)
  }

  @Test func `HK6 one that has done its jobs is replaced by one that is ready first`() {
    var pool = Self.pool(1) { $0.recycling = Recycling(jobs: 1000, spread: 0.5) }
    let limit = pool.members[0].limits.jobs ?? 0
    #expect((500...1000).contains(limit))
    _ = pool.launched(0, pid: 7, now: Self.start)
    _ = pool.ready(0, now: Self.start)
    #expect(pool.worked(0, jobs: limit - 1, now: Self.start) == [])
    #expect(pool.worked(0, jobs: limit, now: Self.start) == [.report("p.1", .worn(.tooBusy(limit))), .spawn(1)])
    #expect(pool.worked(0, jobs: limit + 100, now: Self.start) == [], "once is enough")
    _ = pool.launched(1, pid: 8, now: Self.start)
    #expect(pool.ready(1, now: Self.start).contains(.signal(0, pid: 7, .terminate)))
  }

  @Test func `HK6 the number of jobs is said to the process and heard from it`() async throws {
    let script = """
      echo limit $BUS_RECYCLE_JOBS; tell READY=1; echo up $$; trap 'echo ended $$; exit' TERM
      [ $BUS_SLOT = 2 ] || tell X_BUS_JOBS=$BUS_RECYCLE_JOBS; while :; do sleep 0.02; done
      """
    let run = Run([HealthTests.telling(script) { $0.recycling = Recycling(jobs: 100) }])
    let limit = try await run.number(after: "limit", from: "a.1")
    #expect((85...100).contains(limit))
    let first = try await run.number(after: "up", from: "a.1")
    #expect(try await run.number(after: "ended", from: "a.1") == first)
    _ = try await run.number(after: "up", from: "a.2")
    #expect(run.lines.contains(.notice(process: "a.1", .worn(.tooBusy(Int(limit))))))
    run.wish(.atOnce)
    #expect(await run.outcome() == .stopped)
  }

  @Test func `an alert says what the process said last and how it ended`() async throws {
    let alerts = Mutex<[SupervisorAlert]>([])
    var definition = SupervisorTests.numbered("a", "echo no INDEX_URL >&2; exit 3", count: 1)
    definition.readiness = .message
    let (wishes, feed) = AsyncStream.makeStream(of: StopWish.self)
    let supervisor = Supervisor(
      [definition], policy: RestartPolicy(base: .milliseconds(1), factor: 1, alarmAfter: 3), environment: [:],
      alert: { alert in
        alerts.withLock { $0.append(alert) }
        feed.yield(.gracefully)
      }, tell: { _ in })
    #expect(await supervisor.run(until: wishes) == .stopped)
    let alert = try #require(alerts.withLock { $0.first })
    #expect(alert.kind == .crashLoop)
    #expect(alert.engine == "a")
    #expect(alert.process == "a.1")
    #expect(alert.end == .exited(3))
    #expect(alert.output.last == "no INDEX_URL")
    #expect(JSONValue.object(alert.data)["exit_code"] == 3)
    #expect(alerts.withLock { $0.count { $0.kind == .crashLoop } } == 1)
  }
}
