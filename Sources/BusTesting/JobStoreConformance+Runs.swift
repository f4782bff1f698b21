import BusProtocol
import BusStore

extension JobStoreConformance {
  static let orderRules = [
    Rule("I22 queues in the order asked for, then priority, then age") { bench in
      let mail = QueueName(engine: "shop", name: "mail")
      let wishes = [
        bench.wish(in: mail, priority: 99), bench.wish(), bench.wish(priority: 2), bench.wish(priority: -1),
        bench.wish(priority: 2), bench.wish(),
      ]
      for wish in wishes { try bench.enqueue(wish) }
      let order = try bench.claim(9, from: [Claim.Source(shopDefault), Claim.Source(mail)]).map(\.id)
      try bench.expect(order, is: [2, 4, 1, 5, 3, 0].map { wishes[$0].id }, "the order")
    },
    Rule("a retry keeps its age") { bench in
      let (first, second) = (bench.wish(), bench.wish())
      try bench.enqueue(first)
      try bench.enqueue(second)
      try bench.finish(try bench.claimOne(), .returned)
      try bench.expect(try bench.claim(9).map(\.id), is: [first.id, second.id], "the order")
    },
    Rule("X28 a job that starves takes turns with a higher queue") { bench in
      let low = QueueName(engine: "shop", name: "low")
      let sources = [Claim.Source(shopDefault), Claim.Source(low, starveAfter: .seconds(60))]
      let old = [bench.wish(in: low), bench.wish(in: low)]
      for wish in old { try bench.enqueue(wish) }
      let young = (1...3).map { _ in bench.wish() }
      for wish in young { try bench.enqueue(wish) }
      let early = try bench.claim(1, from: sources)
      try bench.expect(early.map(\.id), is: [young[0].id], "before the bound")
      bench.now = bench.now + .seconds(60)
      var order: [JobID] = []
      for _ in 1...4 { order += try bench.claim(1, from: sources).map(\.id) }
      try bench.expect(order, is: [old[0].id, young[1].id, old[1].id, young[2].id], "at the bound")
    },
    Rule("a claim passes over workers that the process does not know, and never over its limit") { bench in
      let (new, known) = (bench.wish("New"), bench.wish())
      try bench.enqueue(new)
      try bench.enqueue(known)
      try bench.enqueue(bench.wish())
      try bench.expect(try bench.claim(1, except: ["New"]).map(\.id), is: [known.id], "claimed")
      try bench.expect(try bench.claim(0).count, is: 0, "claimed with no hands")
      try bench.expect(new.id, is: .ready)
    },
    Rule("an assignment carries what the worker needs") { bench in
      var wish = bench.wish(
        cause: JobCause(
          event: bench.newID(), offset: Offset(3), topic: "user_changed",
          subscription: SubscriptionName(engine: "shop", name: "index"), job: bench.newID(),
          correlation: bench.newID(), trace: TraceContext(traceHigh: 1, traceLow: 2, span: 3, flags: 1),
          context: ["user": 1], source: "web-1"))
      wish.inputs = ["id": .unsigned(.max), "text": "ä\n\"", "list": [1, 2.5, nil, true]]
      wish.retry = RetryPolicy(attempts: 3, backoff: .fixed, base: .seconds(1), jitter: .none)
      try bench.enqueue(wish)
      let run = try bench.claimOne()
      let expected = Assignment(
        id: wish.id, token: run.token, attempt: 1, queue: wish.queue, worker: wish.worker, inputs: wish.inputs,
        cause: wish.cause)
      try bench.expect(run, is: expected, "the assignment")
      try bench.reopen()
      let job = try bench.job(wish.id)
      try bench.expect(job.wish, is: wish, "the wish")
      try bench.expect(job.process, is: "p", "the process")
      try bench.expect(
        try bench.store.running(), is: [JobLease(job: wish.id, token: run.token, process: "p")], "leases")
    },
    Rule("ahead: how many ready jobs of its queue go before a job") { bench in
      let wishes = [bench.wish(), bench.wish(priority: 1), bench.wish(), bench.wish(dueIn: .seconds(9))]
      for wish in wishes { try bench.enqueue(wish) }
      let ahead = try wishes.map { try bench.store.ahead(of: $0.id) }
      try bench.expect(ahead, is: [1, 0, 2, nil], "ahead")
    },
  ]

