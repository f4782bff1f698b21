import BusProtocol
import BusStore

extension JobStoreConformance {
  static let jobLimitRules = [
    Rule("of one key run as many as its limit says, over queues and processes; the others wait in their order") {
      bench in
      let slow = QueueName(engine: "shop", name: "slow")
      let limit = JobLimit(key: "tenant(1)", concurrency: 2)
      let wishes = (1...5).map { _ in bench.wish(limit: limit) }
      for wish in wishes { try bench.enqueue(wish) }
      let first = bench.wish(limit: limit, priority: 1)
      try bench.enqueue(first)
      try bench.enqueue(bench.wish(in: slow, limit: limit))
      let others = [bench.wish(limit: JobLimit(key: "tenant(2)", concurrency: 2)), bench.wish()]
      for wish in others { try bench.enqueue(wish) }
      var runs = try bench.claim(9)
      try bench.expect(runs.map(\.id), is: [first.id, wishes[0].id] + others.map(\.id), "claimed")
      try bench.expect(try bench.claim(9, from: [Claim.Source(slow)], process: "q").count, is: 0, "claimed elsewhere")
      try bench.expect(try bench.store.running(underLimit: limit.key), is: 2, "running under the limit")
      for next in wishes.dropFirst() {
        try bench.finish(runs.removeFirst())
        runs = runs.filter { !others.map(\.id).contains($0.id) }
        let claimed = try bench.claim(9)
        try bench.expect(claimed.map(\.id), is: [next.id], "whose turn it is")
        runs += claimed
      }
      for run in runs { try bench.finish(run) }
      try bench.expect(try bench.claim(9, from: [Claim.Source(slow)]).count, is: 1, "claimed elsewhere at last")
    },
    Rule("X8 jobs over their limit are picked up once each, and nobody looks at them before their turn") { bench in
      let limit = JobLimit(key: "tenant(1)", concurrency: 2)
      for _ in 1...30 { try bench.enqueue(bench.wish(limit: limit)) }
      try bench.expect(try bench.store.queueCounts().first?[.ready], is: 2, "ready ones")
      for _ in 1...15 { for run in try bench.claim(9) { try bench.finish(run) } }
      try bench.expect(bench.store.counters().leases, is: 30, "pick-ups")
      try bench.expect(bench.store.counters().blocked, is: 0, "pick-ups for nothing")
    },
    Rule("a limit is counted from the rows that run: no end, loss or restart leaks a place") { bench in
      let limit = JobLimit(key: "tenant(1)", concurrency: 1)
      for _ in 1...9 { try bench.enqueue(bench.wish(limit: limit)) }
      let ends: [Outcome] = [.done, .notNeeded, .dead(error: "no"), .failed(error: "no", retryAfter: .seconds(60))]
      for end in ends {
        let run = try bench.claimOne()
        try bench.expect(try bench.claim(9).count, is: 0, "claimed beside it")
        try bench.finish(run, end)
      }
      try bench.lose(try bench.claimOne())
      let run = try bench.claimOne()
      try bench.reopen()
      try bench.expect(try bench.claim(9).count, is: 0, "claimed after a restart")
      try bench.finish(run)
      try bench.expect(try bench.claim(9).count, is: 1, "claimed after its end")
    },
    Rule("a rate of a key is kept over restarts, and its jobs are due when it opens") { bench in
      let limit = JobLimit(key: "tenant(1)", rate: RateLimit(10, per: .second, burst: 2))
      for _ in 1...5 { try bench.enqueue(bench.wish(limit: limit)) }
      for run in try bench.claim(9) { try bench.finish(run) }
      try bench.expect(bench.store.counters().leases, is: 2, "at once")
      try bench.reopen()
      var started: [Duration] = []
      let start = bench.now
      while let due = try bench.store.nextDue(), started.count < 3, due < start + .seconds(5) {
        bench.now = max(bench.now, due)
        try bench.promote()
        for run in try bench.claim(9) {
          started.append(bench.now - start)
          try bench.finish(run)
        }
      }
      try bench.expect(started, is: [.milliseconds(100), .milliseconds(200), .milliseconds(300)], "the later ones")
    },
    Rule("a limit and a worker lock hold together, and neither holds up the other") { bench in
      let limit = JobLimit(key: "tenant(1)", concurrency: 2)
      let locked = (1...3).map { _ in bench.wish(workerLock: "w", limit: limit) }
      for wish in locked { try bench.enqueue(wish) }
      let free = [bench.wish(limit: limit), bench.wish(limit: limit)]
      for wish in free { try bench.enqueue(wish) }
      let runs = try bench.claim(9)
      try bench.expect(runs.map(\.id), is: [locked[0].id, free[0].id], "claimed: the second waits for its worker lock")
      try bench.finish(runs[1])
      let third = try bench.claim(9)
      try bench.expect(third.map(\.id), is: [free[1].id], "the next of the limit")
      try bench.finish(runs[0])
      try bench.finish(third[0])
      try bench.expect(try bench.claim(9).map(\.id), is: [locked[1].id], "the next of the worker lock")
    },
    Rule("a job of a limit that becomes due waits in its place") { bench in
      let limit = JobLimit(key: "tenant(1)", concurrency: 1)
      let (later, first, second) = (
        bench.wish(limit: limit, priority: 1, dueIn: .seconds(9)), bench.wish(limit: limit), bench.wish(limit: limit)
      )
      for wish in [later, first, second] { try bench.enqueue(wish) }
      let run = try bench.claimOne()
      bench.now = bench.now + .seconds(9)
      try bench.promote()
      try bench.expect(later.id, is: .blocked)
      try bench.finish(run)
      try bench.expect(try bench.claim(9).map(\.id), is: [later.id], "the next")
    },
    Rule("limits are kept with the job, and one key's limits may differ from job to job") { bench in
      let one = bench.wish(limit: JobLimit(key: "k", concurrency: 1, rate: RateLimit(5, per: .minute)))
      let wide = (1...3).map { _ in bench.wish(limit: JobLimit(key: "k", concurrency: 3)) }
      for wish in [one] + wide { try bench.enqueue(wish) }
      try bench.reopen()
      try bench.expect(try bench.job(one.id).wish, is: one, "the wish")
      let claimed = try bench.claim(9)
      try bench.expect(claimed.first?.id, is: one.id, "the first")
      try bench.expect(claimed.count, is: 3, "claimed")
    },
  ]
}
