import BusProtocol
import BusStore

extension JobStoreBench {
  /// Asks for a batch or a chain.
  func enqueue(_ group: JobGroup) throws -> [EnqueueOutcome] {
    guard case .enqueued(let outcomes) = try one(.enqueueGroup(group)) else {
      throw JobStoreConformance.Broken(description: "the reply is that of another command")
    }
    try expect(outcomes.count, is: group.all.count, "the outcomes of a group")
    return outcomes
  }

  /// A batch of so many jobs, and the job behind it.
  func batch(of count: Int, then: NewJob? = nil) throws -> (jobs: [NewJob], then: NewJob) {
    let (jobs, then) = ((0..<count).map { _ in wish() }, then ?? wish("Then"))
    try expect(
      try enqueue(JobGroup(batch: jobs, then: then)), is: (jobs + [then]).map { .enqueued($0.id) }, "the outcomes")
    return (jobs, then)
  }

  /// A chain of so many steps.
  func chain(of count: Int) throws -> [NewJob] {
    let steps = (0..<count).map { _ in wish() }
    try expect(try enqueue(JobGroup(chain: steps)), is: steps.map { .enqueued($0.id) }, "the outcomes")
    return steps
  }

  /// Claims a job that must be the next one, and ends it.
  func run(_ job: NewJob, _ outcome: Outcome = .done, result: JSONValue? = nil) throws {
    let run = try claimOne()
    try expect(run.id, is: job.id, "who runs")
    let result = JobResult(id: run.id, token: run.token, outcome: outcome, result: result)
    guard case .finished(let replies) = try one(.finish([result])), replies != [.stale] else {
      throw JobStoreConformance.Broken(description: "the end of \(job.id) was refused")
    }
  }

  /// The whole batch that a job waits for.
  func batch(behind job: NewJob) throws -> JobBatch {
    guard let batch = try store.batch(of: job.id, from: 0, limit: 1000, onlyOpen: false) else {
      throw JobStoreConformance.Broken(description: "job \(job.id) has no batch")
    }
    return batch
  }
}

extension JobStoreConformance {
  private static let dead = Outcome.dead(error: "no")
  private static let cancel = JobChange.Verb.cancel(byForce: false, reason: "wrong tenant")

