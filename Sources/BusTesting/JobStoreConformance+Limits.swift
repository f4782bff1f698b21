import BusProtocol
import BusStore

extension JobStoreConformance {
  static let queueLimitRules = [
    Rule("a queue's concurrency holds over all processes and restarts, and no run that ends or is lost keeps a place") {
      bench in
      let limits = [shopDefault: QueueLimits(concurrency: 2)]
      try bench.limit(limits)
      for _ in 1...6 { try bench.enqueue(bench.wish()) }
      let runs = try bench.claim(9)
      try bench.expect(runs.count, is: 2, "claimed")
      try bench.expect(try bench.claim(9, process: "other").count, is: 0, "claimed by another process")
      try bench.finish(runs[0])
      try bench.lose(runs[1])
      let next = try bench.claim(9, process: "other")
      try bench.expect(next.count, is: 2, "claimed after an end and a loss")
      try bench.reopen()
      try bench.limit(limits)
      try bench.expect(try bench.claim(9).count, is: 0, "claimed after a restart")
      for run in next { try bench.finish(run, .failed(error: "no", retryAfter: .seconds(9))) }
      try bench.expect(try bench.claim(9).count, is: 2, "claimed after two failures")
      try bench.limit([:])
      try bench.expect(try bench.claim(9).count, is: 1, "claimed without the limit")
    },
    Rule("a queue over its limit stops no other queue") { bench in
      let other = QueueName(engine: "shop", name: "other")
      try bench.limit([shopDefault: QueueLimits(concurrency: 1)])
      for queue in [shopDefault, shopDefault, other, other] { try bench.enqueue(bench.wish(in: queue)) }
      let claimed = try bench.claim(9, from: [Claim.Source(shopDefault), Claim.Source(other)])
      try bench.expect(claimed.map(\.queue), is: [shopDefault, other, other], "the queues")
    },
    Rule("a queue's rate is kept over restarts, and says when more may start") { bench in
      let limits = [shopDefault: QueueLimits(rate: RateLimit(10, per: .second, burst: 2))]
      try bench.limit(limits)
      for _ in 1...9 { try bench.enqueue(bench.wish()) }
      try bench.expect(try bench.store.nextOpening(after: bench.now), is: nil, "the opening while some may start")
      try bench.expect(try bench.claim(9).count, is: 2, "at once")
      try bench.expect(
        try bench.store.nextOpening(after: bench.now), is: bench.now + .milliseconds(100), "the opening")
      try bench.reopen()
      try bench.limit(limits)
      bench.now = bench.now + .milliseconds(99)
      try bench.expect(try bench.claim(9).count, is: 0, "too early")
      bench.now = bench.now + .milliseconds(1)
      try bench.expect(try bench.claim(9).count, is: 1, "a tenth of a second later")
      bench.now = bench.now + .seconds(60)
      try bench.expect(try bench.claim(9).count, is: 2, "after a rest")
    },
    Rule("a clock that was set back closes a rate for no longer than its burst takes") { bench in
      try bench.limit([shopDefault: QueueLimits(rate: RateLimit(10, per: .second, burst: 2))])
      for _ in 1...9 { try bench.enqueue(bench.wish()) }
      _ = try bench.claim(9)
      bench.now = bench.now - .seconds(3600)
      let opening = try bench.store.nextOpening(after: bench.now)
      try bench.expect(opening.map { $0 <= bench.now + .milliseconds(100) } ?? false, "opens at \(opening as Any)")
    },
    Rule("a full queue refuses new jobs, keeps nothing of them, and takes them again when one starts") { bench in
      try bench.limit([shopDefault: QueueLimits(waiting: 3)])
      let first = bench.wish(queueLock: "k", dueIn: .seconds(60))
      try bench.enqueue(first)
      try bench.enqueue(bench.wish(workerLock: "w"))
      let third = bench.wish(workerLock: "w")
      try bench.enqueue(third)
      let over = bench.wish()
      guard case .refused(let id, let refusal) = try bench.enqueue(over) else {
        throw Broken(description: "a full queue took a job")
      }
      try bench.expect(id, is: over.id, "the refused job")
      try bench.expect(refusal.code, is: .full, "the code")
      try bench.expect(refusal.reason.contains("limit is 3"), "the reason is \(refusal.reason)")
      try bench.expect(try bench.store.job(over.id) == nil, "a refused job is kept")
      try bench.expect(
        try bench.enqueue(bench.wish(queueLock: "k")), is: .merged(into: first.id), "an equal one, which needs no place"
      )
      try bench.expect(try bench.enqueue(third), is: .enqueued(third.id), "a known id")
      let other = bench.wish(in: QueueName(engine: "shop", name: "other"))
      try bench.expect(try bench.enqueue(other), is: .enqueued(other.id), "another queue")
      _ = try bench.claim(1)
      try bench.expect(try bench.enqueue(over), is: .enqueued(over.id), "the same when one was started")
      try bench.expect(bench.store.counters().refusedJobs, is: 1, "refused jobs")
    },
    Rule("of many wishes in one request a queue takes as many as it has room for, and merges the others") { bench in
      try bench.limit([shopDefault: QueueLimits(waiting: 13)])
      let wishes = (0..<30).map { bench.wish(queueLock: $0 % 3 == 0 ? "q(\($0 % 2))" : nil) }
      guard case .enqueued(let outcomes) = try bench.one(.enqueue(wishes)) else {
        throw Broken(description: "the reply to many wishes")
      }
      let refused = outcomes.count { if case .refused = $0 { true } else { false } }
      let merged = outcomes.count { if case .merged = $0 { true } else { false } }
      try bench.expect([refused, merged], is: [9, 8], "refused and merged")
      try bench.expect(try bench.store.queueCounts().map { $0[.ready] }, is: [13], "what is kept")
      try bench.expect(bench.store.counters().refusedJobs, is: 9, "counted as refused")
    },
    Rule("I10 a full queue refuses a step of a subscription whole, and a step that begins may be too large") { bench in
      try bench.limit([shopDefault: QueueLimits(waiting: 2)])
      let name = SubscriptionName(engine: "shop", name: "index")
      _ = try bench.one(.declare(SubscriptionDeclaration(name: name, patterns: ["*"], start: .zero)))
      guard case .leased(let token, _) = try bench.one(.lease(subscription: name)) else {
        throw Broken(description: "no lease")
      }
      func commit(_ from: UInt64, _ jobs: [NewJob]) throws -> StoreReply {
        try bench.one(
          .commit(
            CursorCommit(
              subscription: name, token: token, from: Offset(from), through: Offset(from + 1), jobs: jobs)))
      }
      let many = (1...5).map { _ in bench.wish() }
      try bench.expect(try commit(0, many), is: .committed(many.map { .enqueued($0.id) }), "a step that is too large")
      let next = [bench.wish(in: QueueName(engine: "shop", name: "other")), bench.wish()]
      guard case .refused(.queueClosed(let refusal)) = try commit(1, next) else {
        throw Broken(description: "a full queue took the step of a subscription")
      }
      try bench.expect(refusal.code, is: .full, "the code")
      for wish in next { try bench.expect(try bench.store.job(wish.id) == nil, "a job of a refused step is kept") }
      _ = try bench.claim(4)
      try bench.expect(try commit(1, next), is: .committed(next.map { .enqueued($0.id) }), "the same again")
    },
  ]

