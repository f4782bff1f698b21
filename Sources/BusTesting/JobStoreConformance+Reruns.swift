import BusProtocol
import BusStore

extension JobStoreConformance {
  static let rerunRules = [
    Rule("X1 until done: a wish during the run makes no second job, and the same one runs once more") { bench in
      let first = bench.untilDone()
      try bench.enqueue(first)
      for outcome in [Outcome.done, .notNeeded, .cancelled(reason: "dropped")] {
        let run = try bench.claimOne()
        let wishes = [bench.untilDone(), bench.untilDone()]
        for wish in wishes + wishes {
          try bench.expect(try bench.enqueue(wish), is: .merged(into: first.id), "while it runs")
        }
        try bench.expect(try bench.enqueue(first), is: .enqueued(first.id), "its own wish, asked again")
        try bench.reopen()
        try bench.expect(try bench.job(first.id).rerunAt, is: bench.now, "when it runs once more")
        try bench.expect(try bench.finish(run, outcome), is: .accepted(.ready, dueAt: nil), "after \(outcome.word)")
        let job = try bench.job(first.id)
        try bench.expect(job.attempts, is: 0, "the attempts")
        try bench.expect(job.rerunAt == nil, "it would run for ever")
      }
      try bench.expect(try bench.job(first.id).merges, is: 6, "the merges")
      try bench.expect(try bench.finish(try bench.claimOne()), is: .accepted(.done, dueAt: nil), "the last run")
      try bench.expect(
        try bench.store.queueCounts().first?.totals, is: QueueCounts.Totals(enqueued: 1, mergedWishes: 6, done: 1),
        "the totals")
    },
    Rule("X1 until done: without a wish during the run the lock is free at its end") { bench in
      try bench.enqueue(bench.untilDone())
      try bench.expect(try bench.finish(try bench.claimOne()), is: .accepted(.done, dueAt: nil), "the first")
      let second = bench.untilDone()
      try bench.expect(try bench.enqueue(second), is: .enqueued(second.id), "the second")
    },
    Rule("X1 X2 until done: the run more has the inputs and the locks of the last wish") { bench in
      let first = bench.replacing(1, workerLock: "a", untilDone: true)
      try bench.enqueue(first)
      let run = try bench.claimOne()
      try bench.enqueue(bench.replacing(2, untilDone: true))
      try bench.enqueue(bench.replacing(3, workerLock: "b", untilDone: true))
      let (holder, behind) = (bench.wish(workerLock: "b"), bench.wish(workerLock: "a"))
      try bench.enqueue(holder)
      try bench.enqueue(behind)
      let other = try bench.claimOne()
      try bench.expect(other.id, is: holder.id, "who runs beside it")
      try bench.expect(try bench.finish(run), is: .accepted(.blocked, dueAt: nil), "by the lock of the last wish")
      try bench.expect(try bench.claim(9).map(\.id), is: [behind.id], "who waited for its lock")
      try bench.finish(other)
      try bench.expect(try bench.claim(9).map(\.inputs), is: [["n": 3]], "the run more")
    },
    Rule("X1 X2 until done: nobody holds the lock of the last wish, so the run more is ready at once") { bench in
      try bench.enqueue(bench.replacing(1, workerLock: "a", untilDone: true))
      let run = try bench.claimOne()
      try bench.enqueue(bench.replacing(2, workerLock: "b", untilDone: true))
      try bench.expect(try bench.finish(run), is: .accepted(.ready, dueAt: nil), "the end of the run")
      try bench.expect(try bench.claimOne().inputs, is: ["n": 2], "the run more")
    },
    Rule("X1 X2 until done: merged inputs are laid over those that ran") { bench in
      let wish = { (inputs: JSONObject) in bench.wish(inputs: inputs) { ($0.onMerge, $0.lockUntil) = (.merge, .done) } }
      try bench.enqueue(wish(["a": 1]))
      let run = try bench.claimOne()
      try bench.enqueue(wish(["b": 2]))
      try bench.enqueue(wish(["c": 3]))
      try bench.finish(run)
      try bench.expect(try bench.claimOne().inputs, is: ["a": 1, "b": 2, "c": 3], "the inputs")
    },
    Rule("I8 until done: a retry covers what was asked for during the run, with its inputs") { bench in
      let first = bench.replacing(1, untilDone: true)
      try bench.enqueue(first)
      var run = try bench.claimOne()
      for (n, end) in [(2, Outcome.failed(error: "no", retryAfter: .seconds(5))), (3, .returned), (4, nil)] {
        try bench.enqueue(bench.replacing(n, untilDone: true))
        if let end { try bench.finish(run, end) } else { try bench.lose(run) }
        try bench.expect(try bench.job(first.id).rerunAt == nil, "a retry and a run more")
        bench.now = bench.now + .seconds(5)
        try bench.promote()
        run = try bench.claimOne()
        try bench.expect(run.inputs, is: ["n": .integer(Int64(n))], "the inputs")
      }
      try bench.expect(run.attempt, is: 3, "the attempt")
      try bench.expect(try bench.finish(run), is: .accepted(.done, dueAt: nil), "the end")
    },
    Rule("I8 until done: a job that dies says that it was asked for again, and runs again with those inputs") { bench in
      let first = bench.replacing(1, untilDone: true)
      try bench.enqueue(first)
      let run = try bench.claimOne()
      try bench.enqueue(bench.replacing(2, untilDone: true))
      try bench.finish(run, .dead(error: "never"))
      let reason = try bench.job(first.id).reason ?? ""
      try bench.expect(reason.hasSuffix("asked for again while it ran"), "the reason: \(reason)")
      try bench.expect(try bench.change(first.id, .retry), is: .changed(.ready), "run again by hand")
      try bench.expect(try bench.claimOne().inputs, is: ["n": 2], "the inputs")
    },
    Rule("X1 until done: a request to cancel takes what was asked before, and what is asked after waits") { bench in
      for outcome in [Outcome.done, .returned, .cancelled(reason: "as asked")] {
        let first = bench.untilDone()
        try bench.enqueue(first)
        let run = try bench.claimOne()
        try bench.enqueue(bench.untilDone())
        _ = try bench.change(first.id, .cancel(byForce: false, reason: nil))
        let later = bench.untilDone()
        try bench.expect(try bench.enqueue(later), is: .enqueued(later.id), "asked after the request")
        try bench.finish(run, outcome)
        try bench.expect(first.id, is: outcome == .done ? .done : .cancelled)
        try bench.finish(try bench.claimOne())
        try bench.expect(later.id, is: .done)
      }
    },
    Rule("X9 until done: the run more is due when the earliest wish is, or after the pause") { bench in
      let first = bench.untilDone()
      try bench.enqueue(first)
      let run = try bench.claimOne()
      try bench.enqueue(bench.untilDone(dueIn: .seconds(60)))
      try bench.enqueue(bench.untilDone(dueIn: .seconds(30)))
      try bench.expect(
        try bench.finish(run), is: .accepted(.scheduled, dueAt: bench.now + .seconds(30)), "the earliest")
      bench.now = bench.now + .seconds(30)
      try bench.promote()
      let again = try bench.claimOne()
      for _ in 1...3 {
        bench.now = bench.now + .seconds(20)
        try bench.enqueue(
          bench.wish {
            ($0.lockUntil, $0.debounce) = (.done, Debounce(after: .seconds(30), atMost: .seconds(45)))
          })
      }
      try bench.expect(
        try bench.finish(again), is: .accepted(.scheduled, dueAt: bench.now + .seconds(5)), "within the bound")
    },
    Rule("QS7 until done: a full queue takes a wish for a run more") { bench in
      try bench.enqueue(bench.untilDone())
      let run = try bench.claimOne()
      try bench.limit([shopDefault: QueueLimits(waiting: 1)])
      try bench.enqueue(bench.wish())
      try bench.expect(try bench.enqueue(bench.untilDone()), is: .merged(into: run.id), "a wish")
    },
  ]

