import BusProtocol
import BusStore

extension JobStoreConformance {
  private static let schedule = ScheduleName(engine: "shop", name: "tick")
  private static let subscription = SubscriptionName(engine: "shop", name: "index")

  static let insightRules = keptRules + ledgerRules + standingRules

  private static let keptRules = [
    Rule("X22 what retention forgot stays in the counts, beside what is kept") { bench in
      let wishes = (1...5).map { _ in bench.wish() }
      for wish in wishes { try bench.enqueue(wish) }
      for run in try bench.claim(3) { try bench.finish(run) }
      _ = try bench.change(wishes[3].id, .purge(reason: nil))
      _ = try bench.one(.prune(HistoryRetention(age: .seconds(60), maximumCount: 1), limit: 99))
      try bench.reopen()
      let counts = try bench.store.queueCounts().first
      try bench.expect(counts?.totals.pruned, is: 3, "pruned")
      try bench.expect(counts?.kept, is: 1, "kept")
      try bench.expect(counts?.totals.done, is: 3, "done")
    },
    Rule("a schedule stays paused over restarts and new plans, by the first who paused it") { bench in
      let plan = StoreCommand.plan([ScheduleDeclaration(name: schedule, definition: "a")])
      let (pause, second) = (Pause(reason: "audit", since: bench.now), Pause(reason: "me too", since: bench.now))
      let unknown = try bench.one(.holdSchedule(schedule, pause))
      try bench.expect(unknown, is: .held(isKnown: false, before: nil), "no such schedule")
      _ = try bench.one(plan)
      try bench.expect(try bench.one(.holdSchedule(schedule, pause)), is: .held(isKnown: true, before: nil), "paused")
      try bench.expect(
        try bench.one(.holdSchedule(schedule, second)), is: .held(isKnown: true, before: pause), "paused again")
      let due = bench.now + .seconds(1)
      let firing = ScheduleFiring(
        name: schedule, definition: "a", through: due, runs: [.init(due: due, job: bench.wish())], skipped: 0,
        skipsWhileUnfinished: false)
      guard case .fired([], let kept?) = try bench.one(.fire(firing)), kept.pause == pause else {
        throw Broken(description: "a paused schedule made a job")
      }
      try bench.reopen()
      _ = try bench.one(.plan([ScheduleDeclaration(name: schedule, definition: "b")]))
      try bench.expect(try bench.store.schedules().map(\.pause), is: [pause], "kept")
      try bench.expect(
        try bench.one(.holdSchedule(schedule, nil)), is: .held(isKnown: true, before: pause), "resumed")
      try bench.expect(try bench.store.schedules().map(\.pause), is: [nil], "resumed")
    },
    Rule("a paused subscription keeps its cursor, and its runner can commit nothing") { bench in
      let pause = Pause(reason: "reindex", since: bench.now)
      let hold = StoreCommand.holdSubscription(subscription, pause)
      try bench.expect(try bench.one(hold), is: .held(isKnown: false, before: nil), "no such subscription")
      let declaration = SubscriptionDeclaration(name: subscription, patterns: ["*"], start: Offset(7))
      _ = try bench.one(.declare(declaration))
      guard case .leased(let token, _) = try bench.one(.lease(subscription: subscription)) else { return }
      try bench.expect(try bench.one(hold), is: .held(isKnown: true, before: nil), "paused")
      let commit = CursorCommit(
        subscription: subscription, token: token, from: Offset(7), through: Offset(9), jobs: [bench.wish()])
      try bench.expect(try bench.one(.commit(commit)), is: .refused(.staleLease), "the commit")
      try bench.reopen()
      _ = try bench.one(.declare(declaration))
      let kept = try bench.store.subscriptions().first
      try bench.expect(kept?.pause, is: pause, "the pause")
      try bench.expect(kept?.cursor, is: Offset(7), "the cursor")
      try bench.expect(try bench.store.minimumCursor(), is: Offset(7), "what is kept for it")
      try bench.expect(
        try bench.one(.holdSubscription(subscription, nil)), is: .held(isKnown: true, before: pause), "resumed")
      try bench.expect(try bench.store.subscriptions().first?.pause, is: nil, "resumed")
    },
  ]

  private static let ledgerRules = [
    Rule("a queue lock tells how many runs it saved, also when no job has it any more") { bench in
      let first = bench.now
      let wish = bench.wish(queueLock: "k")
      try bench.enqueue(wish)
      let merged = (1...3).map { _ in bench.wish(queueLock: "k") }
      _ = try bench.one(.enqueue(merged))
      try bench.expect(try bench.enqueue(merged[0]), is: .merged(into: wish.id), "asked again")
      try bench.expect(try bench.store.target(ofWish: merged[2].id), is: wish.id, "the job of a wish")
      try bench.expect(try bench.store.target(ofWish: wish.id), is: nil, "a job is no wish")
      let line = try bench.store.line(ofLock: "k", limit: 10)
      try bench.expect(line.keeper?.id, is: wish.id, "who waits with it")
      try bench.expect(Set(line.merges.map(\.id)), is: Set(merged.map(\.id)), "the wishes")
      try bench.finish(try bench.claimOne())
      bench.now = bench.now + .seconds(60)
      for _ in 1...2 { try bench.enqueue(bench.wish("Other", queueLock: "k")) }
      try bench.reopen()
      let expected = [
        LockSaving(lock: "k", worker: "shop.Work", saved: 3, since: first, last: first),
        LockSaving(lock: "k", worker: "shop.Other", saved: 1, since: bench.now, last: bench.now),
      ]
      try bench.expect(try bench.store.savings(limit: 10), is: expected, "the ledger")
      try bench.expect(try bench.store.line(ofLock: "k", limit: 10).savings, is: expected, "of the lock")
    },
    Rule("a lock that saved nothing for long counts for its worker alone") { bench in
      for key in ["a", "b"] {
        for _ in 1...3 { try bench.enqueue(bench.wish(queueLock: key)) }
        bench.now = bench.now + .seconds(100)
      }
      let retention = HistoryRetention(age: .seconds(150), maximumCount: 99)
      for _ in 1...2 { _ = try bench.one(.prune(retention, limit: 99)) }
      let kept = try bench.store.savings(limit: 10)
      try bench.expect(Set(kept.map(\.lock)), is: ["", "b"], "the locks")
      try bench.expect(kept.map(\.saved), is: [2, 2], "the sums")
    },
    Rule("the ledger is bounded by the number of its locks") { bench in
      let keys = (0..<(LockSaving.maximumCount + 50)).map { "k\($0)" }
      for start in stride(from: 0, to: keys.count, by: 2000) {
        let some = keys[start..<min(start + 2000, keys.count)]
        _ = try bench.one(.enqueue(some.flatMap { key in (1...2).map { _ in bench.wish(queueLock: key) } }))
      }
      let kept = try bench.store.savings(limit: 20_000)
      try bench.expect(kept.count, is: LockSaving.maximumCount + 1, "the rows")
      try bench.expect(kept.first, is: kept.first { $0.lock.isEmpty }, "the rest")
      try bench.expect(kept.first?.saved, is: 50, "the sum of the rest")
    },
  ]