  static let pauseRules = [
    Rule("I23 after a pause is answered nothing starts, over restarts too, until it is taken back") { bench in
      for _ in 1...3 { try bench.enqueue(bench.wish()) }
      let run = try bench.claimOne()
      let pause = try bench.pause(reason: "the index is being rebuilt")
      try bench.expect(try bench.claim(9).count, is: 0, "claimed")
      try bench.reopen()
      try bench.expect(try bench.claim(9).count, is: 0, "claimed after a restart")
      try bench.expect(try bench.store.queueCounts().first?.pause, is: pause, "the pause of the queue")
      try bench.finish(run)
      let late = bench.wish()
      try bench.expect(try bench.enqueue(late), is: .enqueued(late.id), "asked for while it is paused")
      try bench.expect(try bench.one(.resume(shopDefault)), is: .resumed(pause), "taken back")
      try bench.expect(try bench.one(.resume(shopDefault)), is: .resumed(nil), "taken back again")
      try bench.expect(try bench.claim(9).count, is: 3, "claimed afterwards")
    },
    Rule("I23 a paused queue gives nothing to a claim that takes turns or looks for starving jobs") { bench in
      let low = QueueName(engine: "shop", name: "low")
      for queue in [shopDefault, low] { try bench.enqueue(bench.wish(in: queue)) }
      try bench.pause(low)
      bench.now = bench.now + .seconds(60)
      let sources = [
        Claim.Source(shopDefault, priority: 1), Claim.Source(low, priority: 1, starveAfter: .seconds(1)),
      ]
      try bench.expect(try bench.claim(9, from: sources).map(\.queue), is: [shopDefault], "the queues")
    },
    Rule("BS11 a pause ends by itself") { bench in
      try bench.enqueue(bench.wish())
      try bench.pause(for: .seconds(600))
      try bench.reopen()
      try bench.expect(try bench.store.nextDue(), is: bench.now + .seconds(600), "when it is due")
      bench.now = bench.now + .seconds(599)
      try bench.promote()
      try bench.expect(try bench.claim(9).count, is: 0, "claimed before its end")
      bench.now = bench.now + .seconds(1)
      try bench.expect(try bench.claim(9).count, is: 1, "claimed at its end")
      try bench.promote()
      try bench.expect(try bench.store.queueCounts().first?.pause, is: nil, "the pause of the queue")
      try bench.expect(try bench.store.nextDue(), is: nil, "when it is due, ended")
    },
    Rule("a drained queue refuses new jobs and works what is there, retries too") { bench in
      let wish = bench.wish()
      try bench.enqueue(wish)
      try bench.pause(shopDefault, .drain, reason: "moves to mail")
      try bench.reopen()
      guard case .refused(_, let refusal) = try bench.enqueue(bench.wish()) else {
        throw Broken(description: "a drained queue took a job")
      }
      try bench.expect(refusal.code, is: .draining, "the code")
      try bench.expect(refusal.reason.contains("moves to mail"), "the reason is \(refusal.reason)")
      try bench.finish(try bench.claimOne(), .returned)
      try bench.finish(try bench.claimOne())
      try bench.expect(wish.id, is: .done)
      _ = try bench.one(.resume(shopDefault))
      let late = bench.wish()
      try bench.expect(try bench.enqueue(late), is: .enqueued(late.id), "asked for afterwards")
    },
    Rule("a queue can be paused before it has a job, and one that is not in the topology cannot") { bench in
      try bench.store.configure(QueueWiring(.only([shopDefault: nil])), at: bench.now)
      try bench.pause()
      try bench.enqueue(bench.wish())
      try bench.expect(try bench.claim(9).count, is: 0, "claimed")
      let typo = QueueName(engine: "shop", name: "defualt")
      let reply = try bench.one(.pause(typo, QueuePause(.pause, since: bench.now)))
      guard case .paused(.failure(let unknown)) = reply else {
        throw Broken(description: "a queue that is not there was paused")
      }
      try bench.expect(unknown.reason.contains("default"), "the reason is \(unknown.reason)")
    },
  ]

