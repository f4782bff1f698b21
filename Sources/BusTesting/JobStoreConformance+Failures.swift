import BusProtocol
import BusStore

extension JobStoreConformance {
  private static let budget = [shopDefault: QueueLimits(retries: RateLimit(60, per: .minute, burst: 2))]

  /// Lets the runs of so many new jobs fail.
  private static func fail(_ count: Int, _ bench: JobStoreBench, after delay: Duration) throws -> [JobID] {
    for _ in 1...count { try bench.enqueue(bench.wish()) }
    let runs = try bench.claim(count)
    try bench.expect(runs.count, is: count, "first attempts, which no budget holds up")
    for run in runs { try bench.finish(run, .failed(error: "busy", retryAfter: delay)) }
    return runs.map(\.id)
  }

  static let failureRules = [
    Rule("failed jobs come back within their queue's retry budget, in the order in which they are due, over restarts") {
      bench in
      try bench.limit(budget)
      let jobs = try fail(5, bench, after: .seconds(10))
      bench.now = bench.now + .seconds(10)
      let due = bench.now
      try bench.promote()
      try bench.expect(try jobs.map { try bench.job($0).state }.count { $0 == .ready }, is: 2, "back at once")
      try bench.expect(try jobs.map { try bench.store.isHeldBack($0) }, is: [false, false, true, true, true], "held")
      try bench.expect(
        try jobs.dropFirst(2).map { try bench.job($0).wish.dueAt }, is: [1, 2, 3].map { due + .seconds($0) },
        "their moments")
      try bench.reopen()
      try bench.limit(budget)
      let late = try fail(3, bench, after: .zero)
      try bench.expect(
        try late.map { try bench.job($0).wish.dueAt }, is: [4, 5, 6].map { due + .seconds($0) },
        "what fails then, and would come back at once, is behind them")
      for second in 1...6 {
        bench.now = due + .seconds(second)
        try bench.promote()
        try bench.expect(try bench.claim(9).count, is: second == 1 ? 3 : 1, "started after \(second) s")
      }
      try bench.expect(try bench.store.nextDue(), is: nil, "what is left")
    },
    Rule("a retry that is far ahead holds up none that is due before it") { bench in
      try bench.limit(budget)
      _ = try fail(2, bench, after: .seconds(3600))
      let soon = try fail(1, bench, after: .seconds(1))
      bench.now = bench.now + .seconds(1)
      try bench.promote()
      try bench.expect(soon[0], is: .ready)
    },
    Rule("a lost run's job comes back within the budget too, and one that is run by hand does at once") { bench in
      try bench.limit(budget)
      for _ in 1...4 { try bench.enqueue(bench.wish()) }
      let runs = try bench.claim(4)
      for run in runs { try bench.lose(run) }
      let held = try runs.map(\.id).filter { try bench.store.isHeldBack($0) }
      try bench.expect(held, is: runs.dropFirst(2).map(\.id), "held")
      _ = try bench.one(.change([JobChange(held[1], .runNow)]))
      try bench.expect(held[1], is: .ready)
      try bench.expect(try bench.store.isHeldBack(held[1]), is: false, "held after it was run by hand")
    },
    Rule("X17 a job whose process is lost three times is dead, and found by its crashes; the queue goes on") { bench in
      let poison = bench.wish("Poison")
      let given = bench.wish("GivesUp")
      for wish in [poison, given] { try bench.enqueue(wish) }
      for _ in 1...3 {
        let runs = try bench.claim(2)
        for run in runs where run.id == poison.id { try bench.lose(run) }
        for run in runs where run.id == given.id { try bench.finish(run, .dead(error: "never")) }
      }
      let filter = try Filter("crashes >= 3").bound(to: .jobs, at: bench.now)
      let found = try bench.store.jobs(JobFilter(state: .dead, where: filter))
      try bench.expect(found.map(\.id), is: [poison.id], "what is found")
      try bench.expect(found[0].reason, is: "poison: 3 processes were lost while running it", "the reason")
      try bench.enqueue(bench.wish())
      try bench.expect(try bench.claim(9).count, is: 1, "what goes on")
    },
    Rule("a clock that was set back closes a retry budget for no longer than those take who wait for it") { bench in
      try bench.limit(budget)
      _ = try fail(4, bench, after: .zero)
      bench.now = bench.now - .seconds(86_400)
      let next = try fail(1, bench, after: .zero)
      let dueAt = try bench.job(next[0]).wish.dueAt
      try bench.expect(dueAt.map { $0 <= bench.now + .seconds(5) } ?? false, "it is due at \(dueAt as Any)")
    },
    Rule("S3-12 each attempt that failed is told as an event, where its queue announces them, and nothing twice") {
      bench in
      try bench.store.configure(QueueWiring(.any, announcing: [shopDefault]), at: bench.now)
      let quiet = QueueName(engine: "shop", name: "quiet")
      let cause = JobCause(topic: "invoice_created", correlation: bench.newID(), context: ["tenant": 7])
      let job = bench.wish("Charge", retry: RetryPolicy(attempts: 2, base: .zero), cause: cause)
      try bench.enqueue(job)
      try bench.enqueue(bench.wish(in: quiet))
      try bench.lose(try bench.claimOne())
      try bench.finish(try bench.claimOne(), .failed(error: "no such card", retryAfter: nil))
      try bench.finish(try bench.claimOne(from: quiet), .failed(error: "busy", retryAfter: nil))
      try bench.reopen()
      let told = try bench.store.announcements(dueBy: bench.now, limit: 9)
      try bench.expect(Set(told.map(\.id)).count, is: 3, "their ids")
      try bench.expect(
        told.map(\.topic).sorted { $0.text < $1.text }, is: ["job_dead", "job_failed", "job_failed"], "topics")
      let data = try told.filter { $0.topic == "job_failed" }.map { try JSONParser.parse($0.data) }
      try bench.expect(Set(data.map { $0["attempt"]?.text }), is: ["1", "2"], "the attempts")
      for event in data {
        let isLast = event["attempt"]?.text == "2"
        try bench.expect(event["will_retry"], is: .bool(!isLast), "whether it runs again")
        try bench.expect(
          event["error"], is: .string(isLast ? "no such card" : "killed by signal 9"), "the error of \(event)")
        try bench.expect(event["job"]?.text, is: JSONValue.string("\(job.id)").text, "the job")
      }
      for event in told {
        try bench.expect(event.headers.causation, is: .job(job.id), "what brought it about")
        try bench.expect(event.headers.context, is: cause.context, "its context")
      }
    },
    Rule("what handles failures and fails is not told of, nor is what it enqueues") { bench in
      try bench.store.configure(QueueWiring(.any, announcing: [shopDefault]), at: bench.now)
      let handling = bench.wish("Alert", cause: JobCause(topic: "job_failed"))
      let child = bench.wish("Mail", cause: JobCause(job: handling.id))
      let grandchild = bench.wish("Mail", cause: JobCause(job: child.id))
      let other = bench.wish("Mail", cause: JobCause(job: bench.newID()))
      for wish in [handling, child, grandchild, other] { try bench.enqueue(wish) }
      for run in try bench.claim(4) { try bench.finish(run, .failed(error: "no", retryAfter: nil)) }
      let told = try bench.store.announcements(dueBy: bench.now, limit: 9)
      try bench.expect(told.map(\.headers.causation), is: [.job(other.id)], "who is told of")
    },
  ]
}
