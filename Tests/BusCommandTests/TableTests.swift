import BusProtocol
import Testing

@testable import BusCommand

struct TableTests {
  static let plain = Paint(isOn: false)

  @Test func `queues`() throws {
    let queues: [JSONValue] = [
      [
        "queue": "billing/charge", "priority": 1000, "ready": 204, "scheduled": 9, "blocked": 1, "running": 4,
        "parked": 0, "dead": 1, "oldest_ready_at": "2026-01-31T08:26:35.250000Z", "done": 77, "not_needed": 0,
        "merged": 2, "hands": 4, "busy": 4,
      ],
      ["queue": "search/default", "priority": 100, "oldest_ready_at": nil, "hands": 0, "busy": 0],
    ]
    let table = QueueTable(time: Sample.text.time, paint: Self.plain, columns: nil)
    #expect(
      try table.lines(queues).joined(separator: "\n") == """
        QUEUE            PRI  READY  SCHED  BLOCKED  RUN  PARKED  DEAD  DONE  MERGED  BUSY  OLDEST
        billing/charge  1000    204      9        1    4       0     1    77       2   4/4   3m40s
        search/default   100      0      0        0    0       0     0     0       0   0/0       -
        """)
    #expect(throws: ProtocolError.self) { try table.lines([["priority": 1]]) }
  }

  @Test func `queues with limits, and one that is paused`() throws {
    let since = Timestamp(microseconds: 0)
    let queues: [JSONValue] = [
      ["queue": "a/b", "concurrency": 4, "rate": "10/m", "limit": 99, "weight": 3],
      ["queue": "a/c", "weight": 1, "pause": QueuePause(.pause, reason: "why", since: since).json],
      ["queue": "a/d", "pause": QueuePause(.drain, since: since).json],
    ]
    let lines = try QueueTable(time: Sample.text.time, paint: Self.plain, columns: nil).lines(queues)
    #expect(lines[0].hasSuffix("OLDEST  LIMITS"))
    #expect(lines[1].hasSuffix("  4 at once, 10/m, 99 waiting, weight 3"))
    #expect(lines[2].hasSuffix("  paused (why)"))
    #expect(lines[3].hasSuffix("  draining"))
  }

  @Test func `subscriptions`() throws {
    let subscriptions: [JSONValue] = [
      [
        "name": "search/user_index", "patterns": ["user_*", "postal_*"], "cursor": 184_223, "lag": 0,
        "process": "search.2@web-3:4101",
      ],
      ["name": "mail/greet", "patterns": ["user_created"], "cursor": 184_000, "lag": 223, "process": nil],
    ]
    #expect(
      try SubscriptionTable(time: Sample.text.time, paint: Self.plain, columns: nil).lines(subscriptions).joined(
        separator: "\n") == """
          SUBSCRIPTION       PATTERNS          CURSOR  LAG  PROCESS
          search/user_index  user_* postal_*  #184223    0  search.2@web-3:4101
          mail/greet         user_created     #184000  223  nobody runs it
          """)
  }

  @Test func `schedules say why nothing is due, and who declares them`() throws {
    let tick: JSONValue = [
      "name": "clock/tick", "when": "every 5m", "worker": "Tick", "queue": "clock/default", "inputs": [:],
      "overlap": "skip", "catch_up": "last", "enabled": true, "declared_by": "binary", "next": [], "fired": 3,
      "skipped": 0, "undeclared_at": "2026-01-30T08:00:00Z",
    ]
    let time = TimeText(format: .iso, now: Sample.now, zone: { _ in 0 })
    let table = ScheduleTable(time: time, paint: Self.plain, columns: nil)
    #expect(
      try table.lines([tick]).last == "clock/tick  every 5m  not declared            3        0  Tick")
    let text = ScheduleText(time: time)
    let lines = try text.lines(tick)
    #expect(lines.first == "clock/tick (not declared)" && lines.contains("  declared  by the binary"))
  }

  @Test func `an inbox says what is new, and how each job ended`() {
    let job = Sample.job(.done).id
    let items = [
      InboxItem(
        number: 1, owner: "u", job: job, queue: QueueName(engine: "reports", name: "default"), worker: "MakeReport",
        state: .dead, at: Sample.now, text: "no\nmonth", readAt: Sample.now),
      InboxItem(
        number: 2, owner: "u", job: job, queue: QueueName(engine: "reports", name: "default"), worker: "MakeReport",
        state: .notNeeded, at: Sample.now, result: ["total": 7]),
    ]
    let lines = InboxTable(time: Sample.text.time, paint: Self.plain, columns: nil).lines(items)
    #expect(lines.count == 3 && lines[0].contains("STATE"))
    #expect(lines[1].hasPrefix(" ") && lines[1].contains("dead") && !lines[1].contains("\n"))
    #expect(lines[2].hasPrefix("*") && lines[2].contains("not needed") && lines[2].contains(#"{"total":7}"#))
  }

  @Test func `jobs, with ids that are as short as they can be`() {
    let jobs = [
      Sample.job(.scheduled) { job in
        job.wish.dueAt = Sample.now + .seconds(250)
        job.attempts = 3
        job.wish.retry = RetryPolicy(attempts: 25)
        job.failures = [Job.Failure(attempt: 3, at: Sample.now, error: "Declined:\nno")]
      },
      Sample.job(.dead, id: 1 << 40) { job in
        job.finishedAt = Sample.now - .seconds(5)
        job.wish.queueLock = nil
        job.reason = "gave up"
      },
    ]
    let table = JobTable(text: Sample.text, columns: nil)
    let names = JobText.shortNames(jobs.map(\.id))
    #expect(names.values.map(\.count).allSatisfy { $0 >= 12 && $0 < 26 })
    #expect(Set(names.values).count == 2)
    let (first, second) = (names[jobs[0].id] ?? "", names[jobs[1].id] ?? "")
    let blanks = String(repeating: " ", count: first.count - 2)
    #expect(
      table.lines(jobs).joined(separator: "\n") == """
        ID\(blanks)  STATE      WORKER            INPUTS         LOCK                  TRIES  WHEN      NOTE
        \(first)  scheduled  search.IndexUser  {"userID":42}  search.IndexUser(42)   3/25  in 4m10s  Declined: no
        \(second)  dead       search.IndexUser  {"userID":42}  -                         0  5 s ago   gave up
        """)
    #expect(table.footer(jobs) == "2 jobs. Why one is where it is: bus why \(second)")
    #expect(table.footer([]) == "0 jobs.")
  }

  @Test func `one job with all that is known`() {
    let job = Sample.job(.dead) { job in
      job.attempts = 1
      job.startedAt = Sample.now - .seconds(2)
      job.finishedAt = Sample.now
      job.process = "search.2@web-3:4101"
      job.failures = [Job.Failure(attempt: 1, at: Sample.now, error: "no")]
    }
    let event: EventID = Sample.id(900)
    #expect(
      JobTable(text: Sample.text, columns: nil).details(job).joined(separator: "\n") == """
        job           \(job.id)
        worker        search.IndexUser
        inputs        {"userID":42}
        state         dead
        queue         search/default
        priority      0
        queue lock    search.IndexUser(42)
        tries         1
        enqueued      08:27:03.250Z
        started       08:30:13.250Z
        finished      08:30:15.250Z
        process       search.2@web-3:4101
        event         user_changed #184223 \(event)
        subscription  search/user_index
        by            account/web-3
        attempt 1     08:30:15.250Z no
        """)
  }

  @Test func `the spool in five lines`() throws {
    let json: JSONValue = [
      "directory": "/var/lib/bus/spool", "segments": 3, "bytes": 3_400_000_000, "first": 100, "head": 184_223,
      "free": 85_899_345_920,
    ]
    #expect(
      try SpoolText.lines(json).joined(separator: "\n") == """
        directory  /var/lib/bus/spool
        events     184124, #100 to #184223
        segments   3
        size       3.1 GiB
        free       80 GiB
        """)
    #expect(throws: ProtocolError.self) { try SpoolText.lines([:]) }
  }

  @Test func `an event is a line whose columns only grow`() {
    var line = EventLine(time: Sample.text.time, paint: Self.plain, columns: nil)
    func event(_ topic: Topic, _ data: String) -> Event {
      var event = Event(
        id: Sample.id(1), topic: topic, data: Array(data.utf8), time: Sample.now,
        headers: EventHeaders(source: "account/web-3"))
      event.offset = Offset(184_223)
      return event
    }
    #expect(
      line.text(event("user_changed", #"{"id":42}"#))
        == #"08:30:15.250Z  user_changed        account/web-3   #184223  {"id":42}"#)
    #expect(
      line.text(event("postal_code_changed_twice", "\u{1B}]0;x"))
        == "08:30:15.250Z  postal_code_changed_twice  account/web-3   #184223  \u{FFFD}]0;x")
    #expect(
      line.text(event("user_changed", "{}")) == "08:30:15.250Z  user_changed               account/web-3   #184223  {}")
    line.columns = 30
    #expect(line.text(event("user_changed", "{}")) == "08:30:15.250Z  user_changed")
  }
}
