import BusProtocol
import BusStore

extension JobStoreConformance {
  static let queueLockRules = [
    Rule("TR5 a second equal job is merged into the one that waits") { bench in
      let first = bench.wish(queueLock: "u(1)")
      try bench.expect(try bench.enqueue(first), is: .enqueued(first.id), "the first")
      try bench.expect(try bench.enqueue(bench.wish(queueLock: "u(1)")), is: .merged(into: first.id), "the second")
      let other = bench.wish(queueLock: "u(2)")
      try bench.expect(try bench.enqueue(other), is: .enqueued(other.id), "one of another key")
      let unlocked = bench.wish()
      try bench.expect(try bench.enqueue(unlocked), is: .enqueued(unlocked.id), "X36 one without a key")
      try bench.expect(try bench.job(first.id).merges, is: 1, "merges")
    },
    Rule("TR5 X1 after pick-up an equal job waits again, and exactly one") { bench in
      try bench.enqueue(bench.wish(queueLock: "u(1)"))
      let run = try bench.claimOne()
      let second = bench.wish(queueLock: "u(1)")
      try bench.expect(try bench.enqueue(second), is: .enqueued(second.id), "while the first runs")
      try bench.expect(try bench.enqueue(bench.wish(queueLock: "u(1)")), is: .merged(into: second.id), "a third")
      try bench.finish(run)
      try bench.expect(second.id, is: .ready)
      try bench.expect(try bench.claimOne().id, is: second.id, "I8 the change during the run makes one more run")
    },
    Rule("X2 a merge keeps the first inputs, takes the higher priority and the earlier time") { bench in
      let first = bench.wish(queueLock: "k", priority: 1, dueIn: .seconds(60))
      try bench.enqueue(first)
      try bench.enqueue(bench.wish(queueLock: "k", priority: 5, dueIn: .seconds(30)))
      try bench.enqueue(bench.wish(queueLock: "k", priority: 3, dueIn: .seconds(90)))
      let job = try bench.job(first.id)
      try bench.expect(job.wish.inputs, is: first.inputs, "the inputs")
      try bench.expect(job.wish.priority, is: 5, "the priority")
      try bench.expect(job.wish.dueAt, is: bench.now + .seconds(30), "the time")
      try bench.expect(job.merges, is: 2, "the merges")
    },
    Rule("X9 a scheduled job holds its queue lock, and an equal one for now makes it ready") { bench in
      let first = bench.wish(queueLock: "k", dueIn: .seconds(60))
      try bench.enqueue(first)
      try bench.expect(try bench.enqueue(bench.wish(queueLock: "k")), is: .merged(into: first.id), "one for now")
      try bench.expect(first.id, is: .ready)
    },
    Rule("X4 X13 the same id again gets the same answer, also when the job is done") { bench in
      let first = bench.wish(queueLock: "k")
      let second = bench.wish(queueLock: "k")
      let plain = bench.wish()
      for _ in 1...2 {
        try bench.expect(try bench.enqueue(first), is: .enqueued(first.id), "the first")
        try bench.expect(try bench.enqueue(second), is: .merged(into: first.id), "the merged")
        try bench.expect(try bench.enqueue(plain), is: .enqueued(plain.id), "one without a lock")
      }
      try bench.expect(try bench.job(first.id).merges, is: 1, "merges")
      for run in try bench.claim(2) { try bench.finish(run) }
      try bench.reopen()
      try bench.expect(try bench.enqueue(first), is: .enqueued(first.id), "the first, done")
      try bench.expect(try bench.enqueue(second), is: .merged(into: first.id), "the merged, done")
      try bench.expect(try bench.enqueue(plain), is: .enqueued(plain.id), "without a lock, done")
      try bench.expect(try bench.claim(9).count, is: 0, "jobs to claim")
    },
    Rule("X5 a lock is the row: the end of the job frees it, whatever the end") { bench in
      for outcome in [Outcome.done, .notNeeded, .dead(error: "no")] {
        try bench.enqueue(bench.wish(queueLock: "q", workerLock: "w"))
        try bench.finish(try bench.claimOne(), outcome)
        try bench.expect(
          try bench.store.holder(ofWorkerLock: "w") == nil, "the worker lock is held after \(outcome.word)")
      }
      let last = bench.wish(queueLock: "q", workerLock: "w")
      try bench.expect(try bench.enqueue(last), is: .enqueued(last.id), "the last")
    },
    Rule("I8 a failed run becomes part of the equal job that waits, which remembers its attempts") { bench in
      let old = bench.wish(queueLock: "k", priority: 3)
      try bench.enqueue(old)
      let run = try bench.claimOne()
      let newer = bench.wish(queueLock: "k")
      try bench.enqueue(newer)
      let reply = try bench.finish(run, .failed(error: "boom", retryAfter: nil))
      try bench.expect(reply, is: .accepted(.merged, dueAt: nil), "the reply")
      try bench.expect(old.id, is: .merged)
      let job = try bench.job(newer.id)
      try bench.expect([job.attempts, job.merges, job.wish.priority], is: [1, 1, 3], "attempts, merges, priority")
      try bench.expect(job.failures.map(\.error), is: ["boom"], "the failures")
      try bench.expect(try bench.claimOne().attempt, is: 2, "the attempt")
    },
    Rule("a run given back, or lost, becomes part of the equal job that waits") { bench in
      for isLost in [false, true] {
        let old = bench.wish(queueLock: "k")
        try bench.enqueue(old)
        let run = try bench.claimOne()
        let newer = bench.wish(queueLock: "k")
        try bench.enqueue(newer)
        _ = isLost ? try bench.lose(run) : try bench.finish(run, .returned)
        try bench.expect(old.id, is: .merged)
        try bench.expect(newer.id, is: .ready)
        try bench.finish(try bench.claimOne())
      }
    },
    Rule("X27 lock keys are compared by every character") { bench in
      for key in ["k(1)", "k(\"1\")", "K(1)", "k(1) ", "k(ä)"] {
        let wish = bench.wish(queueLock: key)
        try bench.expect(try bench.enqueue(wish), is: .enqueued(wish.id), key)
      }
    },
    Rule("P6 why: an event's jobs and merges are found by the event") { bench in
      let (event, subscription) = (bench.newID() as EventID, SubscriptionName(engine: "shop", name: "index"))
      let cause = JobCause(event: event, offset: Offset(7), topic: "user_changed", subscription: subscription)
      let kept = bench.wish(queueLock: "k", cause: cause)
      let merged = bench.wish(queueLock: "k", cause: cause)
      try bench.enqueue(kept)
      try bench.enqueue(merged)
      try bench.enqueue(bench.wish())
      let decisions = try bench.store.decisions(forEvent: event)
      try bench.expect(decisions.jobs.map(\.id), is: [kept.id], "the jobs")
      try bench.expect(decisions.jobs.first?.wish.cause, is: cause, "the cause")
      let merge = EventDecisions.Merge(wish: merged.id, into: kept.id, subscription: subscription, at: bench.now)
      try bench.expect(decisions.merges, is: [merge], "the merges")
    },
  ]