  static let resultRules = [
    Rule("I14 X7 a result under an old token changes nothing and is counted") { bench in
      try bench.enqueue(bench.wish(workerLock: "w"))
      let old = try bench.claimOne()
      try bench.lose(old)
      let new = try bench.claimOne()
      let before = try bench.job(new.id)
      for outcome in [
        Outcome.done, .notNeeded, .failed(error: "", retryAfter: nil), .dead(error: ""), .returned, .unknownWorker,
      ] {
        try bench.expect(try bench.finish(old, outcome), is: .stale, outcome.word)
      }
      try bench.expect(try bench.lose(old), is: .stale, "lost again")
      try bench.expect(try bench.job(new.id), is: before, "the job")
      try bench.expect(bench.store.counters().stale, is: 7, "counted")
      try bench.expect(try bench.finish(new), is: .accepted(.done, dueAt: nil), "the valid one")
      try bench.expect(try bench.finish(new), is: .stale, "the valid one again")
    },
    Rule("I15 tokens rise for ever, over restarts and for subscriptions too") { bench in
      var last: UInt64 = 0
      let subscription = SubscriptionName(engine: "shop", name: "index")
      _ = try bench.one(.declare(SubscriptionDeclaration(name: subscription, patterns: ["*"], start: .zero)))
      for _ in 1...3 {
        for _ in 1...3 { try bench.enqueue(bench.wish()) }
        for run in try bench.claim(3) {
          try bench.expect(run.token > last, "token \(run.token) came after \(last)")
          last = run.token
        }
        guard case .leased(let token, _) = try bench.one(.lease(subscription: subscription)) else { return }
        try bench.expect(token > last, "token \(token) came after \(last)")
        last = token
        try bench.reopen()
      }
    },
    Rule("GM2 what a worker answers is kept with the job that is done, and goes when it runs again") { bench in
      let wish = bench.wish()
      try bench.enqueue(wish)
      let run = try bench.claimOne()
      let result = JobResult(id: run.id, token: run.token, outcome: .done, result: ["twice": 42])
      _ = try bench.one(.finish([result]))
      try bench.reopen()
      try bench.expect(try bench.job(wish.id).result, is: ["twice": 42], "the answer")
      _ = try bench.one(.change([JobChange(wish.id, .retry)]))
      try bench.expect(try bench.job(wish.id).result, is: nil, "after it was tried again")
    },
    Rule("X24 a claimed job stays until its end is recorded, over a restart") { bench in
      let wish = bench.wish()
      try bench.enqueue(wish)
      let run = try bench.claimOne()
      try bench.reopen()
      try bench.expect(wish.id, is: .running)
      try bench.expect(try bench.finish(run), is: .accepted(.done, dueAt: nil), "the end")
      try bench.reopen()
      let job = try bench.job(wish.id)
      try bench.expect(job.state, is: .done, "the state")
      try bench.expect(job.finishedAt, is: bench.now, "the time")
    },
    Rule("a run given back costs no attempt, and not needed is not done") { bench in
      let wish = bench.wish()
      try bench.enqueue(wish)
      try bench.expect(
        try bench.finish(try bench.claimOne(), .returned), is: .accepted(.ready, dueAt: nil), "given back")
      try bench.expect(try bench.job(wish.id).attempts, is: 0, "attempts")
      let again = try bench.claimOne()
      try bench.expect(again.attempt, is: 1, "the attempt")
      try bench.finish(again, .notNeeded)
      try bench.expect(wish.id, is: .notNeeded)
      let totals = try bench.store.queueCounts().first?.totals
      try bench.expect(totals, is: QueueCounts.Totals(enqueued: 1, notNeeded: 1), "the totals")
    },
    Rule("a batch is one transaction, its replies in its order") { bench in
      let (first, second) = (bench.wish(), bench.wish())
      let claim = Claim([Claim.Source(shopDefault)], limit: 1, process: "p")
      let replies = try bench.store.perform([.enqueue([first, second]), .claim(claim), .promote], at: bench.now)
      try bench.expect(replies.count, is: 3, "replies")
      try bench.expect(replies[0], is: .enqueued([.enqueued(first.id), .enqueued(second.id)]), "the first")
      guard case .claimed(let runs) = replies[1] else { throw Broken(description: "the second is no claim") }
      try bench.expect(runs.map(\.id), is: [first.id], "claimed in the batch that enqueued")
      try bench.expect(try bench.store.perform([], at: bench.now), is: [], "no commands")
    },
  ]

