import BusProtocol
import BusStore

extension JobStoreBench {
  /// Changes a job by hand.
  func change(_ id: JobID, _ verb: JobChange.Verb) throws -> ChangeOutcome {
    guard case .changed(let outcomes) = try one(.change([JobChange(id, verb)])), outcomes.count == 1 else {
      throw JobStoreConformance.Broken(description: "the reply is that of another command")
    }
    return outcomes[0]
  }
}

extension JobStoreConformance {
  private static let cancel = JobChange.Verb.cancel(byForce: false, reason: "wrong tenant")
  private static let mail = QueueName(engine: "shop", name: "mail")

  static let changeRules = [
    Rule("I23 a waiting job that is cancelled never starts, gives its locks back, and stays cancelled") { bench in
      let wishes = [
        bench.wish(queueLock: "k", workerLock: "w"), bench.wish(workerLock: "w"), bench.wish(dueIn: .seconds(9)),
      ]
      for wish in wishes { try bench.enqueue(wish) }
      try bench.expect(wishes[1].id, is: .blocked)
      for wish in [wishes[0], wishes[2]] {
        try bench.expect(try bench.change(wish.id, cancel), is: .changed(.cancelled), "cancelled")
        try bench.expect(try bench.change(wish.id, cancel), is: .unchanged(.cancelled), "cancelled again")
      }
      try bench.expect(wishes[1].id, is: .ready)
      try bench.expect(try bench.job(wishes[0].id).reason, is: "wrong tenant", "the reason")
      let next = bench.wish(queueLock: "k")
      try bench.expect(try bench.enqueue(next), is: .enqueued(next.id), "the queue lock is free")
      try bench.reopen()
      try bench.expect(try bench.store.queueCounts().first?.totals.cancelled, is: 2, "the total")
      try bench.expect(try bench.claim(9).map(\.id), is: [wishes[1].id, next.id], "who goes")
    },
    Rule("a running job that is to be cancelled says where it runs, and does not run again") { bench in
      let ends: [(Outcome?, JobState)] = [
        (.failed(error: "stopped", retryAfter: nil), .cancelled), (.returned, .cancelled), (nil, .cancelled),
        (.snoozed(after: .seconds(1)), .cancelled), (.cancelled(reason: "as asked"), .cancelled), (.done, .done),
        (.dead(error: "no"), .dead),
      ]
      for (outcome, state) in ends {
        let wish = bench.wish(queueLock: "k", workerLock: "w")
        try bench.enqueue(wish)
        let run = try bench.claimOne()
        let asked = ChangeOutcome.cancelRequested(process: "p", token: run.token)
        try bench.expect(try bench.change(wish.id, cancel), is: asked, "asked")
        try bench.expect(try bench.change(wish.id, cancel), is: asked, "asked again")
        try bench.reopen()
        try bench.expect(try bench.job(wish.id).cancelRequestedAt, is: bench.now, "when it was asked")
        let reply = try outcome.map { try bench.finish(run, $0) } ?? bench.lose(run)
        try bench.expect(reply, is: .accepted(state, dueAt: nil), "the end of \(outcome?.word ?? "a loss")")
      }
    },
    Rule("I14 a cancel by force makes the lease void and frees the worker lock") { bench in
      let (first, second) = (bench.wish(workerLock: "w"), bench.wish(workerLock: "w"))
      try bench.enqueue(first)
      let run = try bench.claimOne()
      try bench.enqueue(second)
      try bench.expect(second.id, is: .blocked)
      try bench.expect(
        try bench.change(first.id, .cancel(byForce: true, reason: nil)), is: .changed(.cancelled), "by force")
      try bench.expect(second.id, is: .ready)
      try bench.expect(try bench.finish(run), is: .stale, "the late result")
      try bench.expect(first.id, is: .cancelled)
    },
    Rule("I20 a job that ended runs again with all its attempts, and keeps what went wrong") { bench in
      let policy = RetryPolicy(attempts: 1)
      let wish = bench.wish(retry: policy)
      try bench.enqueue(wish)
      try bench.finish(try bench.claimOne(), .failed(error: "first", retryAfter: nil))
      try bench.expect(wish.id, is: .dead)
      try bench.expect(try bench.change(wish.id, .retry), is: .changed(.ready), "again")
      try bench.expect(try bench.change(wish.id, .retry), is: .unchanged(.ready), "twice")
      let job = try bench.job(wish.id)
      try bench.expect(job.attempts, is: 0, "attempts")
      try bench.expect(job.retries, is: 1, "retries")
      try bench.expect(job.failures.map(\.error), is: ["first"], "what went wrong")
      try bench.finish(try bench.claimOne())
      try bench.expect(try bench.change(wish.id, .retry), is: .changed(.ready), "done, again")
      try bench.reopen()
      try bench.expect(try bench.store.queueCounts().first?.totals.revived, is: 1, "revived")
      for _ in 1...(Job.maximumFailures + 2) {
        try bench.finish(try bench.claimOne(), .failed(error: "more", retryAfter: nil))
        _ = try bench.change(wish.id, .retry)
      }
      try bench.expect(try bench.job(wish.id).failures.count, is: Job.maximumFailures, "failures are bounded")
    },
    Rule("X6 a job that is to run again is merged into an equal one that waits, and says into which") { bench in
      let (old, new) = (bench.wish(queueLock: "k"), bench.wish(queueLock: "k"))
      try bench.enqueue(old)
      try bench.finish(try bench.claimOne(), .dead(error: "no"))
      try bench.enqueue(new)
      try bench.expect(try bench.change(old.id, .retry), is: .merged(into: new.id), "the outcome")
      try bench.expect(old.id, is: .merged)
      try bench.expect(try bench.job(new.id).merges, is: 1, "merges")
      guard case .refused(.merged, let reason) = try bench.change(old.id, .retry) else {
        throw Broken(description: "a merged job was changed")
      }
      try bench.expect(reason.contains("\(new.id)"), "the reason is: \(reason)")
    },
    Rule("only what ended is removed, and it is gone") { bench in
      let wishes = (1...2).map { _ in bench.wish() }
      for wish in wishes { try bench.enqueue(wish) }
      guard case .refused(.ready, _) = try bench.change(wishes[0].id, .remove) else {
        throw Broken(description: "a waiting job was removed")
      }
      try bench.finish(try bench.claimOne(), .dead(error: "no"))
      try bench.finish(try bench.claimOne())
      for wish in wishes {
        try bench.expect(try bench.change(wish.id, .remove), is: .removed, "removed")
        try bench.expect(try bench.change(wish.id, .remove), is: .unknown, "removed again")
      }
      try bench.reopen()
      try bench.expect(try bench.store.queueCounts().first?.totals.removed, is: 1, "the total of dead ones")
    },
    Rule("a waiting job moves to another queue, with its locks; not to one that is not there") { bench in
      let wishes = [bench.wish(queueLock: "k", workerLock: "w"), bench.wish(workerLock: "w")]
      for wish in wishes { try bench.enqueue(wish) }
      try bench.expect(try bench.change(wishes[0].id, .move(to: mail)), is: .changed(.ready), "moved")
      try bench.expect(try bench.change(wishes[0].id, .move(to: mail)), is: .unchanged(.ready), "moved again")
      try bench.expect(wishes[1].id, is: .ready)
      let equal = bench.wish(queueLock: "k")
      try bench.expect(try bench.enqueue(equal), is: .merged(into: wishes[0].id), "the queue lock")
      try bench.expect(try bench.claim(9).map(\.id), is: [wishes[1].id], "from the old queue")
      try bench.store.configure(QueueWiring(.only([mail: nil])), at: bench.now)
      guard case .refused = try bench.change(wishes[0].id, .move(to: shopDefault)) else {
        throw Broken(description: "moved to a queue that is not there")
      }
      guard case .refused(.running, _) = try bench.change(wishes[1].id, .move(to: mail)) else {
        throw Broken(description: "a running job was moved")
      }
      try bench.reopen()
      try bench.expect(try bench.store.queueCounts().map(\.totals.moved), is: [-1, 1], "the totals")
    },
    Rule("a waiting job takes another priority, time and inputs") { bench in
      let (first, second) = (bench.wish(), bench.wish())
      for wish in [first, second] { try bench.enqueue(wish) }
      try bench.expect(
        try bench.change(second.id, .edit(JobEdit(priority: 5, inputs: ["id": 7]))), is: .changed(.ready), "edited")
      try bench.expect(try bench.change(second.id, .edit(JobEdit(priority: 5))), is: .unchanged(.ready), "again")
      let later = bench.now + .seconds(60)
      try bench.expect(try bench.change(first.id, .edit(JobEdit(dueAt: later))), is: .changed(.scheduled), "put off")
      let run = try bench.claimOne()
      try bench.expect(run.id, is: second.id, "who goes first")
      try bench.expect(run.inputs, is: ["id": 7], "the inputs")
      try bench.expect(try bench.store.nextDue(), is: later, "the next due time")
      try bench.expect(try bench.change(first.id, .runNow), is: .changed(.ready), "now")
      try bench.expect(try bench.change(first.id, .runNow), is: .unchanged(.ready), "now, again")
      try bench.expect(try bench.claimOne().id, is: first.id, "who goes then")
    },
    Rule("a job that is put off keeps its attempts and its id, and comes back") { bench in
      let wish = bench.wish()
      try bench.enqueue(wish)
      let due = bench.now + .seconds(3600)
      try bench.expect(
        try bench.finish(try bench.claimOne(), .snoozed(after: .seconds(3600))), is: .accepted(.scheduled, dueAt: due),
        "the reply")
      try bench.expect(try bench.job(wish.id).attempts, is: 0, "attempts")
      try bench.expect(try bench.store.queueCounts().first?.totals.snoozed, is: 1, "the total")
      bench.now = due
      try bench.promote()
      try bench.expect(try bench.claimOne().id, is: wish.id, "the job")
    },
    Rule("X5 what waits is purged with its locks; what runs goes on") { bench in
      let wishes = [
        bench.wish(queueLock: "k", workerLock: "w"), bench.wish(workerLock: "w"), bench.wish(dueIn: .seconds(9)),
      ]
      for wish in wishes { try bench.enqueue(wish) }
      let run = try bench.claimOne()
      let again = bench.wish(queueLock: "k")
      try bench.enqueue(again)
      guard case .refused(.running, _) = try bench.change(wishes[0].id, .purge(reason: nil)) else {
        throw Broken(description: "a running job was purged")
      }
      try bench.expect(try bench.job(wishes[0].id).cancelRequestedAt, is: nil, "nobody asked it to stop")
      for wish in [wishes[1], wishes[2], again] {
        try bench.expect(try bench.change(wish.id, .purge(reason: nil)), is: .changed(.cancelled), "purged")
        try bench.expect(try bench.change(wish.id, .purge(reason: nil)), is: .unchanged(.cancelled), "purged again")
      }
      try bench.expect(try bench.job(again.id).reason, is: "purged", "the reason")
      let next = bench.wish(queueLock: "k")
      try bench.expect(try bench.enqueue(next), is: .enqueued(next.id), "the queue lock is free")
      try bench.finish(run)
      guard case .refused(.done, _) = try bench.change(wishes[0].id, .purge(reason: nil)) else {
        throw Broken(description: "a job that is done was purged")
      }
    },
    Rule("a change of a job that never was is told so") { bench in
      let verbs: [JobChange.Verb] = [
        cancel, .retry, .remove, .move(to: mail), .edit(JobEdit(priority: 1)), .runNow, .purge(reason: nil),
      ]
      for verb in verbs {
        try bench.expect(try bench.change(bench.newID(), verb), is: .unknown, verb.word)
      }
    },
  ]
}
