import BusProtocol
import Testing

@testable import BusCommand

/// `bus why` for each state of a job, compared whole.
struct WhyJobTests {
  static let cause = """
    └ subscription search/user_index  queue search/default, queue lock search.IndexUser(42)
      └ event user_changed #184223  08:27:03.111Z from account/web-3, trace 4bf92f3577b34da6a3ce929d0e0e4736
    """

  private func why(_ answer: JSONValue) throws -> String {
    WhyJob(text: Sample.text).lines(try WhyJobAnswer(json: answer)).joined(separator: "\n")
  }

  @Test func `done`() throws {
    let job = Sample.job(.done) { job in
      job.attempts = 1
      job.merges = 1
      job.startedAt = Sample.now - .milliseconds(191_939)
      job.finishedAt = Sample.now - .milliseconds(191_901)
    }
    let merge: JSONValue = [
      "job": job.id.jsonValue, "at": "2026-01-31T08:27:03.100000Z", "offset": 184_224,
      "subscription": "search/user_index",
    ]
    #expect(
      try why(Sample.why(job, ["merges": [merge]])) == """
        search.IndexUser {"userID":42}  done, 38 ms, attempt 1, waited 61 ms, 3m11s ago
        │ what came of it: bus trace \(job.id)
        └ subscription search/user_index  queue search/default, queue lock search.IndexUser(42), 1 later enqueue merged
          │ merged: the enqueue of search/user_index for event #184224 08:27:03.100Z
          └ event user_changed #184223  08:27:03.111Z from account/web-3, trace 4bf92f3577b34da6a3ce929d0e0e4736
        """)
  }

  @Test func `ready says who goes before it and who works the queue`() throws {
    #expect(
      try why(Sample.why(Sample.job(.ready), ["position": 4, "hands": 8, "busy": 8])) == """
        search.IndexUser {"userID":42}  ready, waits 3m12s
        │ 4 jobs of queue search/default go before it
        │ 8 hands work the queue, 8 busy: bus ps
        \(Self.cause)
        """)
  }

  @Test func `ready where nobody works the queue names the command that helps`() throws {
    #expect(
      try why(Sample.why(Sample.job(.ready), ["position": 0])) == """
        search.IndexUser {"userID":42}  ready, waits 3m12s
        │ it is the next one of queue search/default
        │ no process works queue search/default: start one with 'bus work search'
        \(Self.cause)
        """)
  }

  @Test func `blocked names the holder of the lock, since when, and where`() throws {
    let blocked = Sample.job(.blocked) { $0.wish.workerLock = "to_id(7)" }
    let holder = Sample.job(.running, id: 2, worker: "Charge") { job in
      job.startedAt = Sample.now - .seconds(200)
      job.process = "search.2@web-3:4101"
    }
    #expect(
      try why(Sample.why(blocked, ["holder": holder.json])) == """
        search.IndexUser {"userID":42}  blocked, waits 3m12s
        │ worker lock to_id(7) is held by search.Charge \(holder.id), running for 3m20s on search.2@web-3:4101
        │ it runs when that one ends: bus why \(holder.id)
        └ subscription search/user_index  queue search/default, queue lock search.IndexUser(42), worker lock to_id(7)
          └ event user_changed #184223  08:27:03.111Z from account/web-3, trace 4bf92f3577b34da6a3ce929d0e0e4736
        """)
  }

  private func batch(_ open: [UInt64], of size: Int, next: Int? = nil, missing: Int = 0, step: Int? = nil) -> JSONValue
  {
    let members = open.enumerated().map {
      JobBatch.Member(place: $0, job: Sample.id($1), state: .ready, isOpen: true)
    }
    return JobBatch(
      then: Sample.id(1), size: size, open: open.count + missing, step: step, jobs: members, next: next
    ).json
  }

  @Test func `parked behind a batch or a step names whom it waits for`() throws {
    let job = Sample.job(.parked) { $0.reason = "it waits for the jobs of its batch" }
    let (a, b): (JobID, JobID) = (Sample.id(7), Sample.id(8))
    for (batch, lines) in [
      (batch([7, 8], of: 5), "│ waits for 2 of 5 jobs of its batch: \(a), \(b)"),
      (batch([7], of: 9, next: 3, missing: 2), "│ waits for 3 of 9 jobs of its batch: \(a) and others"),
      (
        batch([7], of: 3, missing: 2),
        "│ waits for 3 of 3 jobs of its batch: \(a)\n│ 2 of them were not asked for yet"
      ),
      (batch([7], of: 1, step: 2), "│ waits for step 2 of its chain: \(a)"),
    ] {
      #expect(
        try why(Sample.why(job, ["batch": batch])) == """
          search.IndexUser {"userID":42}  parked, waits 3m12s
          \(lines)
          │ to take it out: bus jobs cancel \(job.id)
          \(Self.cause)
          """)
    }
  }

  @Test func `a job says whom it waited for, and who waits for it`() throws {
    let then: JobID = Sample.id(9)
    #expect(
      try why(Sample.why(Sample.job(.running), ["batch": batch([], of: 3), "awaited_by": [then.jsonValue]])) == """
        search.IndexUser {"userID":42}  running, attempt 0
        │ it waited for the 3 jobs of its batch
        │ job \(then) waits for its end: bus why \(then)
        │ to stop it: bus jobs cancel \(Sample.id(1) as JobID)
        \(Self.cause)
        """)
  }

  @Test func `running`() throws {
    let job = Sample.job(.running) { job in
      job.attempts = 2
      job.wish.retry = RetryPolicy(attempts: 8)
      job.startedAt = Sample.now - .seconds(3)
      job.process = "search.2@web-3:4101"
      job.failures = [Job.Failure(attempt: 1, at: Sample.now - .seconds(60), error: "TimeoutError: 2s\nexceeded")]
    }
    #expect(
      try why(Sample.why(job)) == """
        search.IndexUser {"userID":42}  running, attempt 2 of 8 on search.2@web-3:4101
        │ since 08:30:12.250Z, for 3 s
        │ to stop it: bus jobs cancel \(job.id)
        │ attempt 1 failed 08:29:15.250Z: TimeoutError: 2s exceeded
        \(Self.cause)
        """)
  }

  @Test func `scheduled says when it is due, and what failed before`() throws {
    let job = Sample.job(.scheduled) { job in
      job.wish.dueAt = Sample.now + .seconds(250)
      job.failures = [Job.Failure(attempt: 1, at: Sample.now - .seconds(60), error: "CardDeclined")]
    }
    #expect(
      try why(Sample.why(job)) == """
        search.IndexUser {"userID":42}  scheduled, due in 4m10s (08:34:25.250Z)
        │ it is tried again then; at once: bus jobs run \(job.id)
        │ attempt 1 failed 08:29:15.250Z: CardDeclined
        \(Self.cause)
        """)
  }

  @Test func `parked says why and what makes it run`() throws {
    let job = Sample.job(.parked) { $0.reason = "queue search/default is not in the topology" }
    #expect(
      try why(Sample.why(job)) == """
        search.IndexUser {"userID":42}  parked, waits 3m12s
        │ reason: queue search/default is not in the topology
        │ it runs by itself once queue search/default is in the topology and a process knows IndexUser
        │ whether they fit: bus topology check
        \(Self.cause)
        """)
  }

  @Test func `dead tells all its errors`() throws {
    let job = Sample.job(.dead) { job in
      job.attempts = 2
      job.wish.retry = RetryPolicy(attempts: 2)
      job.startedAt = Sample.now - .seconds(20)
      job.finishedAt = Sample.now - .seconds(10)
      job.reason = "all attempts failed"
      job.failures = [
        Job.Failure(attempt: 1, at: Sample.now - .seconds(60), error: "CardDeclined"),
        Job.Failure(attempt: 2, at: Sample.now - .seconds(10), error: "\u{1B}[2JTimeout"),
      ]
    }
    #expect(
      try why(Sample.why(job)) == """
        search.IndexUser {"userID":42}  dead, 10 s, attempt 2 of 2, 10 s ago
        │ reason: all attempts failed
        │ again: bus dlq retry \(job.id), or forget it: bus dlq rm \(job.id)
        │ attempt 1 failed 08:29:15.250Z: CardDeclined
        │ attempt 2 failed 08:30:05.250Z: \u{FFFD}[2JTimeout
        \(Self.cause)
        """)
  }

  @Test func `X17 a job that killed its processes is said to be in quarantine, and how to find its like`() throws {
    let job = Sample.job(.dead) { job in
      job.attempts = 3
      job.crashes = 3
      job.reason = "poison: 3 processes were lost while running it"
      job.finishedAt = Sample.now - .seconds(10)
    }
    #expect(
      try why(Sample.why(job)) == """
        search.IndexUser {"userID":42}  dead, attempt 3, 10 s ago
        │ reason: poison: 3 processes were lost while running it
        │ it is in quarantine: its process was lost 3 times, so it may be what ends them
        │ all such jobs: bus jobs ls --state dead --where 'crashes >= 3'
        │ again: bus dlq retry \(job.id), or forget it: bus dlq rm \(job.id)
        \(Self.cause)
        """)
  }

  @Test func `a failed job over its queue's retry budget says so`() throws {
    let job = Sample.job(.scheduled) { $0.wish.dueAt = Sample.now + .seconds(9) }
    for (budget, words) in [(JSONValue.string("100/m"), "retry budget of 100/m of"), (.null, "retry budget of")] {
      #expect(
        try why(Sample.why(job, ["retry_budget": budget]))
          .contains("\n│ it failed, and waits for the \(words) queue search/default\n"))
    }
  }

  @Test func `merged, cancelled, expired and not needed say their reason`() throws {
    let (id, other): (JobID, JobID) = (Sample.id(1), Sample.id(2))
    let next: [JobState: String] = [
      .merged: "that job does the work of both: bus why \(other)", .cancelled: "again: bus jobs retry \(id)",
      .expired: "again: bus jobs retry \(id)", .notNeeded: "what came of it: bus trace \(id)",
    ]
    for (state, words) in next {
      let job = Sample.job(state) { job in
        job.reason = "merged into \(other)"
        job.finishedAt = Sample.now - .seconds(2)
      }
      #expect(
        try why(Sample.why(job)) == """
          search.IndexUser {"userID":42}  \(JobText.word(state)), 2 s ago
          │ reason: merged into \(other)
          │ \(words)
          \(Self.cause)
          """)
    }
  }

  @Test func `X1 X2 OT9 what a queue lock did, and until when it may start`() throws {
    let running = Sample.job(.running) { job in
      job.startedAt = Sample.now - .seconds(2)
      (job.merges, job.wish.onMerge, job.rerunAt) = (2, .replace, Sample.now - .seconds(1))
    }
    let text = try why(Sample.why(running))
    #expect(text.contains("│ asked for again meanwhile: it runs once more after this run\n"), "\(text)")
    #expect(text.contains("2 later enqueues merged, with the newest inputs\n"), "\(text)")
    let waiting = Sample.job(.ready) { $0.wish.expiresAt = Sample.now + .seconds(90) }
    #expect(try why(Sample.why(waiting)).contains("│ it expires in 1m30s (08:31:45.250Z) unless it starts before\n"))
  }

  @Test func `a job that no event led to names who asked, and one whose event is gone says so`() throws {
    #expect(
      try why(Sample.why(Sample.job(.done, subscription: false), event: nil)) == """
        search.IndexUser {"userID":42}  done
        │ what came of it: bus trace \(Sample.id(1) as JobID)
        └ enqueued 08:27:03.250Z  queue search/default, queue lock search.IndexUser(42)
          └ by bus/web-3
        """)
    let event: EventID = Sample.id(900)
    #expect(
      try why(Sample.why(Sample.job(.done), event: nil)) == """
        search.IndexUser {"userID":42}  done
        │ what came of it: bus trace \(Sample.id(1) as JobID)
        └ subscription search/user_index  queue search/default, queue lock search.IndexUser(42)
          └ event user_changed #184223 \(event), no longer kept
        """)
  }

  @Test func `a job that another job enqueued leads on to it`() throws {
    let parent: JobID = Sample.id(5)
    let job = Sample.job(.done, subscription: false) { $0.wish.cause.job = parent }
    let lines = try why(Sample.why(job, event: nil))
    #expect(lines.hasSuffix("  └ job \(parent)  enqueued it: bus why \(parent)"))
  }

  @Test(arguments: JobState.allCases) func `each state has its reason, and ends with what can be done`(
    state: JobState
  ) throws {
    let job = Sample.job(state) { job in
      job.wish.workerLock = "to_id(7)"
      job.wish.dueAt = Sample.now + .seconds(60)
      job.reason = "merged into \(Sample.id(2) as JobID)"
    }
    let answer = try WhyJobAnswer(json: Sample.why(job, ["holders": [job.json], "hands": 1]))
    let lines = WhyReasons(text: Sample.text, answer: answer).lines
    #expect(try #require(lines.last).contains(" bus "), "\(lines)")
    #expect(!lines.contains { $0.contains("?") })
  }

  @Test func `blocked by a limit names the limit, how many run, who they are and who is before it`() throws {
    let job = Sample.job(.blocked) { job in
      job.wish.limit = JobLimit(key: "tenant(7)", concurrency: 4, rate: RateLimit(10, per: .minute))
    }
    let holder = Sample.job(.running, id: 2, worker: "Charge") { job in
      job.startedAt = Sample.now - .seconds(200)
      job.process = "search.2@web-3:4101"
    }
    let lines = WhyReasons(
      text: Sample.text,
      answer: try WhyJobAnswer(
        json: Sample.why(
          job,
          [
            "waits_for": "limit", "holders": [holder.json], "running": 4, "ahead": 2,
            "opens_at": .string((Sample.now + .seconds(6)).description),
          ]))
    ).lines
    #expect(
      lines == [
        "limit tenant(7) lets 4 run at once, and 4 do", "limit tenant(7) lets 10/m start: the next job starts in 6 s",
        "under it runs search.Charge \(holder.id), running for 3m20s on search.2@web-3:4101", "and 3 others",
        "2 other jobs of queue search/default wait before it", "all of them: bus locks show 'tenant(7)'",
      ])
  }

  @Test func `ready tells of the pause, the limit and the rate of its queue`() throws {
    let (since, until) = (Sample.now - .seconds(60), Sample.now + .seconds(90))
    let pause = QueuePause(.pause, reason: "rebuild", since: since, until: until)
    func lines(_ queue: JSONObject, _ more: JSONObject = [:]) throws -> [String] {
      var answer: JSONObject = ["queue": .object(queue), "hands": 2, "busy": 2]
      answer.members += more.members
      return WhyReasons(
        text: Sample.text, answer: try WhyJobAnswer(json: Sample.why(Sample.job(.ready), answer))
      ).lines
    }
    #expect(
      try lines(["pause": pause.json]).first
        == "queue search/default is paused for 1m (rebuild), until in 1m30s: bus queues resume search/default")
    #expect(
      try lines(["concurrency": 2, "running": 2]).first == "queue search/default lets 2 run at once, and 2 do")
    let opens: JSONObject = ["opens_at": .string((Sample.now + .seconds(6)).description)]
    #expect(
      try lines(["rate": "10/min"], opens).first
        == "queue search/default has used up its rate of 10/min: the next job starts in 6 s")
  }

  @Test func `a job that was put off, one that holds up others and a wish that was merged say so`() throws {
    let snoozed = Sample.job(.scheduled) { job in
      job.wish.dueAt = Sample.now + .seconds(60)
      job.startedAt = Sample.now - .seconds(9)
    }
    #expect(try why(Sample.why(snoozed)).contains("its worker put it off until then; at once: bus jobs run"))
    let running = Sample.job(.running) { job in
      job.wish.workerLock = "to_id(7)"
      job.cancelRequestedAt = Sample.now - .seconds(9)
    }
    let wish: JobID = Sample.id(77)
    let text = try why(Sample.why(running, ["waiting": 3, "wish": wish.jsonValue]))
    #expect(text.contains("│ 3 jobs wait for it to end: bus locks show 'to_id(7)'"))
    #expect(text.contains("it was asked to stop 9 s ago; by force: bus jobs cancel --force \(running.id)"))
    #expect(text.contains("│ \(wish) was asked for while it waited, and merged into it"))
  }

  @Test func `the job of a paused schedule says that it is paused`() throws {
    let pause = Pause(reason: "audit", since: Sample.now - .seconds(60))
    let job = Sample.job(.done, subscription: false) { $0.wish.cause = JobCause(source: "schedule:search/tick") }
    let schedule: JSONValue = ["name": "search/tick", "pause": pause.json]
    #expect(
      try why(Sample.why(job, ["schedule": schedule], event: nil))
        .hasSuffix("  └ schedule search/tick, which is paused for 1m (audit): bus cron resume search/tick"))
  }
}
