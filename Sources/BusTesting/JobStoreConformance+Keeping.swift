import BusProtocol
import BusStore

extension JobStoreConformance {
  static let scheduleRules = [
    Rule("I21 X25 a scheduled job is not claimed before its time, then it is") { bench in
      let (late, early) = (bench.wish(dueIn: .seconds(3600 * 24)), bench.wish(dueIn: .seconds(5)))
      try bench.enqueue(late)
      try bench.enqueue(early)
      try bench.expect(try bench.store.nextDue(), is: bench.now + .seconds(5), "the next due time")
      try bench.expect(try bench.promote(), is: 0, "promoted too early")
      try bench.expect(try bench.claim(9).count, is: 0, "claimed too early")
      bench.now = bench.now + .seconds(5)
      try bench.expect(try bench.promote(), is: 1, "promoted")
      try bench.expect(try bench.claim(9).map(\.id), is: [early.id], "claimed")
      try bench.reopen()
      bench.now = bench.now + .seconds(3600 * 24)
      try bench.promote()
      try bench.expect(try bench.claim(9).map(\.id), is: [late.id], "claimed a day later")
      try bench.expect(try bench.store.nextDue(), is: nil, "the next due time")
    },
    Rule("I21 a clock that jumps loses and doubles nothing") { bench in
      let (running, scheduled) = (bench.wish(), bench.wish(dueIn: .seconds(60)))
      try bench.enqueue(running)
      let run = try bench.claimOne()
      try bench.enqueue(scheduled)
      bench.now = bench.now - .seconds(86_400)
      try bench.promote()
      try bench.expect(scheduled.id, is: .scheduled)
      bench.now = bench.now + .seconds(3 * 86_400)
      try bench.expect(try bench.promote(), is: 1, "promoted")
      try bench.expect(running.id, is: .running)
      try bench.expect(try bench.finish(run), is: .accepted(.done, dueAt: nil), "the end")
    },
    Rule("a time that has passed means at once") { bench in
      let wish = bench.wish(dueIn: .seconds(-5))
      try bench.enqueue(wish)
      try bench.expect(wish.id, is: .ready)
    },
  ]

  static let parkingRules = [
    Rule("X15 a job of a queue that is not there is parked, says why, and runs when the queue comes") { bench in
      try bench.store.configure(QueueWiring(.only([shopDefault: nil])), at: bench.now)
      let mail = QueueName(engine: "shop", name: "mail")
      let wish = bench.wish(in: mail)
      let reason = "queue \"shop/mail\" is not in the topology: add it to engine \"shop\" or use one of default"
      try bench.expect(try bench.enqueue(wish), is: .parked(wish.id, reason: reason), "the outcome")
      try bench.expect(try bench.enqueue(wish), is: .parked(wish.id, reason: reason), "the outcome again")
      try bench.expect(try bench.claim(9, from: [Claim.Source(mail)]).count, is: 0, "claimed")
      try bench.store.configure(QueueWiring(.only([shopDefault: nil, mail: nil])), at: bench.now)
      try bench.expect(wish.id, is: .ready)
      try bench.expect(try bench.job(wish.id).reason, is: nil, "the reason")
    },
    Rule("a queue that goes parks its waiting jobs, and what runs may end") { bench in
      let wishes = [
        bench.wish(workerLock: "w"), bench.wish(workerLock: "w"), bench.wish(), bench.wish(dueIn: .seconds(60)),
      ]
      for wish in wishes { try bench.enqueue(wish) }
      let run = try bench.claimOne()
      try bench.store.configure(QueueWiring(.only([:])), at: bench.now)
      for wish in wishes.dropFirst() { try bench.expect(wish.id, is: .parked) }
      try bench.expect(
        try bench.finish(run, .failed(error: "no", retryAfter: nil)), is: .accepted(.parked, dueAt: nil), "")
      try bench.reopen()
      try bench.store.configure(.any, at: bench.now)
      try bench.expect(try wishes.map { try bench.job($0.id).state }, is: [.scheduled, .ready, .ready, .scheduled], "")
    },
    Rule("X15 a job whose worker nobody knows is parked without losing an attempt, until one does") { bench in
      let wish = bench.wish("New", workerLock: "w")
      try bench.enqueue(wish)
      try bench.expect(
        try bench.finish(try bench.claimOne(), .unknownWorker), is: .accepted(.parked, dueAt: nil), "the reply")
      let job = try bench.job(wish.id)
      try bench.expect(job.attempts, is: 0, "attempts")
      let reason = job.reason ?? ""
      try bench.expect(reason.contains("\"New\"") && reason.contains("\"shop\""), "the reason is: \(reason)")
      try bench.store.configure(.any, at: bench.now)
      try bench.expect(wish.id, is: .parked)
      try bench.expect(try bench.one(.unpark(workersKnown: ["shop": ["Work"], "mail": ["New"]])), is: .unparked(0), "")
      try bench.expect(try bench.one(.unpark(workersKnown: ["shop": ["Work", "New"]])), is: .unparked(1), "known")
      try bench.expect(wish.id, is: .ready)
    },
  ]