  static let batchRules = [
    Rule("GM8 the job behind a batch runs once, when all have ended, whatever way, and sees how") { bench in
      let (jobs, then) = try bench.batch(of: 4)
      try bench.expect(then.id, is: .parked)
      try bench.run(jobs[0], .done, result: ["width": 7])
      try bench.run(jobs[1], dead)
      try bench.reopen()
      try bench.run(jobs[2], .notNeeded)
      try bench.expect(then.id, is: .parked)
      try bench.expect(try bench.batch(behind: then).open, is: 1, "those that are open")
      try bench.expect(try bench.change(jobs[3].id, cancel), is: .changed(.cancelled), "the last one")
      try bench.expect(then.id, is: .ready)
      try bench.reopen()
      let batch = try bench.batch(behind: then)
      try bench.expect(batch.jobs.map(\.job), is: jobs.map(\.id), "the jobs in their order")
      try bench.expect(batch.jobs.map(\.state), is: [.done, .dead, .notNeeded, .cancelled], "how they ended")
      try bench.expect(batch.jobs.map(\.error), is: [nil, "no", nil, "wrong tenant"], "what went wrong")
      try bench.expect(batch.jobs[0].result, is: ["width": 7], "the result")
      try bench.run(then)
      try bench.expect(try bench.change(jobs[1].id, .retry), is: .changed(.ready), "the dead one, by hand")
      try bench.run(jobs[1])
      try bench.expect(then.id, is: .done)
    },
    Rule("a batch that is asked for twice is one batch, and so are its parts") { bench in
      let (jobs, then) = ((0..<5).map { _ in bench.wish() }, bench.wish("Then"))
      let parts = [
        JobGroup(Array(jobs[..<2]), .batch(then: then, size: 5, first: 0)),
        JobGroup(Array(jobs[2...]), .batch(then: then, size: 5, first: 2)),
      ]
      let outcomes = try bench.enqueue(parts[0])
      try bench.run(jobs[0])
      try bench.run(jobs[1])
      try bench.expect(then.id, is: .parked)
      try bench.expect(try bench.enqueue(parts[0]), is: outcomes, "asked again")
      try bench.expect(try bench.batch(behind: then).open, is: 3, "those that are open")
      _ = try bench.enqueue(parts[1])
      for job in jobs[2...] { try bench.run(job) }
      try bench.expect(then.id, is: .ready)
      _ = try bench.enqueue(parts[1])
      try bench.run(then)
      try bench.expect(try bench.claim(9).count, is: 0, "what is left")
      try bench.expect(try bench.store.queueCounts().first?.totals.enqueued, is: 6, "jobs")
    },
    Rule("the job behind an empty batch runs at once") { bench in
      let (_, then) = try bench.batch(of: 0)
      try bench.run(then)
      try bench.expect(try bench.batch(behind: then).jobs, is: [], "the jobs")
    },
    Rule("a job that ended before its batch was asked for is not waited for") { bench in
      let (job, then) = (bench.wish(), bench.wish("Then"))
      try bench.enqueue(job)
      try bench.run(job, dead)
      _ = try bench.enqueue(JobGroup(batch: [job], then: then))
      try bench.expect(try bench.batch(behind: then).jobs.map(\.state), is: [.dead], "how it ended")
      try bench.run(then)
    },
    Rule("X6 a job of a batch that was merged ends with the one that does its work") { bench in
      let (first, second, then) = (bench.wish(queueLock: "k"), bench.wish(queueLock: "k"), bench.wish("Then"))
      try bench.enqueue(first)
      let run = try bench.claimOne()
      try bench.enqueue(second)
      let child = bench.wish(queueLock: "k")
      let outcomes = try bench.enqueue(JobGroup(batch: [child], then: then))
      try bench.expect(outcomes, is: [.merged(into: second.id), .enqueued(then.id)], "the outcomes")
      try bench.finish(run)
      try bench.expect(then.id, is: .parked)
      // It comes back from a run, and is merged into a newer one: the batch waits for that one.
      let again = try bench.claimOne()
      let newer = bench.wish(queueLock: "k")
      try bench.enqueue(newer)
      try bench.finish(again, .returned)
      try bench.expect(second.id, is: .merged)
      try bench.expect(then.id, is: .parked)
      try bench.expect(try bench.batch(behind: then).jobs.map(\.job), is: [newer.id], "who is waited for")
      try bench.expect(try bench.store.awaiters(of: newer.id), is: [then.id], "who waits")
      try bench.run(newer)
      try bench.expect(then.id, is: .ready)
    },
    Rule("a job that waits for others holds no queue lock, and is not merged, until its turn has come") { bench in
      let (jobs, then) = try bench.batch(of: 1, then: bench.wish("Then", queueLock: "k"))
      let equal = bench.wish("Then", queueLock: "k")
      try bench.expect(try bench.enqueue(equal), is: .enqueued(equal.id), "an equal one")
      try bench.run(jobs[0])
      try bench.expect(then.id, is: .ready)
      try bench.expect(try bench.claim(9).map(\.id), is: [then.id, equal.id], "both run")
      let (others, last) = try bench.batch(of: 1, then: bench.wish("Then", queueLock: "k"))
      try bench.run(others[0])
      try bench.expect(try bench.enqueue(bench.wish("Then", queueLock: "k")), is: .merged(into: last.id), "behind it")
    },
    Rule("a dead job of a batch that runs again while others are open is waited for") { bench in
      let (jobs, then) = try bench.batch(of: 2)
      try bench.run(jobs[0], dead)
      try bench.expect(try bench.change(jobs[0].id, .retry), is: .changed(.ready), "again")
      try bench.expect(try bench.batch(behind: then).open, is: 2, "those that are open")
      try bench.run(jobs[0])
      try bench.run(jobs[1])
      try bench.run(then)
    },
    Rule("a job that waits for others is cancelled, edited and moved by hand, and still waits") { bench in
      let mail = QueueName(engine: "shop", name: "mail")
      let (jobs, then) = try bench.batch(of: 2)
      try bench.expect(try bench.change(then.id, cancel), is: .changed(.cancelled), "cancelled")
      try bench.run(jobs[0])
      try bench.expect(try bench.change(then.id, .retry), is: .changed(.parked), "again")
      guard case .refused(.parked, _) = try bench.change(then.id, .runNow) else {
        throw Broken(description: "a job ran before those that it waits for")
      }
      try bench.expect(try bench.change(then.id, .edit(JobEdit(priority: 3))), is: .changed(.parked), "edited")
      try bench.expect(try bench.change(then.id, .move(to: mail)), is: .changed(.parked), "moved")
      _ = try bench.one(.unpark(workersKnown: ["shop": ["Then"]]))
      try bench.store.configure(QueueWiring(.only([shopDefault: nil])), at: bench.now)
      try bench.store.configure(.any, at: bench.now)
      try bench.reopen()
      try bench.expect(then.id, is: .parked)
      try bench.run(jobs[1])
      try bench.expect(try bench.claimOne(from: mail).id, is: then.id, "then it runs")
    },
    Rule("a batch whose queue takes none is refused as a whole; one that was taken comes to its end") { bench in
      try bench.limit([shopDefault: QueueLimits(waiting: 2)])
      let (jobs, then) = ((0..<4).map { _ in bench.wish() }, bench.wish("Then"))
      for first in [0, 2] {
        let part = Array(jobs[first..<first + 2])
        let outcomes = try bench.enqueue(JobGroup(part, .batch(then: then, size: 4, first: first)))
        try bench.expect(outcomes, is: (part + [then]).map { .enqueued($0.id) }, "a part")
      }
      let more = JobGroup(batch: [bench.wish(in: QueueName(engine: "shop", name: "mail"))], then: bench.wish())
      for outcome in try bench.enqueue(more) {
        guard case .refused(_, let refusal) = outcome, refusal.code == .full else {
          throw Broken(description: "a full queue took \(outcome)")
        }
      }
      try bench.expect(try bench.store.job(more.jobs[0].id) == nil, "a part of a refused batch was kept")
      for job in jobs { try bench.run(job) }
      try bench.run(then)
    },
    Rule("what is forgotten takes its batch along; a job that is no longer kept says how it ended") { bench in
      let (jobs, then) = try bench.batch(of: 2)
      try bench.run(jobs[0], dead)
      try bench.expect(try bench.change(jobs[0].id, .remove), is: .removed, "removed")
      try bench.run(jobs[1])
      try bench.expect(try bench.batch(behind: then).jobs.map(\.state), is: [.dead, .done], "how they ended")
      try bench.run(then)
      bench.now = bench.now + .seconds(100)
      _ = try bench.one(.prune(HistoryRetention(age: .seconds(10), maximumCount: 100), limit: 50))
      try bench.expect(
        try bench.store.batch(of: then.id, from: 0, limit: 9, onlyOpen: false), is: nil, "the batch of a forgotten job")
      try bench.expect(try bench.store.awaiters(of: jobs[1].id), is: [], "who waits")
    },
  ]

