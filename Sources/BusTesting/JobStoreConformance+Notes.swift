import BusProtocol
import BusStore

extension JobStoreBench {
  /// Has a run say something; false when its lease has ended.
  func say(
    _ run: Assignment, _ progress: JobProgress? = nil, first: Int = 1, _ lines: [JobLine] = []
  ) throws -> Bool {
    let note = JobNote(id: run.id, token: run.token, progress: progress, first: first, lines: lines)
    guard case .noted(let kept) = try one(.note([note])), kept.count == 1 else {
      throw JobStoreConformance.Broken(description: "the reply is that of another command")
    }
    return kept[0]
  }

  /// Lines by their texts.
  func lines(_ texts: String...) -> [JobLine] { texts.map { JobLine($0, at: now) } }

  /// The texts of a job's lines, with their numbers.
  func kept(_ id: JobID, after number: Int = 0, limit: Int = JobLine.maximumCount) throws -> [String] {
    try store.lines(of: id, after: number, limit: limit).map { kept in
      guard case .text(let text, _) = kept.line.content else { return "\(kept.number) part" }
      return "\(kept.number) \(text)"
    }
  }

  /// A note of a run changes the job's progress and adds its lines, once; a late one changes nothing.
  func checkNote(of run: Assignment, lineCount: Int, isStale: Bool) throws {
    guard let before = try store.job(run.id) else { return }
    // Of each token all lines come in one note here: they are new, or they were there.
    let lines = (0..<lineCount).map { JobLine("line \($0)", at: now) }
    let isFirst = try store.lines(of: run.id, after: 0, limit: JobLine.maximumCount).allSatisfy {
      $0.attempt != before.attempts
    }
    try expect(try say(run, JobProgress(lineCount), lines), is: !isStale, "whether the note was kept")
    let after = try job(run.id)
    guard !isStale else { return try expect(after, is: before, "the job after a late note") }
    try expect(after.progress, is: JobProgress(lineCount, at: now), "the progress")
    if isFirst { try expect(after.lineCount, is: before.lineCount + lineCount, "the lines") }
    let count = try job(run.id).lineCount
    try expect(try say(run, nil, lines), is: true, "the same again")
    try expect(try job(run.id).lineCount, is: count, "the lines after the same again")
  }
}

