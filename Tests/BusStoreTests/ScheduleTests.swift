import BusProtocol
import BusStore
import Foundation
import Testing

/// Due times and their jobs, in one transaction.
struct ScheduleTests {
  private let start = Timestamp(microseconds: 1_800_000_000_000_000)
  private let name = ScheduleName(engine: "billing", name: "dunning")
  private let queue = QueueName(engine: "billing", name: "default")

  private func withStore(_ body: (_ reopen: () throws -> SQLiteJobStore) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory.appending(
      path: "bus-schedule-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try body { try SQLiteJobStore(path: directory.appending(path: "jobs.db").path, random: { 0.5 }) }
  }

  private func firing(_ seconds: [Int], skips: Bool = false, skipped: Int = 0, by definition: String = "a")
    -> ScheduleFiring
  {
    let runs = seconds.map { second in
      let due = start + .seconds(second)
      return ScheduleFiring.Run(due: due, job: NewJob(id: name.job(dueAt: due), queue: queue, worker: "Dunning"))
    }
    return ScheduleFiring(
      name: name, definition: definition, through: runs.last?.due ?? start + .seconds(1), runs: runs, skipped: skipped,
      skipsWhileUnfinished: skips)
  }

  private func status(_ store: SQLiteJobStore) throws -> ScheduleStatus { try #require(try store.schedules().first) }

  @Test func `X26 a due time makes one job, however often it is fired and whatever restarts`() throws {
    try withStore { reopen in
      var store = try reopen()
      _ = try store.perform([.plan([ScheduleDeclaration(name: name, definition: "a")])], at: start)
      for _ in 0..<3 {
        _ = try store.perform([.fire(firing([1])), .fire(firing([1]))], at: start + .seconds(1))
        try store.close()
        store = try reopen()
        let planned = try store.perform(
          [.plan([ScheduleDeclaration(name: name, definition: "a")])], at: start + .seconds(2))
        #expect(planned == [.planned([try status(store)])])
      }
      let kept = try status(store)
      #expect(kept.decidedAt == start + .seconds(1) && kept.fired == 1 && kept.skipped == 0)
      #expect(kept.lastDue == start + .seconds(1) && kept.lastJob == name.job(dueAt: start + .seconds(1)))
      #expect(try store.jobs(JobFilter()).map(\.id) == [name.job(dueAt: start + .seconds(1))])
      try store.close()
    }
  }

  @Test func `a failed transaction decides nothing`() throws {
    try withStore { reopen in
      let store = try reopen()
      _ = try store.perform([.plan([ScheduleDeclaration(name: name, definition: "a")])], at: start)
      try store.limit(pages: 1)
      #expect(throws: StoreError.self) {
        try store.perform([.fire(firing(Array(1...1000)))], at: start + .seconds(1000))
      }
      #expect(try status(store).decidedAt == start && status(store).fired == 0)
      #expect(try store.jobs(JobFilter()).isEmpty)
      try store.close()
    }
  }

  @Test func `a due time is skipped while the job before it is not finished`() throws {
    try withStore { reopen in
      let store = try reopen()
      _ = try store.perform([.plan([ScheduleDeclaration(name: name, definition: "a")])], at: start)
      _ = try store.perform([.fire(firing([1, 2], skips: true))], at: start + .seconds(2))
      _ = try store.perform([.fire(firing([3], skips: true, skipped: 4))], at: start + .seconds(3))
      #expect(try status(store).fired == 1 && status(store).skipped == 6)
      #expect(try status(store).lastDue == start + .seconds(1))
      let claim = Claim([Claim.Source(queue)], limit: 1, process: "p")
      guard case .claimed(let taken)? = try store.perform([.claim(claim)], at: start + .seconds(4)).first,
        let run = taken.first
      else { throw CancellationError() }
      _ = try store.perform(
        [.finish([JobResult(id: run.id, token: run.token, outcome: .done)])], at: start + .seconds(4))
      _ = try store.perform([.fire(firing([5], skips: true))], at: start + .seconds(5))
      #expect(try status(store).fired == 2 && status(store).skipped == 6)
      try store.close()
    }
  }

  @Test func `a changed definition begins anew, and one that is gone is forgotten`() throws {
    try withStore { reopen in
      let store = try reopen()
      _ = try store.perform([.plan([ScheduleDeclaration(name: name, definition: "a")])], at: start)
      _ = try store.perform([.fire(firing([1]))], at: start + .seconds(1))
      _ = try store.perform([.plan([ScheduleDeclaration(name: name, definition: "b")])], at: start + .seconds(9))
      #expect(try status(store).decidedAt == start + .seconds(9) && status(store).fired == 1)
      // By the old plan nothing is fired any more.
      #expect(
        try store.perform([.fire(firing([10]))], at: start + .seconds(10)) == [.fired([], try status(store))])
      _ = try store.perform([.plan([])], at: start + .seconds(11))
      #expect(try store.schedules().isEmpty)
      #expect(try store.perform([.fire(firing([12]))], at: start + .seconds(12)) == [.fired([], nil)])
      try store.close()
    }
  }