  static let turnRules = [
    Rule("X28 queues of one priority get hands by their weights, and a higher one goes before them") { bench in
      let names: [Name] = ["high", "big", "small"]
      let queues = names.map { QueueName(engine: "shop", name: $0) }
      let sources = [
        Claim.Source(queues[0], priority: 9), Claim.Source(queues[1], priority: 1, weight: 3),
        Claim.Source(queues[2], priority: 1),
      ]
      for queue in queues.dropFirst() { for _ in 1...60 { try bench.enqueue(bench.wish(in: queue)) } }
      var taken: [QueueName] = []
      for hands in [1, 1, 1, 1, 7, 2, 3, 16, 8] { taken += try bench.claim(hands, from: sources).map(\.queue) }
      try bench.expect(taken.count { $0 == queues[1] }, is: 30, "of 40 hands those of weight 3")
      try bench.expect(taken.count { $0 == queues[2] }, is: 10, "of 40 hands those of weight 1")
      try bench.enqueue(bench.wish(in: queues[0]))
      try bench.expect(try bench.claim(1, from: sources).map(\.queue), is: [queues[0]], "the higher one")
    },
    Rule("X28 a queue that was empty saves up no turns") { bench in
      let (here, there) = (QueueName(engine: "shop", name: "here"), QueueName(engine: "shop", name: "there"))
      let sources = [Claim.Source(here, priority: 1), Claim.Source(there, priority: 1)]
      for queue in [here, there] { try bench.enqueue(bench.wish(in: queue)) }
      for _ in 1...90 { try bench.enqueue(bench.wish(in: here)) }
      try bench.expect(try bench.claim(60, from: sources).count, is: 60, "claimed, nearly all here")
      for _ in 1...30 { try bench.enqueue(bench.wish(in: there)) }
      let next = try bench.claim(20, from: sources).map(\.queue)
      try bench.expect(abs(next.count { $0 == there } - 10) <= 1, "there got \(next.count { $0 == there }) of 20 hands")
    },
  ]
}