  private static let standingRules = [
    Rule("BS8 the jobs of a queue are told in the order in which they go, and nothing changes") { bench in
      let wishes = [
        bench.wish(priority: 1), bench.wish(priority: 5), bench.wish(priority: 5), bench.wish(dueIn: .seconds(60)),
        bench.wish(dueIn: .seconds(30)),
      ]
      for wish in wishes { try bench.enqueue(wish) }
      func peek(_ state: JobState) throws -> [JobID] {
        try bench.store.jobs(JobFilter(state: state, queue: shopDefault, limit: 9, sort: .next)).map(\.id)
      }
      let order = [wishes[1], wishes[2], wishes[0]].map(\.id)
      try bench.expect(try peek(.ready), is: order, "those that are ready")
      try bench.expect(try peek(.scheduled), is: [wishes[4].id, wishes[3].id], "those that are scheduled")
      try bench.expect(try bench.claim(9).map(\.id), is: order, "who goes")
    },
    Rule("what a blocked job waits for is told: who holds it, and how many go before it") { bench in
      let wishes = (1...4).map { _ in bench.wish(workerLock: "w") }
      for wish in wishes { try bench.enqueue(wish) }
      var standing = try bench.standing(wishes[2].id)
      try bench.expect(standing.next, is: wishes[0].id, "who goes first")
      try bench.expect(standing.ahead, is: 2, "how many before it")
      let run = try bench.claimOne()
      standing = try bench.standing(wishes[2].id)
      try bench.expect(standing.holders.map(\.id), is: [run.id], "the holder")
      try bench.expect(standing.ahead, is: 1, "how many wait before it")
      try bench.expect(standing.waitsForLimit, is: false, "what it waits for")
      try bench.expect(try bench.standing(run.id).waiting, is: 3, "how many wait for the holder")
      let line = try bench.store.line(ofLock: "w", limit: 10)
      try bench.expect(line.holders.map(\.id), is: [run.id], "the holder of the line")
      try bench.expect(line.waiting.map(\.id), is: wishes.dropFirst().map(\.id), "the line")
    },
    Rule("of a limit it is told how many run under it, who, and when its rate opens") { bench in
      let limit = JobLimit(key: "t", concurrency: 2)
      let wishes = (1...5).map { _ in bench.wish(limit: limit) }
      for wish in wishes { try bench.enqueue(wish) }
      let runs = try bench.claim(9)
      let standing = try bench.standing(wishes[4].id)
      try bench.expect(standing.waitsForLimit, is: true, "what it waits for")
      try bench.expect(standing.holderCount, is: 2, "how many run")
      try bench.expect(Set(standing.holders.map(\.id)), is: Set(runs.map(\.id)), "who runs")
      try bench.expect(standing.ahead, is: 2, "how many wait before it")
      try bench.expect(try bench.store.line(ofLock: "t", limit: 2).waitingCount, is: 3, "the line")
      let slow = JobLimit(key: "r", rate: RateLimit(1, per: .minute))
      let (first, second) = (bench.wish(limit: slow), bench.wish(limit: slow))
      for wish in [first, second] { try bench.enqueue(wish) }
      _ = try bench.claim(9)
      try bench.expect(try bench.standing(second.id).opensAt, is: bench.now + .seconds(60), "when the rate opens")
    },
    Rule("a job tells the last wishes that became part of it") { bench in
      let wish = bench.wish(queueLock: "k")
      try bench.enqueue(wish)
      var merged: [JobID] = []
      for _ in 1...7 {
        bench.now = bench.now + .seconds(1)
        let next = bench.wish(queueLock: "k", cause: JobCause(event: bench.newID(), offset: Offset(5)))
        try bench.enqueue(next)
        merged.append(next.id)
      }
      try bench.finish(try bench.claimOne())
      let told = try bench.standing(wish.id).merges
      try bench.expect(told.map(\.id), is: merged.reversed().prefix(5).map { $0 }, "the newest five")
      try bench.expect(told.first?.offset, is: Offset(5), "the event's place")
    },
  ]
}

extension JobStoreBench {
  /// What a job waits for.
  func standing(_ id: JobID) throws -> JobStanding { try store.standing(of: try job(id), at: now) }
}
