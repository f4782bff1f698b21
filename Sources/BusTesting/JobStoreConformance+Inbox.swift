import BusProtocol
import BusStore

extension JobStoreConformance {
  static let inboxRules = [
    Rule("S3-13 who is to be notified of a job is told of its end, and nobody of a job without") { bench in
      var (told, silent) = (bench.wish("Report"), bench.wish("Silent"))
      told.notify = "user:42"
      silent.notify = nil
      try bench.enqueue(told)
      try bench.enqueue(silent)
      try bench.expect(try bench.job(told.id).wish, is: told, "the wish")
      try bench.reopen()
      try bench.expect(try bench.items("user:42").count, is: 0, "before the end")
      for run in try bench.claim(2) {
        let result = JobResult(id: run.id, token: run.token, outcome: .done, result: ["total": 7])
        _ = try bench.one(.finish([result]))
        _ = try bench.one(.finish([result]))
      }
      try bench.expect(bench.store.takeInboxNews(), is: ["user:42"], "the news")
      try bench.expect(bench.store.takeInboxNews(), is: [], "the news, once told")
      try bench.reopen()
      let items = try bench.items("user:42")
      let item = InboxItem(
        number: 1, owner: "user:42", job: told.id, queue: told.queue, worker: "Report", state: .done, at: bench.now,
        result: ["total": 7])
      try bench.expect(items, is: [item], "the items")
      let events = try bench.store.announcements(dueBy: bench.now, limit: 9)
      try bench.expect(events.map(\.topic), is: ["job_completed"], "the events")
      try bench.expect(events.first?.headers.causation, is: .job(told.id), "the cause of the event")
      let data = try JSONParser.parse(events.first?.data ?? [])
      try bench.expect(data["notify"], is: ["user:42"], "whom the event names")
      try bench.expect(data["state"], is: "done", "the state that the event names")
    },
    Rule("S3-13 each end without success is told with its reason, and another run takes its place") { bench in
      var wishes = (1...3).map { _ in bench.wish() }
      for index in wishes.indices { wishes[index].notify = "user:1" }
      for wish in wishes { try bench.enqueue(wish) }
      let runs = try bench.claim(2)
      try bench.finish(runs[0], .dead(error: "no such card"))
      try bench.finish(runs[1], .failed(error: "later", retryAfter: .seconds(60)))
      _ = try bench.change(wishes[2].id, .cancel(byForce: false, reason: "not wanted"))
      let items = try bench.items("user:1")
      try bench.expect(items.map(\.state), is: [.dead, .cancelled], "the states")
      try bench.expect(items[0].text?.contains("no such card"), is: true, "why it died: \(items[0].text ?? "")")
      try bench.expect(items[1].text, is: "not wanted", "why it was cancelled")
      _ = try bench.one(.markRead(owner: "user:1", jobs: nil))
      _ = try bench.change(runs[0].id, .retry)
      try bench.finish(try bench.claimOne(), .done)
      let after = try bench.items("user:1")
      try bench.expect(after.map(\.job), is: [wishes[2].id, runs[0].id], "one item for each job")
      try bench.expect(after.map(\.state), is: [.cancelled, .done], "the last end counts")
      try bench.expect(after.map { $0.readAt == nil }, is: [false, true], "what is new")
      let events = try bench.store.announcements(dueBy: bench.now, limit: 9)
      try bench.expect(events.filter { $0.topic == "job_completed" }.count, is: 3, "an event for each end")
    },
    Rule("S3-13 wishes that were merged are each told, also when a job became part of another") { bench in
      var wishes = (1...3).map { _ in bench.wish(queueLock: "k", retry: RetryPolicy(attempts: 3)) }
      for (index, owner) in ["a", "b", "c"].enumerated() { wishes[index].notify = owner }
      try bench.enqueue(wishes[0])
      try bench.expect(try bench.enqueue(wishes[1]), is: .merged(into: wishes[0].id), "the second wish")
      _ = try bench.enqueue(wishes[1])
      let run = try bench.claimOne()
      try bench.enqueue(wishes[2])
      try bench.finish(run, .failed(error: "no", retryAfter: nil))
      try bench.expect(wishes[0].id, is: .merged)
      try bench.expect(try bench.items("a").count, is: 0, "what was merged has not ended")
      try bench.finish(try bench.claimOne(), .done)
      for owner in ["a", "b", "c"] {
        try bench.expect(try bench.items(owner).map(\.job), is: [wishes[2].id], "the items of \(owner)")
      }
    },
    Rule("an inbox is read behind a number or its newest, and items are marked as read once") { bench in
      let jobs = try (1...5).map { _ in try bench.endOne(for: "user:1") }
      _ = try bench.endOne(for: "user:2")
      try bench.expect(try bench.items("user:1").map(\.number), is: [1, 2, 3, 4, 5], "all")
      let store = bench.store
      try bench.expect(
        try store.inbox(of: "user:1", after: nil, unreadOnly: false, limit: 2).map(\.number), is: [4, 5], "the newest")
      try bench.expect(
        try store.inbox(of: "user:1", after: 2, unreadOnly: false, limit: 2).map(\.number), is: [3, 4], "behind 2")
      try bench.expect(
        try store.inbox(of: "user:1", after: .max, unreadOnly: false, limit: 2).count, is: 0, "behind all")
      try bench.expect(
        try bench.one(.markRead(owner: "user:1", jobs: [jobs[0], jobs[3], bench.newID()])), is: .markedRead(2), "marked"
      )
      try bench.expect(try bench.one(.markRead(owner: "user:1", jobs: [jobs[0]])), is: .markedRead(0), "marked again")
      try bench.expect(
        try store.inbox(of: "user:1", after: 0, unreadOnly: true, limit: 9).map(\.number), is: [2, 3, 5], "new ones")
      try bench.expect(
        try store.inbox(of: "user:1", after: nil, unreadOnly: true, limit: 2).map(\.number), is: [3, 5], "newest new")
      try bench.expect(try bench.one(.markRead(owner: "user:1", jobs: nil)), is: .markedRead(3), "all marked")
      try bench.expect(try bench.items("user:2").map { $0.readAt == nil }, is: [true], "the other's")
    },
    Rule("an inbox is bounded by number and by age, whatever becomes of its jobs") { bench in
      for _ in 0..<InboxItem.maximumCount + 3 { _ = try bench.endOne(for: "user:1") }
      let kept = try bench.items("user:1")
      try bench.expect(kept.count, is: InboxItem.maximumCount, "how many are kept")
      try bench.expect(kept.first?.number, is: 4, "the oldest that is kept")
      _ = try bench.change(kept[0].job, .remove)
      try bench.expect(try bench.items("user:1").count, is: InboxItem.maximumCount, "when a job is removed")
      bench.now = bench.now + .seconds(60)
      let last = try bench.endOne(for: "user:1")
      _ = try bench.one(.prune(HistoryRetention(age: .seconds(30), maximumCount: 10), limit: 5000))
      try bench.expect(try bench.items("user:1").map(\.job), is: [last], "what is young enough")
    },
    Rule("a job that handles ends and is told of itself makes no event of it") { bench in
      var wish = bench.wish(cause: JobCause(topic: "job_completed"))
      wish.notify = "user:1"
      try bench.enqueue(wish)
      try bench.finish(try bench.claimOne(), .done)
      try bench.expect(try bench.items("user:1").count, is: 1, "the item")
      try bench.expect(try bench.store.announcements(dueBy: bench.now, limit: 9).count, is: 0, "the events")
    },
  ]
}

extension JobStoreBench {
  fileprivate func items(_ owner: String) throws -> [InboxItem] {
    try store.inbox(of: owner, after: 0, unreadOnly: false, limit: InboxItem.maximumCount + 10)
  }

  /// Runs a job to its end.
  fileprivate func endOne(for owner: String) throws -> JobID {
    var wish = wish()
    wish.notify = owner
    try enqueue(wish)
    try finish(try claimOne(), .done)
    return wish.id
  }
}