  private static let index = SubscriptionName(engine: "shop", name: "index")

  static let cursorRules = [
    Rule("P4 a subscription keeps its cursor when it is declared again, and takes the new patterns") { bench in
      let first = SubscriptionDeclaration(name: index, patterns: ["user_*"], start: Offset(41))
      try bench.expect(try bench.one(.declare(first)), is: .declared(cursor: Offset(41), isNew: true), "new")
      bench.now = bench.now + .seconds(1)
      let second = SubscriptionDeclaration(
        name: index, patterns: ["user_*", "order.*"], start: Offset(99), conditions: ["id": ["equals": 42]])
      try bench.expect(try bench.one(.declare(second)), is: .declared(cursor: Offset(41), isNew: false), "known")
      try bench.reopen()
      let status = SubscriptionStatus(
        name: index, patterns: ["user_*", "order.*"], conditions: ["id": ["equals": 42]], start: Offset(41),
        cursor: Offset(41), declaredAt: bench.now, token: 0)
      try bench.expect(try bench.store.subscriptions(), is: [status], "the subscriptions")
    },
    Rule("I10 jobs and cursor move together") { bench in
      let token = try lease(bench)
      let wishes = [bench.wish(queueLock: "k"), bench.wish(queueLock: "k")]
      let commit = CursorCommit(subscription: index, token: token, from: .zero, through: Offset(5), jobs: wishes)
      let outcomes: [EnqueueOutcome] = [.enqueued(wishes[0].id), .merged(into: wishes[0].id)]
      try bench.expect(try bench.one(.commit(commit)), is: .committed(outcomes), "the outcomes")
      try bench.reopen()
      try bench.expect(try bench.store.subscriptions().first?.cursor, is: Offset(5), "the cursor")
      try bench.expect(wishes[0].id, is: .ready)
    },
    Rule("I9 X13 a commit that is repeated, or comes from elsewhere, changes nothing") { bench in
      let token = try lease(bench)
      let commit = CursorCommit(
        subscription: index, token: token, from: .zero, through: Offset(5), jobs: [bench.wish()])
      _ = try bench.one(.commit(commit))
      try bench.expect(try bench.one(.commit(commit)), is: .refused(.cursorMoved(to: Offset(5))), "repeated")
      let back = CursorCommit(
        subscription: index, token: token, from: Offset(5), through: Offset(4), jobs: [bench.wish()])
      try bench.expect(try bench.one(.commit(back)), is: .refused(.cursorMoved(to: Offset(5))), "backwards")
      try bench.expect(try bench.store.queueCounts().map(\.totals.enqueued), is: [1], "kept jobs")
      try bench.expect(bench.store.counters().refusedCommits, is: 2, "counted")
    },
    Rule("P4 a new lease of a subscription makes the old one void") { bench in
      let old = try lease(bench)
      let new = try lease(bench)
      let late = CursorCommit(subscription: index, token: old, from: .zero, through: Offset(5), jobs: [bench.wish()])
      try bench.expect(try bench.one(.commit(late)), is: .refused(.staleLease), "the old runner")
      try bench.expect(try bench.store.queueCounts().map(\.totals.enqueued), is: [], "kept jobs")
      let good = CursorCommit(subscription: index, token: new, from: .zero, through: Offset(5), jobs: [])
      try bench.expect(try bench.one(.commit(good)), is: .committed([]), "the new runner")
    },
    Rule("a subscription that was never declared is refused, as is a token that was never given") { bench in
      let commit = CursorCommit(subscription: index, token: 0, from: .zero, through: Offset(1), jobs: [bench.wish()])
      try bench.expect(try bench.one(.commit(commit)), is: .refused(.unknownSubscription), "commit")
      try bench.expect(try bench.one(.lease(subscription: index)), is: .refused(.unknownSubscription), "lease")
      _ = try bench.one(.declare(SubscriptionDeclaration(name: index, patterns: ["*"], start: .zero)))
      try bench.expect(try bench.one(.commit(commit)), is: .refused(.staleLease), "without a lease")
    },
    Rule("P4 a cursor that is put elsewhere voids its runner's token, and what is handled again is enqueued again") {
      bench in
      let token = try lease(bench)
      let step = { (token: UInt64, from: UInt64, through: UInt64) in
        CursorCommit(
          subscription: index, token: token, from: Offset(from), through: Offset(through), jobs: [bench.wish()])
      }
      _ = try bench.one(.commit(step(token, 0, 5)))
      try bench.expect(try bench.one(.seek(index, to: Offset(2))), is: .sought(from: Offset(5)), "back")
      try bench.expect(try bench.one(.commit(step(token, 2, 6))), is: .refused(.staleLease), "the old runner")
      try bench.expect(try bench.one(.commit(step(0, 2, 6))), is: .refused(.staleLease), "nobody")
      guard case .leased(let next, let cursor) = try bench.one(.lease(subscription: index)) else {
        throw JobStoreConformance.Broken(description: "no lease")
      }
      try bench.expect(cursor, is: Offset(2), "where it goes on")
      _ = try bench.one(.commit(step(next, 2, 5)))
      try bench.expect(try bench.store.queueCounts().map(\.totals.enqueued), is: [2], "kept jobs")
      let unknown = SubscriptionName(engine: "shop", name: "unknown")
      try bench.expect(try bench.one(.seek(unknown, to: .zero)), is: .sought(from: nil), "an unknown one")
    },
    Rule("a subscription that is forgotten is gone with its cursor, and new when it is declared again") { bench in
      _ = try lease(bench)
      try bench.expect(try bench.one(.forget(index)), is: .forgotten(true), "the first time")
      try bench.expect(try bench.one(.forget(index)), is: .forgotten(false), "the second time")
      try bench.reopen()
      try bench.expect(try bench.store.subscriptions(), is: [], "the subscriptions")
      try bench.expect(try bench.store.minimumCursor(), is: nil, "what keeps events")
      let again = SubscriptionDeclaration(name: index, patterns: ["*"], start: Offset(7))
      try bench.expect(try bench.one(.declare(again)), is: .declared(cursor: Offset(7), isNew: true), "declared again")
    },
    Rule("the minimum cursor is that of the subscription furthest behind") { bench in
      try bench.expect(try bench.store.minimumCursor(), is: nil, "without subscriptions")
      for (name, cursor) in [("a", 9), ("b", 3), ("c", 5)] as [(Name, UInt64)] {
        let name = SubscriptionName(engine: "shop", name: name)
        _ = try bench.one(.declare(SubscriptionDeclaration(name: name, patterns: ["*"], start: Offset(cursor))))
      }
      try bench.expect(try bench.store.minimumCursor(), is: Offset(3), "with three")
    },
  ]

