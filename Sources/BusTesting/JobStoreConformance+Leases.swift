import BusProtocol
import BusStore

/// What a lease is from the moment on in which it was given, whenever a store writes it into the job itself.
extension JobStoreConformance {
  private static let cancel = JobChange.Verb.cancel(byForce: false, reason: "wrong tenant")

  static let leaseRules = [
    Rule("I15 leases outlive a restart right after their claim, and tokens count on behind them") { bench in
      let wishes = (1...4).map { _ in bench.wish() }
      for wish in wishes { try bench.enqueue(wish) }
      let runs = try bench.claim(2) + bench.claim(1, process: "q")
      try bench.finish(runs[1])
      try bench.reopen()
      let leases = [(0, "p"), (2, "q")].map { JobLease(job: wishes[$0].id, token: runs[$0].token, process: $1) }
      try bench.expect(try bench.store.running(), is: leases, "the leases")
      try bench.expect(try bench.store.queueCounts().map { [$0[.ready], $0[.running]] }, is: [[1, 2]], "the counts")
      let next = try bench.claim(9)
      try bench.expect(next.map(\.id), is: [wishes[3].id], "what is left to claim")
      try bench.expect(next[0].token > runs[2].token, "I15 token \(next[0].token) after \(runs[2].token)")
      try bench.reopen()
      var old = runs[0]
      old.token = runs[1].token
      try bench.expect(try bench.finish(old), is: .stale, "under another token")
      for run in [runs[0], runs[2]] {
        try bench.expect(try bench.finish(run), is: .accepted(.done, dueAt: nil), "ended")
      }
      try bench.expect(try bench.finish(runs[0]), is: .stale, "a second time")
      let job = try bench.job(wishes[0].id)
      try bench.expect([job.attempts, job.token == runs[0].token ? 1 : 0], is: [1, 1], "what is kept of the run")
      try bench.expect(job.startedAt, is: bench.now, "when it began")
      try bench.expect(job.process, is: "p", "who ran it")
    },
    Rule("a job runs for everyone who asks, as soon as it is claimed") { bench in
      let event: EventID = bench.newID()
      let wish = bench.wish(cause: JobCause(event: event, offset: Offset(1), topic: "user_changed"))
      try bench.enqueue(wish)
      try bench.enqueue(bench.wish())
      let run = try bench.claimOne()
      let job = try bench.job(wish.id)
      try bench.expect(job.state, is: .running, "the job")
      try bench.expect([job.attempts, Int(job.token)], is: [1, Int(run.token)], "its run")
      try bench.expect(try bench.store.jobs(JobFilter(state: .running)), is: [job], "what runs")
      try bench.expect(try bench.store.jobs(JobFilter(state: .ready)).count, is: 1, "what is ready")
      try bench.expect(try bench.store.jobs(withPrefix: wish.id.description, limit: 2), is: [job], "by its id")
      try bench.expect(try bench.store.decisions(forEvent: event).jobs, is: [job], "by its event")
      try bench.expect(try bench.store.ahead(of: wish.id), is: nil, "its place")
      let counts = try bench.store.queueCounts()
      try bench.expect(counts.map { [$0[.ready], $0[.running]] }, is: [[1, 1]], "the counts")
      try bench.expect(try bench.store.standing(of: job, at: bench.now).ahead, is: nil, "what is ahead of it")
      try bench.finish(run)
      try bench.expect(wish.id, is: .done)
    },
    Rule("I23 a job is asked to stop, is lost, says something and fails, as soon as it is claimed") { bench in
      let wishes = (1...4).map { _ in bench.wish() }
      for wish in wishes { try bench.enqueue(wish) }
      let runs = try bench.claim(9)
      let asked = ChangeOutcome.cancelRequested(process: "p", token: runs[0].token)
      try bench.expect(try bench.change(wishes[0].id, cancel), is: asked, "cancelled")
      try bench.lose(runs[1])
      try bench.expect(try bench.say(runs[2], JobProgress(1), bench.lines("half")), is: true, "kept")
      try bench.finish(runs[3], .failed(error: "no", retryAfter: .zero))
      try bench.reopen()
      try bench.finish(runs[0], .failed(error: "no", retryAfter: nil))
      try bench.expect(wishes[0].id, is: .cancelled)
      try bench.expect(try bench.job(wishes[1].id).crashes, is: 1, "the crashes")
      try bench.expect(try bench.kept(wishes[2].id), is: ["1 half"], "what it said")
      try bench.expect(wishes[2].id, is: .running)
      try bench.expect(try bench.job(wishes[3].id).failures.map(\.attempt), is: [1], "the failures")
      try bench.finish(runs[2])
      try bench.expect(try bench.finish(runs[1]), is: .stale, "the end of a lost run")
    },
    Rule("a job that was claimed leaves its queue lock to the next, and is merged into that when it fails") { bench in
      let wishes = (1...3).map { _ in bench.wish(queueLock: "q") }
      try bench.enqueue(wishes[0])
      let first = try bench.claimOne()
      try bench.expect(try bench.enqueue(wishes[1]), is: .enqueued(wishes[1].id), "while the first runs")
      let second = try bench.claimOne()
      try bench.finish(first, .returned)
      try bench.expect(wishes[0].id, is: .ready)
      try bench.expect(try bench.enqueue(wishes[2]), is: .merged(into: wishes[0].id), "while the first waits again")
      try bench.finish(second, .failed(error: "no", retryAfter: nil))
      try bench.expect(wishes[1].id, is: .merged)
      try bench.expect(try bench.claim(9).map(\.id), is: [wishes[0].id], "who does the work of all")
    },
    Rule("a full queue takes no equal wish of a job that runs, and one that shares its run joins it") { bench in
      try bench.limit([shopDefault: QueueLimits(waiting: 1)])
      try bench.enqueue(bench.wish(queueLock: "q"))
      let run = try bench.claimOne()
      var sharing = bench.wish(queueLock: "q")
      sharing.sharesRun = true
      try bench.expect(try bench.enqueue(sharing), is: .merged(into: run.id), "who shares the run")
      try bench.enqueue(bench.wish())
      guard case .refused = try bench.enqueue(bench.wish(queueLock: "q")) else {
        throw Broken(description: "a full queue took a wish that nobody who waits does the work of")
      }
    },
    Rule("the end of a job is told to whoever begins to wait for it while it runs") { bench in
      var wish = bench.wish()
      try bench.enqueue(wish)
      let other = bench.wish()
      try bench.enqueue(other)
      let runs = try bench.claim(2)
      let then = bench.wish()
      _ = try bench.enqueue(JobGroup(batch: [wish], then: then))
      wish = other
      wish.notify = "user:7"
      try bench.enqueue(wish)
      for run in runs { try bench.finish(run) }
      try bench.expect(then.id, is: .ready)
      let items = try bench.store.inbox(of: "user:7", after: 0, unreadOnly: false, limit: 9)
      try bench.expect(items.map(\.job), is: [other.id], "the inbox")
    },
    Rule("a lease that gets old ends as any other") { bench in
      let wishes = (1...3).map { _ in bench.wish() }
      for wish in wishes { try bench.enqueue(wish) }
      let old = try bench.claim(2)
      bench.now = bench.now + .seconds(2)
      let young = try bench.claimOne()
      try bench.finish(old[0])
      try bench.reopen()
      try bench.expect(try bench.store.running().map(\.token), is: [old[1].token, young.token], "the leases")
      for run in [old[1], young] { try bench.expect(try bench.finish(run), is: .accepted(.done, dueAt: nil), "ended") }
      try bench.expect(try bench.job(old[1].id).startedAt, is: bench.now - .seconds(2), "when it began")
    },
  ]

