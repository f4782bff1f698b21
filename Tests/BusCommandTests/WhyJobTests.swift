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
        │ 8 hands work the queue, 8 busy
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
        │ it is kept as it is: bus jobs show \(job.id)
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
        │ it is kept as it is: bus jobs show \(job.id)
        │ it is in quarantine: its process was lost 3 times, so it may be what ends them
        │ all such jobs: bus jobs ls --state dead --where 'crashes >= 3'
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

  @Test func `merged, cancelled and not needed say their reason`() throws {
    for state in [JobState.merged, .cancelled, .notNeeded] {
      let job = Sample.job(state) { job in
        job.reason = "an equal job waited"
        job.finishedAt = Sample.now - .seconds(2)
      }
      #expect(
        try why(Sample.why(job)) == """
          search.IndexUser {"userID":42}  \(JobText.word(state)), 2 s ago
          │ reason: an equal job waited
          \(Self.cause)
          """)
    }
  }

  @Test func `a job that no event led to names who asked, and one whose event is gone says so`() throws {
    #expect(
      try why(Sample.why(Sample.job(.done, subscription: false), event: nil)) == """
        search.IndexUser {"userID":42}  done
        └ enqueued 08:27:03.250Z  queue search/default, queue lock search.IndexUser(42)
          └ by bus/web-3
        """)
    let event: EventID = Sample.id(900)
    #expect(
      try why(Sample.why(Sample.job(.done), event: nil)) == """
        search.IndexUser {"userID":42}  done
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
}