  private static func lease(_ bench: JobStoreBench) throws -> UInt64 {
    _ = try bench.one(.declare(SubscriptionDeclaration(name: index, patterns: ["*"], start: .zero)))
    guard case .leased(let token, let cursor) = try bench.one(.lease(subscription: index)) else {
      throw Broken(description: "no lease")
    }
    try bench.expect(cursor, is: .zero, "the cursor")
    return token
  }

  static let keepingRules = [
    Rule("finished jobs are forgotten by age and by number, dead ones are not") { bench in
      let dead = bench.wish()
      try bench.enqueue(dead)
      try bench.finish(try bench.claimOne(), .dead(error: "no"))
      let wishes = (1...6).map { _ in bench.wish(queueLock: "k") }
      for wish in wishes {
        try bench.enqueue(wish)
        try bench.finish(try bench.claimOne())
        bench.now = bench.now + .seconds(10)
      }
      let waiting = bench.wish()
      try bench.enqueue(waiting)
      let byAge = HistoryRetention(age: .seconds(45), maximumCount: 100)
      try bench.expect(try bench.one(.prune(byAge, limit: 1)), is: .pruned(1), "one at most")
      try bench.expect(try bench.one(.prune(byAge, limit: 9)), is: .pruned(1), "the rest that is too old")
      let byCount = HistoryRetention(age: .seconds(3600), maximumCount: 3)
      try bench.expect(try bench.one(.prune(byCount, limit: 9)), is: .pruned(1), "one too many")
      try bench.expect(
        try bench.store.jobs(JobFilter(state: .done)).map(\.id), is: wishes[3...].reversed().map(\.id), "")
      try bench.expect(dead.id, is: .dead)
      try bench.expect(waiting.id, is: .ready)
      try bench.expect(try bench.store.queueCounts().first?.totals.done, is: 6, "the total")
    },
    Rule("jobs are found by the first characters of their id") { bench in
      let wishes = (1...3).map { _ in bench.wish() }
      for wish in wishes { try bench.enqueue(wish) }
      let text = wishes[1].id.description
      try bench.expect(try bench.store.jobs(withPrefix: text, limit: 9).map(\.id), is: [wishes[1].id], "the whole id")
      try bench.expect(
        try bench.store.jobs(withPrefix: String(text.prefix(10)).lowercased(), limit: 2).count, is: 2, "")
      try bench.expect(try bench.store.jobs(withPrefix: "", limit: 9).count, is: 3, "no characters")
      for nothing in ["7ZZZZ", "é", text + "0", "' OR 1=1"] {
        try bench.expect(try bench.store.jobs(withPrefix: nothing, limit: 9).count, is: 0, nothing)
      }
    },
    Rule("jobs are filtered by every condition, and by all together") { bench in
      let mail = QueueName(engine: "mail", name: "out")
      let event: EventID = bench.newID()
      let old = bench.wish(queueLock: "k", workerLock: "w")
      try bench.enqueue(old)
      bench.now = bench.now + .seconds(1)
      let new = bench.wish("Send", in: mail, cause: JobCause(event: event, job: old.id))
      try bench.enqueue(new)
      let cases: [(JobFilter, [JobID])] = [
        (JobFilter(), [new.id, old.id]), (JobFilter(sort: .oldest), [old.id, new.id]), (JobFilter(limit: 1), [new.id]),
        (JobFilter(state: .ready), [new.id, old.id]), (JobFilter(state: .done), []), (JobFilter(queue: mail), [new.id]),
        (JobFilter(engine: "shop"), [old.id]), (JobFilter(worker: "Send"), [new.id]), (JobFilter(lock: "k"), [old.id]),
        (JobFilter(lock: "w"), [old.id]), (JobFilter(event: event), [new.id]),
        (JobFilter(parent: old.id), [new.id]), (JobFilter(parent: new.id), []), (JobFilter(since: bench.now), [new.id]),
        (JobFilter(state: .ready, queue: mail, engine: "mail", worker: "Send", event: event), [new.id]),
        (JobFilter(queue: mail, engine: "shop"), []), (JobFilter(limit: -1), []),
      ]
      var next = JobFilter(limit: 1)
      next.before = new.id
      try bench.expect(try bench.store.jobs(next).map(\.id), is: [old.id], "the next page")
      for (filter, expected) in cases {
        try bench.expect(try bench.store.jobs(filter).map(\.id), is: expected, "\(filter)")
      }
    },
    Rule("X21 an id that never was is a distinct answer") { bench in
      try bench.expect(try bench.store.job(bench.newID()) == nil, "there is a job that nobody asked for")
      try bench.expect(try bench.store.checkIntegrity().problems, is: [], "the check of the file")
    },
  ]
}