  static let expiryRules = [
    Rule("OT9 a job that has not started in time expires: told, counted, and never run") { bench in
      let (late, early) = (
        bench.wish(queueLock: nil) { $0.expiresAt = bench.now + .seconds(10) }, bench.wish(queueLock: nil) { _ in }
      )
      try bench.enqueue(late)
      try bench.enqueue(early)
      try bench.reopen()
      try bench.expect(try bench.store.nextDue(), is: bench.now + .seconds(10), "when there is something to do")
      bench.now = bench.now + .seconds(10)
      try bench.expect(try bench.promote(), is: 1, "changed")
      try bench.expect(late.id, is: .expired)
      try bench.expect(try bench.store.nextDue() == nil, "there is still something to do")
      try bench.expect(try bench.claim(9).map(\.id), is: [early.id], "claimed")
      try bench.reopen()
      try bench.expect(try bench.store.queueCounts().first?.totals.expired, is: 1, "the total")
      try bench.expect(try bench.store.jobs(JobFilter(state: .expired)).map(\.id), is: [late.id], "the expired")
      try bench.expect(try bench.enqueue(late), is: .enqueued(late.id), "asked again")
      try bench.expect(try bench.change(late.id, .retry), is: .changed(.ready), "run again by hand")
      try bench.expect(try bench.claimOne().id, is: late.id, "the run by hand")
    },
    Rule("OT9 a claim starts nothing late, and lets those go that waited behind it") { bench in
      let late = bench.wish(workerLock: "w") { $0.expiresAt = bench.now + .seconds(10) }
      let (behind, limited) = (bench.wish(workerLock: "w"), bench.wish(limit: JobLimit(key: "l", concurrency: 1)))
      var lateLimited = limited
      (lateLimited.id, lateLimited.expiresAt) = (bench.newID(), bench.now + .seconds(10))
      for wish in [late, behind, lateLimited, limited] { try bench.enqueue(wish) }
      try bench.expect(behind.id, is: .blocked)
      try bench.expect(limited.id, is: .blocked)
      bench.now = bench.now + .seconds(10)
      try bench.expect(Set(try bench.claim(9).map(\.id)), is: [behind.id, limited.id], "claimed")
      try bench.expect(late.id, is: .expired)
      try bench.expect(lateLimited.id, is: .expired)
    },
    Rule("OT9 what has begun does not expire; what was given back may") { bench in
      let wish = { bench.wish(queueLock: nil) { $0.expiresAt = bench.now + .seconds(10) } }
      let (failed, returned, parked) = (wish(), wish(), wish())
      for wish in [failed, returned, parked] { try bench.enqueue(wish) }
      let runs = try bench.claim(3)
      try bench.finish(runs[0], .failed(error: "no", retryAfter: .seconds(20)))
      try bench.finish(runs[1], .returned)
      try bench.finish(runs[2], .unknownWorker)
      bench.now = bench.now + .seconds(20)
      try bench.expect(try bench.promote(), is: 3, "changed")
      try bench.expect(failed.id, is: .ready)
      try bench.expect(returned.id, is: .expired)
      try bench.expect(parked.id, is: .expired)
    },
    Rule("OT9 merged wishes keep a job alive as long as the last of them, or for ever") { bench in
      let wish = { (seconds: Int) in bench.wish { $0.expiresAt = bench.now + .seconds(seconds) } }
      let first = wish(10)
      for each in [first, wish(30), wish(20)] { try bench.enqueue(each) }
      try bench.expect(try bench.job(first.id).wish.expiresAt, is: bench.now + .seconds(30), "when it expires")
      try bench.enqueue(bench.wish(queueLock: "k"))
      try bench.enqueue(wish(40))
      try bench.expect(try bench.job(first.id).wish.expiresAt == nil, "one of them was for ever")
    },
    Rule("OT9 many expire in steps of a bounded size, in a claim too") { bench in
      let (limit, more) = (StoreCommand.promotionLimit, 200)
      let wishes = (0..<2 * limit + more).map { _ in
        bench.wish(queueLock: nil) { $0.expiresAt = bench.now + .seconds(1) }
      }
      _ = try bench.one(.enqueue(wishes))
      bench.now = bench.now + .seconds(1)
      try bench.expect(try bench.claim(8).count, is: 0, "claimed late")
      try bench.expect(try bench.store.queueCounts().first?[.ready], is: limit + more, "left after a claim")
      try bench.expect(try bench.promote(), is: limit, "in one step")
      try bench.expect(try bench.promote(), is: more, "in the next step")
    },
  ]
}
