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

  // MARK: What binaries declare

  private func declared(
    _ name: Name = "tick", every: Duration = .seconds(60), at: Timestamp? = nil, undeclaredAt: Timestamp? = nil
  ) -> DeclaredSchedule {
    let job = NewJob(
      id: JobID(high: 0, low: 0), queue: QueueName(engine: "billing", name: "mail"), worker: "Tick",
      inputs: ["number": 7], queueLock: "tick", priority: 5)
    return DeclaredSchedule(
      wish: ScheduleWish(
        name: ScheduleName(engine: "billing", name: name), timing: .every(every), catchUp: .all, job: job),
      declaredAt: at ?? start, undeclaredAt: undeclaredAt)
  }

  private func settle(_ desk: inout ScheduleDesk, at moment: Timestamp) {
    desk.settle(
      desk.declarations.map { ScheduleStatus(name: $0.name, definition: $0.definition, decidedAt: moment) })
  }

  @Test func `QB12 a binary's schedule makes the job that it declares, of its time`() throws {
    var desk = ScheduleDesk(nil)
    #expect(desk.declare([declared()]) == true)
    #expect(desk.nextDue == nil, "the store has not said where it stands")
    settle(&desk, at: start)
    let job = try #require(desk.due(now: start + .seconds(60)).first?.runs.first?.job)
    #expect(job.id == ScheduleName(engine: "billing", name: "tick").job(dueAt: start + .seconds(60)))
    #expect(job.queue == QueueName(engine: "billing", name: "mail") && job.worker == "Tick")
    #expect(job.inputs == ["number": 7] && job.queueLock == "tick" && job.priority == 5 && job.dueAt == nil)
    #expect(job.cause == JobCause(source: "schedule:billing/tick"))
    #expect(desk.declare([declared()]) == false, "a second process says the same: nothing is planned anew")
    #expect(desk.nextDue != nil)
  }

  @Test func `the topology's schedule of a name takes the binary's place, also switched off`() throws {
    for isEnabled in [true, false] {
      var desk = desk(definition(isEnabled: isEnabled))
      #expect(desk.declare([declared("dunning", every: .seconds(1))]) == false)
      #expect(desk.nextDue == (isEnabled ? start + .seconds(60) : nil))
      #expect(desk.isWired(ScheduleName(engine: "billing", name: "dunning")))
    }
  }

  @Test func `what no binary declares any more keeps its place and makes no jobs`() throws {
    var desk = ScheduleDesk(nil)
    _ = desk.declare([declared()])
    settle(&desk, at: start)
    #expect(desk.declare([declared(undeclaredAt: start + .seconds(61))]) == false, "the store keeps where it stands")
    #expect(desk.declarations.count == 1 && desk.nextDue == nil)
    #expect(desk.due(now: start + .seconds(600)).isEmpty)
    #expect(desk.declare([declared()]) == false)
    #expect(desk.due(now: start + .seconds(120)).first?.runs.count == 2, "who was away for a moment was never away")
    _ = desk.declare([declared(at: start + .seconds(6000))])
    #expect(desk.due(now: start + .seconds(6059)).isEmpty, "who was away for long begins anew")
    #expect(desk.nextDue == start + .seconds(6060))
    #expect(desk.declare([]) == true)
    #expect(desk.declarations.isEmpty)
  }

  @Test func `a rule that this machine cannot read is told, and stops no other`() {
    var desk = ScheduleDesk(nil)
    var odd = declared("odd")
    odd.wish.timing = .cron("0 8 * * *", timeZone: "Nowhere/Land")
    _ = desk.declare([odd, declared()])
    settle(&desk, at: start)
    #expect(desk.problems[odd.wish.name]?.problem == "there is no such time zone")
    #expect(desk.nextDue == start + .seconds(60))
  }

  @Test func `an old binary and a new one both count, until the old one's last process is gone`() {
    var tellers = ScheduleTellers()
    let (old, new) = (SessionID(rawValue: 1), SessionID(rawValue: 2))
    let (tick, tock) = (ScheduleName(engine: "a", name: "tick"), ScheduleName(engine: "a", name: "tock"))
    tellers.tell([tick, tock], of: "a", by: old)
    tellers.tell([tick], of: "a", by: new)
    #expect(tellers.names(of: "a") == [tick, tock] && tellers.names(of: "b").isEmpty)
    #expect(tellers.leave(old) == "a")
    #expect(tellers.names(of: "a") == [tick])
    #expect(tellers.leave(new) == nil, "nobody is there who would say otherwise")
    #expect(tellers.leave(old) == nil)
  }
}