  static let retryRules = [
    Rule("X18 I20 a failure is retried by the job's policy, then dead with all its errors") { bench in
      let policy = RetryPolicy(attempts: 3, backoff: .exponential, base: .seconds(10), jitter: .none)
      let wish = bench.wish(retry: policy)
      try bench.enqueue(wish)
      for (attempt, delay) in [(1, Duration.seconds(10)), (2, .seconds(20))] {
        let run = try bench.claimOne()
        try bench.expect(run.attempt, is: attempt, "the attempt")
        let reply = try bench.finish(run, .failed(error: "e\(attempt)", retryAfter: nil))
        try bench.expect(reply, is: .accepted(.scheduled, dueAt: bench.now + delay), "attempt \(attempt)")
        bench.now = bench.now + delay
        try bench.promote()
      }
      let reply = try bench.finish(try bench.claimOne(), .failed(error: "e3", retryAfter: .seconds(1)))
      try bench.expect(reply, is: .accepted(.dead, dueAt: nil), "the last")
      try bench.reopen()
      let job = try bench.job(wish.id)
      try bench.expect(job.failures.map(\.error), is: ["e1", "e2", "e3"], "the errors")
      try bench.expect(job.failures.map(\.attempt), is: [1, 2, 3], "their attempts")
      try bench.expect(job.reason, is: "attempt 3 of 3 failed: e3", "the reason")
      try bench.expect(job.wish.inputs, is: wish.inputs, "the inputs")
    },
    Rule("the queue's policy holds for jobs without one, and the standard without both") { bench in
      let fixed = RetryPolicy(attempts: 2, backoff: .fixed, base: .seconds(7), jitter: .none)
      let mail = QueueName(engine: "shop", name: "mail")
      try bench.store.configure(QueueWiring(.only([shopDefault: fixed, mail: nil])), at: bench.now)
      try bench.enqueue(bench.wish())
      try bench.enqueue(bench.wish(in: mail))
      let failure = Outcome.failed(error: "no", retryAfter: nil)
      let here = try bench.finish(try bench.claimOne(), failure)
      try bench.expect(here, is: .accepted(.scheduled, dueAt: bench.now + .seconds(7)), "the queue's")
      bench.chance = 0.25
      let there = try bench.finish(try bench.claimOne(from: mail), failure)
      try bench.expect(
        there, is: .accepted(.scheduled, dueAt: bench.now + .milliseconds(500)), "the standard, full jitter")
    },
    Rule("retry after overrides the delay") { bench in
      try bench.enqueue(bench.wish())
      let reply = try bench.finish(try bench.claimOne(), .failed(error: "busy", retryAfter: .seconds(99)))
      try bench.expect(reply, is: .accepted(.scheduled, dueAt: bench.now + .seconds(99)), "the reply")
    },
    Rule("a worker that gives up makes the job dead at once") { bench in
      let wish = bench.wish()
      try bench.enqueue(wish)
      try bench.expect(
        try bench.finish(try bench.claimOne(), .dead(error: "bad id")), is: .accepted(.dead, dueAt: nil), "")
      try bench.expect(try bench.job(wish.id).reason, is: "its worker gave up: bad id", "the reason")
      try bench.expect(try bench.job(wish.id).failures.count, is: 1, "failures")
    },
    Rule("X17 I19 a job whose process is lost three times is dead, its siblings lose nothing") { bench in
      let (poison, sibling) = (bench.wish(), bench.wish())
      try bench.enqueue(poison)
      try bench.enqueue(sibling)
      for loss in 1...3 {
        let runs = try bench.claim(2)
        try bench.expect(runs.map(\.id), is: [poison.id, sibling.id], "claimed")
        let reply = try bench.lose(runs[0])
        try bench.expect(reply, is: .accepted(loss < 3 ? .ready : .dead, dueAt: nil), "loss \(loss)")
        try bench.finish(runs[1], .returned)
        try bench.reopen()
      }
      let job = try bench.job(poison.id)
      try bench.expect(job.reason, is: "poison: 3 processes were lost while running it", "the reason")
      try bench.expect([job.crashes, job.attempts, job.failures.count], is: [3, 3, 3], "crashes, attempts, failures")
      try bench.expect(try bench.claimOne().attempt, is: 1, "the sibling's attempt")
    },
    Rule("X19 a loss counts as an attempt: the last one is dead") { bench in
      let wish = bench.wish(retry: RetryPolicy(attempts: 1))
      try bench.enqueue(wish)
      try bench.lose(try bench.claimOne())
      try bench.expect(wish.id, is: .dead)
    },
    Rule("at most the last 25 failures are kept") { bench in
      let wish = bench.wish(retry: RetryPolicy(attempts: 40, backoff: .fixed, base: .zero, jitter: .none))
      try bench.enqueue(wish)
      for attempt in 1...40 { try bench.finish(try bench.claimOne(), .failed(error: "e\(attempt)", retryAfter: nil)) }
      let failures = try bench.job(wish.id).failures
      try bench.expect(failures.map(\.attempt), is: Array(16...40), "the attempts")
    },
  ]
}
