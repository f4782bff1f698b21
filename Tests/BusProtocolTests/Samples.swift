import BusProtocol

/// One of each message, with all their parts and with as few as there can be.
enum Samples {
  static let job: JobID = JobID(high: 0x019C_132C_5BBB_7722, low: 0x8123_4567_89AB_CDEF)
  static let event: EventID = EventID(high: 0x019C_132C_5BBB_7722, low: 0x8123_4567_89AB_CDEF)
  static let publisher = PublisherID(high: 3, low: 4)
  static let log = LogID(high: 5, low: 6)
  static let queue = QueueName(engine: "search", name: "default")
  static let subscription = SubscriptionName(engine: "search", name: "user_index")
  static let time = Timestamp(microseconds: 1_769_848_200_123_456)
  static let trace = TraceContext(traceHigh: 1, traceLow: 2, span: 3, flags: 1)

  static let cause = JobCause(
    event: event, offset: Offset(9), topic: "user_changed", subscription: subscription, job: job,
    correlation: CorrelationID(high: 7, low: 8), trace: trace, context: ["tenant": 7], source: "account/web-3")
  static let wish = NewJob(
    id: job, queue: queue, worker: "IndexUser", inputs: ["userID": 42, "big": .unsigned(.max)],
    queueLock: "search.IndexUser(42)", workerLock: "users(42)",
    limit: JobLimit(key: "tenant(7)", concurrency: 4, rate: RateLimit(10, per: .minute, burst: 5)), priority: -5,
    dueAt: time, retry: .standard, cause: cause, notify: "user:42")
  static let leaving = {
    var wish = SubscriptionWish(name: subscription, patterns: ["a"])
    wish.isLeaving = true
    return wish
  }()
  static let smallWish = NewJob(id: job, queue: queue, worker: "IndexUser")
  static let thenWish = NewJob(id: JobID(high: 9, low: 9), queue: queue, worker: "PublishAlbum")
  static let assignment = Assignment(
    id: job, token: 77, attempt: 2, queue: queue, worker: "IndexUser", inputs: ["userID": 42], cause: cause)
  static let outcomes: [Outcome] = [
    .done, .notNeeded, .failed(error: "no\nnetwork \"x\"", retryAfter: .seconds(3)),
    .failed(error: "", retryAfter: nil),
    .dead(error: "gone"), .returned, .unknownWorker,
  ]
  static let lines = [
    JobLine("reading\nrows", at: time), JobLine("", level: .critical, at: time),
    try? JobLine(part: ["row": [42, nil]], at: time), try? JobLine(part: nil, at: time),
  ].compactMap(\.self)
  static let notes = [
    JobNote(id: job, token: 77, progress: JobProgress(3, of: 10, "reading"), first: 7, lines: lines),
    JobNote(id: job, token: 78, progress: JobProgress(-1)), JobNote(id: job, token: 79),
  ]
  static var said: JobResult {
    var result = JobResult(id: job, token: 77, outcome: .done, result: 1)
    result.note = notes[0]
    return result
  }
  static var shared: NewJob {
    var wish = smallWish
    wish.sharesRun = true
    return wish
  }
  static let filter = try? Filter("data.id == 42 and not has(data.x)").bound(
    to: .events, at: nil)
  static let wiring = EngineWiring(
    queues: [.init(name: "default", priority: 100), .init(name: "low", priority: -5, timeout: .seconds(120))],
    subscriptions: [.init(name: "user_index", queue: "low", isEnabled: false), .init(name: "other", where: filter)],
    concurrency: 8)