  static let workerLockRules = [
    Rule("TR6 two jobs of one worker lock never run at once, other keys do") { bench in
      for _ in 1...3 { try bench.enqueue(bench.wish(workerLock: "w(1)")) }
      let other = bench.wish(workerLock: "w(2)")
      try bench.enqueue(other)
      let first = try bench.claim(9)
      try bench.expect(first.count, is: 2, "claimed")
      try bench.expect(first.last?.id, is: other.id, "the other key")
      try bench.expect(try bench.store.holder(ofWorkerLock: "w(1)")?.id, is: first.first?.id, "the holder")
    },
    Rule("TR6 X8 blocked jobs are handed on in order at release, each picked up once") { bench in
      let wishes = (1...20).map { _ in bench.wish(workerLock: "w") }
      for wish in wishes { try bench.enqueue(wish) }
      for wish in wishes {
        let claimed = try bench.claim(9)
        try bench.expect(claimed.map(\.id), is: [wish.id], "whose turn it is")
        try bench.finish(claimed[0])
      }
      try bench.expect(bench.store.counters().leases, is: 20, "pick-ups")
    },
    Rule("X8 X11 the turn under a worker lock outlives a restart, taken at once or by nobody") { bench in
      let wishes = (1...4).map { _ in bench.wish(workerLock: "w") }
      for wish in wishes { try bench.enqueue(wish) }
      let second = try bench.pass(on: try bench.claimOne(), 9)
      try bench.expect(second.map(\.id), is: [wishes[1].id], "who is next in the transaction of the end")
      try bench.expect(try bench.store.holder(ofWorkerLock: "w")?.id, is: wishes[1].id, "the holder")
      try bench.reopen()
      try bench.expect(try bench.store.running().map(\.job), is: [wishes[1].id], "who runs after a restart")
      try bench.checkInvariants()
      try bench.expect(try bench.claim(9).count, is: 0, "claimed while one runs")
      try bench.finish(second[0])
      try bench.reopen()
      try bench.expect(wishes[2].id, is: .ready)
      let third = try bench.claimOne()
      try bench.expect(try bench.finish(second[0]), is: .stale, "the end of a run, a second time")
      try bench.expect(try bench.pass(on: third, 9).map(\.id), is: [wishes[3].id], "the last")
    },
    Rule("X8 turns in a long line: by priority, then by age, also of those that come meanwhile") { bench in
      let first = bench.wish(workerLock: "w")
      try bench.enqueue(first)
      var run = try bench.claimOne()
      var line = (0..<700).map { bench.wish(workerLock: "w", priority: $0 % 7) }
      for start in stride(from: 0, to: 700, by: 100) {
        _ = try bench.one(.enqueue(Array(line[start..<start + 100])))
      }
      for step in 0..<700 {
        if step % 50 == 10 {
          line.append(bench.wish(workerLock: "w", priority: step % 9))
          try bench.enqueue(line[line.count - 1])
        }
        let highest = line.map(\.priority).max() ?? 0
        let next = line.remove(at: line.firstIndex { $0.priority == highest } ?? 0)
        let claimed = try bench.pass(on: run, 3)
        try bench.expect(claimed.map(\.id), is: [next.id], "whose turn it is after \(step)")
        run = claimed[0]
      }
    },
    Rule("TR7 of two whose turn comes in two queues one runs, and the other has the next") { bench in
      let slow = QueueName(engine: "shop", name: "slow")
      let (first, here, there) = (
        bench.wish(workerLock: "w"), bench.wish(workerLock: "w"), bench.wish(in: slow, workerLock: "w")
      )
      try bench.enqueue(first)
      let run = try bench.claimOne()
      for wish in [here, there] { try bench.enqueue(wish) }
      let next = try bench.pass(on: run, 9)
      try bench.expect(next.map(\.id), is: [here.id], "who goes in the queue that is worked")
      try bench.expect(there.id, is: .ready)
      try bench.expect(try bench.claim(1, from: [Claim.Source(slow)]).count, is: 0, "claimed while the lock is held")
      try bench.expect(there.id, is: .blocked)
      try bench.finish(next[0])
      try bench.expect(try bench.claimOne(from: slow).id, is: there.id, "whose turn it is then")
    },
    Rule("a blocked job that is changed, merged or cancelled has its turn as it is then") { bench in
      let wishes = (1...6).map { bench.wish(queueLock: "q(\($0))", workerLock: "w") }
      for wish in wishes { try bench.enqueue(wish) }
      var run = try bench.pass(on: try bench.claimOne(), 1)[0]
      try bench.expect(run.id, is: wishes[1].id, "the second")
      try bench.enqueue(bench.wish(queueLock: "q(5)", workerLock: "w", priority: 3))
      run = try bench.pass(on: run, 9)[0]
      try bench.expect(run.id, is: wishes[4].id, "one that was merged into")
      _ = try bench.change(wishes[2].id, .cancel(byForce: false, reason: nil))
      _ = try bench.change(wishes[5].id, .edit(JobEdit(priority: 1)))
      run = try bench.pass(on: run, 9)[0]
      try bench.expect(run.id, is: wishes[5].id, "one that was edited")
      let newest = bench.wish(workerLock: "w", priority: 9)
      try bench.enqueue(newest)
      run = try bench.pass(on: run, 9)[0]
      try bench.expect(run.id, is: newest.id, "one that came")
      run = try bench.pass(on: run, 9)[0]
      try bench.expect(run.id, is: wishes[3].id, "what is left")
      try bench.expect(try bench.pass(on: run, 9).count, is: 0, "left")
    },
    Rule("X6 a lost process frees its worker lock at once, and the job keeps its place") { bench in
      let (first, second) = (bench.wish(workerLock: "w"), bench.wish(workerLock: "w"))
      try bench.enqueue(first)
      try bench.enqueue(second)
      try bench.lose(try bench.claimOne())
      try bench.expect(try bench.claim(9).map(\.id), is: [first.id], "the next")
    },
    Rule("among blocked jobs the higher priority goes first, and passes a ready one of its key") { bench in
      let (low, high, later) = (
        bench.wish(workerLock: "w"), bench.wish(workerLock: "w", priority: 9), bench.wish(workerLock: "w", priority: 5)
      )
      try bench.enqueue(low)
      try bench.enqueue(high)
      let run = try bench.claimOne()
      try bench.expect(run.id, is: high.id, "the first")
      try bench.enqueue(later)
      try bench.finish(run)
      try bench.expect(try bench.claim(9).map(\.id), is: [later.id], "the second")
    },
    Rule("TR7 a worker lock holds over queues, and a queue that nobody works does not stop another") { bench in
      let slow = QueueName(engine: "shop", name: "slow")
      let (here, there, after) = (
        bench.wish(workerLock: "w"), bench.wish(in: slow, workerLock: "w"), bench.wish(workerLock: "w")
      )
      try bench.enqueue(here)
      let run = try bench.claimOne()
      try bench.enqueue(there)
      try bench.enqueue(after)
      try bench.expect(try bench.claim(1, from: [Claim.Source(slow)]).count, is: 0, "claimed there")
      try bench.finish(run)
      try bench.expect(try bench.claimOne().id, is: after.id, "here, though the other is older and ready")
      try bench.expect(try bench.claim(1, from: [Claim.Source(slow)]).count, is: 0, "claimed there, held again")
      try bench.expect(there.id, is: .blocked)
    },
    Rule("a job that fails lets the next of its worker lock go") { bench in
      let (first, second) = (bench.wish(workerLock: "w"), bench.wish(workerLock: "w"))
      try bench.enqueue(first)
      try bench.enqueue(second)
      try bench.finish(try bench.claimOne(), .failed(error: "no", retryAfter: .seconds(60)))
      try bench.expect(first.id, is: .scheduled)
      let run = try bench.claimOne()
      try bench.expect(run.id, is: second.id, "the next")
      bench.now = bench.now + .seconds(60)
      try bench.promote()
      try bench.expect(first.id, is: .blocked)
      try bench.finish(run)
      try bench.expect(try bench.claimOne().id, is: first.id, "the retry")
    },
    Rule("both locks together: one waits, one runs") { bench in
      for _ in 1...3 { try bench.enqueue(bench.wish(queueLock: "q", workerLock: "w")) }
      let run = try bench.claimOne()
      for _ in 1...3 { try bench.enqueue(bench.wish(queueLock: "q", workerLock: "w")) }
      try bench.expect(try bench.claim(9).count, is: 0, "claimed while one runs")
      try bench.finish(run)
      try bench.finish(try bench.claimOne())
      try bench.expect(try bench.claim(9).count, is: 0, "left")
    },
  ]
}