extension JobStoreConformance {
  static let noteRules = [
    Rule("GM6 a run's progress is kept with its job, the last one counts, and another run begins without") { bench in
      let wish = bench.wish()
      try bench.enqueue(wish)
      let run = try bench.claimOne()
      try bench.expect(try bench.say(run, JobProgress(1, of: 10, "reading")), is: true, "kept")
      bench.now = bench.now + .seconds(3)
      try bench.expect(try bench.say(run, JobProgress(3, of: 10, "reading")), is: true, "kept")
      let progress = JobProgress(3, of: 10, "reading", at: bench.now)
      try bench.reopen()
      try bench.expect(try bench.job(wish.id).progress, is: progress, "the progress")
      try bench.finish(run, .failed(error: "no", retryAfter: .zero))
      try bench.promote()
      try bench.expect(try bench.job(wish.id).progress, is: progress, "the progress of the last run")
      let second = try bench.claimOne()
      try bench.expect(try bench.job(wish.id).progress, is: nil, "the progress of a new run")
      try bench.expect(try bench.say(run, JobProgress(9)), is: false, "the old run's note")
      try bench.expect(try bench.job(wish.id).progress, is: nil, "the progress after a late note")
      try bench.expect(try bench.say(second, JobProgress(10, of: 10)), is: true, "the second run's note")
      try bench.finish(second)
      try bench.expect(try bench.job(wish.id).progress?.done, is: 10, "still answered after the end")
    },
    Rule("S2-14 a job's lines are those of all its runs, in order, each once") { bench in
      let (wish, other) = (bench.wish(), bench.wish())
      for wish in [wish, other] { try bench.enqueue(wish) }
      let (run, beside) = (try bench.claimOne(), try bench.claimOne())
      _ = try bench.say(beside, first: 1, bench.lines("another's"))
      _ = try bench.say(run, first: 1, bench.lines("a", "b"))
      // The answer was lost: the same again, with what was said meanwhile.
      _ = try bench.say(run, first: 1, bench.lines("a", "b", "c"))
      _ = try bench.say(run, first: 3, bench.lines("c"))
      try bench.finish(run, .failed(error: "no", retryAfter: .zero))
      try bench.expect(try bench.say(run, first: 4, bench.lines("late")), is: false, "a late note")
      try bench.reopen()
      try bench.promote()
      let second = try bench.claimOne()
      _ = try bench.say(second, first: 1, [try JobLine(part: ["rows": 7], at: bench.now)] + bench.lines("d"))
      try bench.expect(try bench.kept(wish.id), is: ["1 a", "2 b", "3 c", "4 part", "5 d"], "the lines")
      try bench.expect(try bench.kept(wish.id, after: 3, limit: 1), is: ["4 part"], "behind a number")
      let attempts = try bench.store.lines(of: wish.id, after: 0, limit: 9).map(\.attempt)
      try bench.expect(attempts, is: [1, 1, 1, 2, 2], "who wrote them")
      try bench.expect(try bench.job(wish.id).lineCount, is: 5, "how many")
    },
    Rule("the result brings what no note was answered for; that of a lost lease brings nothing") { bench in
      let wish = bench.wish()
      try bench.enqueue(wish)
      let run = try bench.claimOne()
      _ = try bench.say(run, first: 1, bench.lines("a"))
      var result = JobResult(id: run.id, token: run.token, outcome: .done)
      result.note = JobNote(
        id: run.id, token: run.token, progress: JobProgress(2, of: 2), first: 1, lines: bench.lines("a", "b"))
      for _ in 1...2 { _ = try bench.one(.finish([result])) }
      try bench.expect(try bench.kept(wish.id), is: ["1 a", "2 b"], "the lines")
      try bench.expect(try bench.job(wish.id).progress?.done, is: 2, "the progress")
    },
    Rule("S2-14 the last thousand lines of a job are kept, the others are counted, and all go with it") { bench in
      let wishes = [bench.wish(), bench.wish()]
      for wish in wishes { try bench.enqueue(wish) }
      let runs = [try bench.claimOne(), try bench.claimOne()]
      for batch in 0..<3 {
        let lines = (1...500).map { JobLine("\(batch * 500 + $0)", at: bench.now) }
        for run in runs { _ = try bench.say(run, first: batch * 500 + 1, lines) }
      }
      for wish in wishes {
        let kept = try bench.kept(wish.id)
        try bench.expect(kept.count, is: JobLine.maximumCount, "how many are kept")
        try bench.expect([kept[0], kept[999]], is: ["501 501", "1500 1500"], "which")
        try bench.expect(try bench.job(wish.id).lineCount, is: 1500, "how many there were")
      }
      // More at once than are kept at all.
      _ = try bench.say(runs[1], first: 1501, (1501...2600).map { JobLine("\($0)", at: bench.now) })
      try bench.expect(try bench.kept(wishes[1].id).first, is: "1601 1601", "the first that is kept")
      try bench.expect(try bench.job(wishes[1].id).lineCount, is: 2600, "how many there were")
      for run in runs { try bench.finish(run) }
      _ = try bench.change(wishes[0].id, .remove)
      bench.now = bench.now + .seconds(1000)
      _ = try bench.one(.prune(HistoryRetention(age: .seconds(10), maximumCount: 10), limit: 10))
      // A later job may get the place in the tables that these had.
      let next = [bench.wish(), bench.wish()]
      for wish in next { try bench.enqueue(wish) }
      for _ in next { _ = try bench.say(try bench.claimOne(), first: 1, bench.lines("new")) }
      for wish in wishes + next {
        try bench.expect(try bench.kept(wish.id), is: next.contains(wish) ? ["1 new"] : [], "the lines later")
      }
    },
    Rule("GM5 a call shares the run of an equal one; an ordinary wish makes one more run") { bench in
      func call(_ worker: Name = "Work", _ key: String = "k", in queue: QueueName = shopDefault) -> NewJob {
        var wish = bench.wish(worker, in: queue, queueLock: key)
        wish.sharesRun = true
        return wish
      }
      let first = call()
      try bench.expect(try bench.enqueue(first), is: .enqueued(first.id), "the first")
      let merged = call()
      try bench.expect(try bench.enqueue(merged), is: .merged(into: first.id), "while it waits")
      let run = try bench.claimOne()
      let (second, elsewhere) = (call(), call(in: QueueName(engine: "shop", name: "mail")))
      for wish in [second, elsewhere, second] {
        try bench.expect(try bench.enqueue(wish), is: .merged(into: first.id), "while it runs")
      }
      try bench.expect(try bench.enqueue(first), is: .enqueued(first.id), "asked again while it runs")
      for other in [call("Other", "k2"), call("Work", "l")] {
        try bench.expect(try bench.enqueue(other), is: .enqueued(other.id), "another key")
      }
      try bench.expect(try bench.job(first.id).merges, is: 3, "merges")
      let change = bench.wish(queueLock: "k")
      try bench.expect(try bench.enqueue(change), is: .enqueued(change.id), "a change while it runs")
      let late = call()
      try bench.expect(try bench.enqueue(late), is: .merged(into: change.id), "one that begins later comes first")
      try bench.finish(run)
      try bench.expect(try bench.enqueue(second), is: .merged(into: first.id), "asked again after the end")
    },
    Rule("GM5 a call does not share a run of another worker, or one that is asked to stop; a full queue lets it in") {
      bench in
      func call(_ worker: Name = "Work") -> NewJob {
        var wish = bench.wish(worker, queueLock: "k")
        wish.sharesRun = true
        return wish
      }
      let first = call()
      try bench.enqueue(first)
      _ = try bench.claimOne()
      try bench.enqueue(bench.wish())
      try bench.limit([shopDefault: QueueLimits(waiting: 1)])
      try bench.expect(try bench.enqueue(call()), is: .merged(into: first.id), "into a full queue")
      try bench.limit([:])
      _ = try bench.change(first.id, .cancel(byForce: false, reason: nil))
      let second = call("Other")
      try bench.expect(try bench.enqueue(second), is: .enqueued(second.id), "another worker")
      _ = try bench.change(second.id, .cancel(byForce: false, reason: nil))
      let third = call()
      try bench.expect(try bench.enqueue(third), is: .enqueued(third.id), "one that is asked to stop")
    },
  ]
}