  static let chainRules = [
    Rule("each step of a chain starts when the one before is done, and sees its result") { bench in
      let steps = try bench.chain(of: 3)
      try bench.expect(steps[1].id, is: .parked)
      try bench.run(steps[0], .done, result: ["page": 1])
      try bench.expect(try bench.batch(behind: steps[1]).jobs.first?.result, is: ["page": 1], "what came before")
      try bench.expect(steps[2].id, is: .parked)
      try bench.run(steps[1], .notNeeded)
      try bench.reopen()
      try bench.expect(try bench.batch(behind: steps[2]).step, is: 2, "the step before")
      try bench.run(steps[2])
      try bench.expect(try bench.enqueue(JobGroup(chain: steps)), is: steps.map { .enqueued($0.id) }, "asked again")
      try bench.expect(try bench.claim(9).count, is: 0, "what is left")
    },
    Rule("a step that does not get done stops the chain; by hand it goes on") { bench in
      for end in [dead, .cancelled(reason: "dropped")] {
        let steps = try bench.chain(of: 4)
        try bench.run(steps[0])
        try bench.run(steps[1], end)
        for step in steps[2...] {
          let job = try bench.job(step.id)
          try bench.expect(job.state, is: .cancelled, "a step behind")
          try bench.expect(job.reason, is: "step 2 of its chain ended \(end.word)", "the reason")
        }
        try bench.expect(try bench.change(steps[1].id, .retry), is: .changed(.ready), "again")
        try bench.expect(steps[2].id, is: .parked)
        try bench.expect(try bench.change(steps[3].id, .retry), is: .unchanged(.parked), "it waits already")
        try bench.reopen()
        for step in steps[1...] { try bench.run(step) }
      }
    },
    Rule("a step that someone took out stops the chain behind it, and runs by hand without what came before") { bench in
      let steps = try bench.chain(of: 3)
      try bench.expect(try bench.change(steps[1].id, cancel), is: .changed(.cancelled), "cancelled")
      try bench.expect(steps[2].id, is: .cancelled)
      try bench.run(steps[0], dead)
      try bench.expect(try bench.change(steps[1].id, .retry), is: .changed(.ready), "by hand")
      try bench.expect(steps[2].id, is: .parked)
      try bench.run(steps[1])
      try bench.run(steps[2])
      try bench.expect(try bench.change(steps[0].id, .retry), is: .changed(.ready), "the first one, late")
      try bench.run(steps[0])
      try bench.expect(try bench.claim(9).count, is: 0, "what is left")
    },
    Rule("equal steps of one chain run one after the other, and none is merged") { bench in
      let steps = (0..<3).map { _ in bench.wish(queueLock: "k", workerLock: "w") }
      try bench.expect(try bench.enqueue(JobGroup(chain: steps)), is: steps.map { .enqueued($0.id) }, "the outcomes")
      for step in steps { try bench.run(step) }
    },
  ]
}
