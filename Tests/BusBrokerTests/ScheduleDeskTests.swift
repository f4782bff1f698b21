import BusProtocol
import BusStore
import BusTopology
import Testing

@testable import BusBroker

/// Which due times get a job.
struct ScheduleDeskTests {
  private let start = Timestamp(microseconds: 1_800_000_000_000_000)

  private func definition(
    _ overlap: ScheduleDefinition.Overlap = .skip, _ catchUp: ScheduleDefinition.CatchUp = .last,
    every: Duration = .seconds(60), isEnabled: Bool = true
  ) -> ScheduleDefinition {
    ScheduleDefinition(
      name: "dunning", rule: .every(every), worker: "Dunning", inputs: ["limit": 5], overlap: overlap,
      catchUp: catchUp, isEnabled: isEnabled)
  }

  /// A desk that the store has told where the schedule stands: at the start.
  private func desk(_ schedule: ScheduleDefinition) -> ScheduleDesk {
    var desk = ScheduleDesk(
      Topology(engines: [EngineDefinition(name: "billing", binary: "shop", schedules: [schedule])]))
    desk.settle(desk.declarations.map { ScheduleStatus(name: $0.name, definition: $0.definition, decidedAt: start) })
    return desk
  }

  private func settled(_ firing: ScheduleFiring) -> ScheduleStatus {
    ScheduleStatus(name: firing.name, definition: firing.definition, decidedAt: firing.through)
  }

  @Test func `a due time is fired once, whatever the clock does`() throws {
    var desk = desk(definition())
    #expect(desk.nextDue == start + .seconds(60))
    #expect(desk.due(now: start + .seconds(59)).isEmpty)
    let firing = try #require(desk.due(now: start + .seconds(60)).first)
    #expect(firing.runs.map(\.due) == [start + .seconds(60)])
    #expect(firing.skipped == 0 && firing.through == start + .seconds(60))
    desk.settle([settled(firing)])
    #expect(desk.due(now: start + .seconds(60)).isEmpty)
    #expect(desk.due(now: start - .seconds(3600)).isEmpty)
    #expect(desk.due(now: start + .seconds(119)).isEmpty)
    #expect(desk.nextDue == start + .seconds(120))
  }

  @Test func `the job of a due time has one id for ever, and the definition's words`() throws {
    let jobs = try (0..<2).map { _ in
      var desk = desk(definition())
      return try #require(desk.due(now: start + .seconds(61)).first?.runs.first?.job)
    }
    #expect(jobs[0] == jobs[1])
    #expect(jobs[0].id.time == start + .seconds(60))
    #expect(jobs[0].queue == QueueName(engine: "billing", name: "default"))
    #expect(jobs[0].worker == "Dunning" && jobs[0].inputs == ["limit": 5] && jobs[0].workerLock == nil)
    #expect(jobs[0].id != ScheduleName(engine: "billing", name: "other").job(dueAt: start + .seconds(60)))
    var queued = desk(definition(.queue))
    #expect(queued.due(now: start + .seconds(60)).first?.runs.first?.job.workerLock == "schedule:billing/dunning")
  }

  @Test func `X16 ten hours of downtime are what the policy says: one job, none, or all`() throws {
    let now = start + .seconds(36_000 + 30)
    var last = desk(definition(.skip, .last))
    let one = try #require(last.due(now: now).first)
    #expect(one.runs.map(\.due) == [start + .seconds(36_000)] && one.skipped == 599)
    var late = desk(definition(.skip, .none, every: .seconds(600)))
    let none = try #require(late.due(now: start + .seconds(36_061)).first)
    #expect(none.runs.isEmpty && none.skipped == 60 && none.through == start + .seconds(36_000))
    var punctual = desk(definition(.skip, .none, every: .seconds(600)))
    #expect(try #require(punctual.due(now: start + .seconds(36_060)).first).runs.count == 1)
    var all = desk(definition(.allow, .all))
    let each = try #require(all.due(now: now).first)
    #expect(each.runs.map(\.due) == (1...600).map { start + .seconds(60 * $0) } && each.skipped == 0)
  }

  @Test func `all is bounded, and what is beyond is skipped`() throws {
    var desk = desk(definition(.allow, .all, every: .seconds(1)))
    let firing = try #require(desk.due(now: start + .seconds(5000)).first)
    #expect(firing.runs.count == ScheduleDesk.maximumCatchUp)
    #expect(firing.skipped == 4000 && firing.through == start + .seconds(5000))
  }

  @Test func `what the store refused is due again after a pause`() {
    var desk = desk(definition())
    let now = start + .seconds(60)
    #expect(desk.due(now: now).count == 1)
    #expect(desk.due(now: now).isEmpty)
    #expect(desk.nextDue == now + ScheduleDesk.pause)
    #expect(desk.due(now: now + ScheduleDesk.pause).count == 1)
  }

  @Test func `nothing is due before the store has said where a schedule stands, or while it is switched off`() {
    var silent = ScheduleDesk(
      Topology(engines: [EngineDefinition(name: "billing", binary: "shop", schedules: [definition()])]))
    #expect(silent.due(now: start).isEmpty && silent.nextDue == nil)
    let off = desk(definition(isEnabled: false))
    #expect(off.declarations.isEmpty && off.nextDue == nil)
    #expect(ScheduleDesk(nil).declarations.isEmpty)
  }

  @Test func `a paused schedule that catches nothing up lets its due times pass, and counts them`() throws {
    var desk = desk(definition(.skip, .none))
    desk.hold(ScheduleName(engine: "billing", name: "dunning"), Pause(since: start))
    let firing = try #require(desk.due(now: start + .seconds(60)).first)
    #expect(firing.runs.isEmpty && firing.skipped == 1)
    desk.settle([settled(firing)])
    #expect(try #require(desk.due(now: start + .seconds(120)).first).runs.count == 1, "the store says that it goes on")
  }

  @Test(arguments: [(ScheduleDefinition.CatchUp.last, 1, 2), (.all, 3, 0)])
  func `a paused schedule that catches up waits, and makes up for what was missed when it goes on`(
    catchUp: ScheduleDefinition.CatchUp, runs: Int, skipped: Int
  ) throws {
    var desk = desk(definition(.allow, catchUp))
    let name = ScheduleName(engine: "billing", name: "dunning")
    desk.hold(name, Pause(since: start))
    #expect(desk.due(now: start + .seconds(190)).isEmpty && desk.nextDue == nil)
    desk.hold(name, nil)
    let firing = try #require(desk.due(now: start + .seconds(190)).first)
    #expect(firing.runs.count == runs && firing.skipped == skipped)
  }
}