  // MARK: What binaries declare

  private func wish(_ name: Name, _ every: Duration = .seconds(60), of engine: Name = "billing") -> ScheduleWish {
    ScheduleWish(
      name: ScheduleName(engine: engine, name: name), timing: .every(every), overlap: .queue, catchUp: .all,
      job: NewJob(
        id: JobID(high: 0, low: 0), queue: QueueName(engine: engine, name: "default"), worker: "Tick",
        inputs: ["number": 7], queueLock: "tick"))
  }

  private func declare(
    _ wishes: [ScheduleWish], besides: Set<ScheduleName> = [], in store: SQLiteJobStore, at seconds: Int
  ) throws -> [DeclaredSchedule] {
    let replies = try store.perform(
      [.declareSchedules(wishes, of: "billing", besides: besides)], at: start + .seconds(seconds))
    let list = try store.declaredSchedules()
    #expect(replies == [.schedulesDeclared(list)])
    return list
  }

  @Test func `what a binary declares is kept over a restart, with all that it says`() throws {
    try withStore { reopen in
      let store = try reopen()
      _ = try declare([wish("tick"), wish("tock")], in: store, at: 0)
      _ = try store.perform([.declareSchedules([wish("other", of: "b")], of: "b", besides: [])], at: start)
      try store.close()
      let again = try reopen()
      #expect(
        try again.declaredSchedules().map(\.wish) == [wish("other", of: "b"), wish("tick"), wish("tock")])
      #expect(try again.declaredSchedules().allSatisfy { $0.declaredAt == start && $0.undeclaredAt == nil })
      try again.close()
    }
  }

  @Test func `what is not named is not declared any more, is kept, and can be forgotten then`() throws {
    try withStore { reopen in
      let store = try reopen()
      _ = try declare([wish("tick"), wish("tock"), wish("tack")], in: store, at: 0)
      let list = try declare([wish("tick")], besides: [wish("tack").name], in: store, at: 5)
      #expect(list.map(\.undeclaredAt) == [nil, nil, start + .seconds(5)])
      _ = try declare([], besides: [wish("tick").name, wish("tack").name], in: store, at: 7)
      #expect(try store.declaredSchedules() == list, "since when does not move")
      _ = try store.perform([.forgetSchedule(wish("tick").name), .forgetSchedule(wish("tock").name)], at: start)
      #expect(try store.declaredSchedules().map(\.wish.name.name) == ["tack", "tick"])
      try store.close()
    }
  }

  @Test func `who comes back within a minute was never away, who comes later begins anew`() throws {
    try withStore { reopen in
      let store = try reopen()
      _ = try declare([wish("tick")], in: store, at: 0)
      _ = try declare([], in: store, at: 100)
      #expect(try declare([wish("tick")], in: store, at: 160).map(\.declaredAt) == [start])
      _ = try declare([], in: store, at: 200)
      #expect(try declare([wish("tick")], in: store, at: 261).map(\.declaredAt) == [start + .seconds(261)])
      #expect(try store.declaredSchedules().map(\.undeclaredAt) == [nil])
      #expect(try declare([wish("tick", .seconds(5))], in: store, at: 300).map(\.wish) == [wish("tick", .seconds(5))])
      try store.close()
    }
  }
}