  static let requests: [Request] = [
    .hello(Hello(role: .engine, process: "search.2@web-3:4101", engine: "search")),
    .hello(Hello(role: .tool, process: "")),
    .carry(request: 1, publisher: publisher, oldest: 1, records: RecordVector.full),
    .carry(request: .max, publisher: publisher, oldest: .max, records: []),
    .publish(
      request: 2,
      publication: Publication(
        topic: "user_changed", id: event,
        headers: EventHeaders(
          source: "account", trace: trace, causation: .event(event), correlation: CorrelationID(high: 1, low: 1),
          context: ["tenant": 7])), data: Array("{}".utf8)),
    .publish(request: 3, publication: Publication(topic: "a"), data: []),
    .announce(
      request: 3,
      announcement: Announcement(
        id: event, topic: "user_changed", data: Array("{}".utf8), dueAt: time,
        headers: EventHeaders(source: "account", trace: trace, context: ["tenant": 7]))),
    .withdraw(request: 4, ids: [event, event]), .withdraw(request: 4, ids: []),
    .read(request: 4, after: Offset(7), patterns: ["user_*", "*"], limit: 100),
    .read(request: 4, after: .maximum, patterns: [], limit: .min),
    .subscribe(
      request: 5,
      subscriptions: [
        SubscriptionWish(name: subscription, patterns: ["a", "b*"], start: .after(Offset(5))),
        SubscriptionWish(name: subscription, patterns: [], start: .beginning), leaving,
        SubscriptionWish(name: subscription, patterns: ["c"], conditions: ["a": "present", "b": ["equals": 42]]),
      ]),
    .subscribe(request: 5, subscriptions: [], schedules: []),
    .subscribe(
      request: 5, subscriptions: [],
      schedules: [
        ScheduleWish(
          name: ScheduleName(engine: "search", name: "tidy"), timing: .cron("@daily", timeZone: "Europe/Paris"),
          overlap: .queue, catchUp: .all, job: wish),
        ScheduleWish(
          name: ScheduleName(engine: "search", name: "tick"), timing: .every(.seconds(5)), job: smallWish),
      ]),
    .commit(
      request: 6,
      commit: Commit(
        subscription: subscription, token: 3, from: Offset(1), through: Offset(9), jobs: [wish, smallWish])),
    .enqueue(request: 7, jobs: [wish, smallWish]), .enqueue(request: 7, jobs: []),
    .enqueueGroup(request: 7, group: JobGroup(batch: [wish], then: thenWish)),
    .enqueueGroup(request: 7, group: JobGroup(batch: [], then: thenWish)),
    .enqueueGroup(request: 7, group: JobGroup([wish], .batch(then: thenWish, size: 5000, first: 4999))),
    .enqueueGroup(request: 7, group: JobGroup(chain: [smallWish, thenWish])),
    .enqueueGroup(request: 7, group: JobGroup(chain: [])),
    .hands(Hands(engine: "search", queues: [queue], workers: ["IndexUser"], concurrency: 8)),
    .finish(request: 8, results: outcomes.map { JobResult(id: job, token: 77, outcome: $0) }),
    .finish(request: 8, results: [JobResult(id: job, token: 77, outcome: .done, result: ["twice": [42, nil]])]),
    .finish(request: 8, results: [said]), .note(request: 8, notes: notes), .note(request: 8, notes: []),
    .enqueue(request: 7, jobs: [shared]),
    .beat(jobs: [Held(job, token: 77)], subscriptions: [Held(subscription, token: 3)]),
    .beat(jobs: [], subscriptions: []),
    .change(request: 9, what: "forget_subscription", parameters: ["name": "a/b"]),
    .ask(request: 9, about: "job", parameters: ["id": "01"]), .ask(request: 9, about: "status", parameters: [:]), .bye,
  ]

  static let replies: [Reply] = [
    .welcome(
      Welcome(log: log, head: Offset(8), live: "ipc:///run/bus/busd.live.ipc", lease: .seconds(15), wiring: wiring)),
    .welcome(Welcome(log: log, head: .zero, live: "", lease: .zero)), .announced(request: 3, id: event, dueAt: time),
    .withdrawn(request: 4, ids: [event]),
    .carried(request: 1, through: 9, head: Offset(8)),
    .published(request: 2, id: event, offset: Offset(8)),
    .events(
      request: 3, chunk: EventsChunk(through: Offset(8), head: Offset(9), missing: 1...5, records: RecordVector.full)),
    .events(request: 3, chunk: EventsChunk(through: .zero, head: .zero, records: [])), .subscribed(request: 4),
    .granted([Grant(subscription: subscription, token: 3, cursor: Offset(7))]), .granted([]),
    .committed(
      request: 5,
      outcomes: [
        .enqueued(job), .merged(into: job), .parked(job, reason: "no such queue"), .ran(job),
        .dropped(job, reason: "x"),
      ]),
    .enqueued(request: 6, outcomes: [.parked(job, reason: "")]),
    .enqueued(
      request: 6,
      outcomes: [.refused(job, EnqueueRefusal(.full, "3 wait")), .refused(job, EnqueueRefusal(.draining, ""))]),
    .jobs([assignment]), .jobs([]), .cancel([job]), .cancel([]),
    .finished(request: 7, stale: [job]), .finished(request: 7, stale: [], ended: [job]),
    .noted(request: 7, stale: [job]), .noted(request: 7, stale: []),
    .beaten(jobs: [job], subscriptions: [subscription]),
    .beaten(jobs: [], subscriptions: []),
    .answer(request: 8, ["jobs": []]), .answer(request: 8, .null),
    .refused(
      request: 9, Refusal(code: "gap", message: "m", help: "h", retryAfter: .seconds(1), expected: 7)),
    .refused(request: nil, Refusal(code: "no_session", message: "m")), .ping,
  ]

  static let live: [LiveMessage] = [
    .events(topic: Array("user_changed".utf8), records: RecordVector.full),
    .mark(Mark(log: log, after: Offset(5), through: Offset(8), counts: ["a": 1, "b": 2])),
    .mark(Mark(log: log, after: Offset(8), through: Offset(8), counts: [:])),
  ]
}