  /// Who goes next, whatever a store knows of it by heart.
  static let nextRules = [
    Rule("who is asked for later with a higher priority goes first, also before many") { bench in
      let many = (0..<40).map { bench.wish(priority: $0 % 3) }
      _ = try bench.one(.enqueue(many))
      func order(_ wishes: [NewJob]) -> [JobID] {
        (0...3).reversed().flatMap { priority in wishes.filter { $0.priority == priority }.map(\.id) }
      }
      try bench.expect(try bench.claim(5).map(\.id), is: Array(order(many).prefix(5)), "the first")
      let late = [bench.wish(priority: 3), bench.wish(priority: 2), bench.wish(priority: 0)]
      for wish in late { try bench.enqueue(wish) }
      let rest = order(many + late).filter { id in !order(many).prefix(5).contains(id) }
      try bench.expect(try bench.claim(7).map(\.id), is: Array(rest.prefix(7)), "the next")
      try bench.reopen()
      try bench.expect(try bench.claim(99).map(\.id), is: Array(rest.dropFirst(7)), "the last")
    },
    Rule("changes by hand move a job, or take it out, right before a claim") { bench in
      let mail = QueueName(engine: "shop", name: "mail")
      let wishes = (0..<7).map { _ in bench.wish() }
      for wish in wishes { try bench.enqueue(wish) }
      try bench.expect(try bench.claimOne().id, is: wishes[0].id, "the first")
      _ = try bench.change(wishes[1].id, cancel)
      _ = try bench.change(wishes[5].id, .edit(JobEdit(priority: 1)))
      _ = try bench.change(wishes[2].id, .move(to: mail))
      _ = try bench.change(wishes[3].id, .edit(JobEdit(inputs: ["n": "edited"])))
      let runs = try bench.claim(2)
      try bench.expect(runs.map(\.id), is: [wishes[5].id, wishes[3].id], "the order")
      try bench.expect(runs[1].inputs, is: ["n": "edited"], "the inputs")
      try bench.expect(try bench.claim(9, from: [Claim.Source(mail)]).map(\.id), is: [wishes[2].id], "the moved one")
      try bench.pause()
      try bench.expect(try bench.claim(9).count, is: 0, "of a paused queue")
      _ = try bench.one(.resume(shopDefault))
      try bench.expect(try bench.claim(9).map(\.id), is: [wishes[4].id, wishes[6].id], "the rest")
    },
    Rule("a merge that raises a job's priority counts for the next claim") { bench in
      let wishes = (0..<4).map { bench.wish(queueLock: "q\($0)") }
      for wish in wishes { try bench.enqueue(wish) }
      try bench.expect(try bench.claimOne().id, is: wishes[0].id, "the first")
      try bench.enqueue(bench.wish(queueLock: "q2"))
      try bench.enqueue(bench.wish(queueLock: "q3", priority: 1))
      try bench.expect(try bench.claim(9).map(\.id), is: [3, 1, 2].map { wishes[$0].id }, "the order")
    },
    Rule("a merge that changes a job's inputs counts for the next claim") { bench in
      let wishes = (0..<3).map { bench.wish(queueLock: "q\($0)") }
      for wish in wishes { try bench.enqueue(wish) }
      try bench.expect(try bench.claimOne().id, is: wishes[0].id, "the first")
      var other = bench.wish(queueLock: "q1")
      other.onMerge = .replace
      try bench.enqueue(other)
      let runs = try bench.claim(9)
      try bench.expect(runs.map(\.id), is: [1, 2].map { wishes[$0].id }, "the order")
      try bench.expect(runs[0].inputs, is: other.inputs, "the inputs")
    },
    Rule("ends of one report count each for its own job, in whatever order they come") { bench in
      // One goes first, so that tokens and ages are not in the same order.
      let wishes = (0..<9).map { bench.wish(priority: $0 == 4 ? 1 : 0) }
      for wish in wishes { try bench.enqueue(wish) }
      let runs = try bench.claim(6) + bench.claim(3, process: "q")
      bench.now = bench.now + .milliseconds(5)
      let ended = [4, 0, 1, 7, 2, 5, 8]
      var results = ended.map { JobResult(id: runs[$0].id, token: runs[$0].token, outcome: .done) }
      results[2].outcome = .notNeeded
      results[4].result = ["width": 640]
      results.insert(JobResult(id: runs[3].id, token: runs[4].token, outcome: .done), at: 3)
      results.append(results[0])
      guard case .finished(let replies) = try bench.one(.finish(results)) else { return }
      let stale = replies.indices.filter { replies[$0] == .stale }
      try bench.expect(stale, is: [3, 8], "the stale ones")
      for (index, run) in runs.enumerated() {
        let job = try bench.job(run.id)
        let state: JobState = index == 1 ? .notNeeded : ended.contains(index) ? .done : .running
        try bench.expect(job.state, is: state, "the state of job \(index)")
        try bench.expect(job.token, is: run.token, "the token of job \(index)")
        try bench.expect(job.process, is: index < 6 ? "p" : "q", "the process of job \(index)")
        try bench.expect(job.startedAt, is: bench.now - .milliseconds(5), "when job \(index) began")
        try bench.expect(job.finishedAt, is: state == .running ? nil : bench.now, "when job \(index) ended")
        try bench.expect(job.result, is: index == 2 ? ["width": 640] : nil, "the result of job \(index)")
      }
    },
    Rule("a job whose time is over, or that waits again, counts for the next claim") { bench in
      var late = bench.wish()
      late.expiresAt = bench.now + .seconds(5)
      let wishes = [bench.wish(), late, bench.wish(), bench.wish()]
      for wish in wishes { try bench.enqueue(wish) }
      let first = try bench.claimOne()
      let later = bench.wish(priority: 1, dueIn: .seconds(6))
      try bench.enqueue(later)
      bench.now = bench.now + .seconds(6)
      try bench.finish(first, .returned)
      try bench.promote()
      let order = [later, wishes[0], wishes[2], wishes[3]].map(\.id)
      try bench.expect(try bench.claim(9).map(\.id), is: order, "the order")
      try bench.expect(late.id, is: .expired)
    },
    Rule("jobs with and without locks of one queue go in their order") { bench in
      let wishes = (0..<8).map { bench.wish(workerLock: $0 % 2 == 0 ? "w\($0 % 4)" : nil) }
      for wish in wishes { try bench.enqueue(wish) }
      let runs = try bench.claim(9)
      try bench.expect(runs.map(\.id), is: [0, 1, 2, 3, 5, 7].map { wishes[$0].id }, "the first of each lock")
      for run in runs { try bench.finish(run) }
      try bench.expect(try bench.claim(1).map(\.id), is: [wishes[4].id], "the second of a lock")
      try bench.enqueue(bench.wish())
      try bench.expect(try bench.claim(1).map(\.id), is: [wishes[6].id], "the second of the other")
    },
    Rule("in a long queue everyone gets a turn, once, in order, whoever is passed over") { bench in
      let many = (0..<600).map { bench.wish($0 % 50 == 0 ? "Rare" : "Work", priority: $0 % 2) }
      for start in stride(from: 0, to: 600, by: 100) { _ = try bench.one(.enqueue(Array(many[start..<start + 100]))) }
      try bench.reopen()
      var (seen, size): ([JobID], Int) = ([], 1)
      while true {
        let runs = try bench.claim(size, except: ["Rare"])
        guard !runs.isEmpty else { break }
        seen += runs.map(\.id)
        if size % 3 == 0 { for run in runs { try bench.finish(run) } }
        size += 2
      }
      let known = many.filter { $0.worker != "Rare" }
      let expected = [1, 0].flatMap { priority in known.filter { $0.priority == priority }.map(\.id) }
      try bench.expect(seen == expected, "\(seen.count) of \(expected.count) were claimed, or not in their order")
      try bench.expect(try bench.claim(99).count, is: many.count - known.count, "those that were passed over")
    },
  ]
}
