internal import BusProtocol

/// Valid values of everything that is read, and the few that the targets compare with.
enum FuzzSeeds {
  static let event = EventID(high: 0x019C_132C_5BBB_7722, low: 0x8123_4567_89AB_CDEF)
  static let jobID = JobID(high: 0x019C_132C_5BBB_7722, low: 0x8123_4567_89AB_CDEF)
  static let log = LogID(high: 5, low: 6)
  static let time = Timestamp(microseconds: 1_769_848_200_123_456)
  static let trace = TraceContext(traceHigh: 1, traceLow: 2, span: 3, flags: 1)
  static let topic: Topic = "user_changed"
  static let anyTopic: TopicPattern = "*"
  static let queue = QueueName(engine: "search", name: "default")
  static let subscription = SubscriptionName(engine: "search", name: "user_index")
  static let document = Array(#"{"id":42,"n":{"a":[1.5,null,"x"]},"name":"Zoë \n","large":18446744073709551615}"#.utf8)
  static let documents = [
    document, Array(#"[true,false,-1e-7,"😀é\\ud83d"]"#.utf8), Array(#"{"password":"s","a":{"b":[{"c":1}]}}"#.utf8),
  ]
  static let redaction = Redaction(
    topics: [.init(anyTopic, paths(["data.id", "data.n.*", "context.tenant"]))],
    engines: [queue.engine: paths(["inputs.userID"])])

  private static func paths(_ texts: [String]) -> [RedactedPath] { texts.compactMap { RedactedPath($0) } }

  static let headers = EventHeaders(
    source: "account/web-3", trace: trace, causation: .event(event), correlation: CorrelationID(high: 7, low: 8),
    context: ["tenant": 7])

  static let plainEvent = Event(id: event, topic: topic, data: Array("{}".utf8), time: time)

  static var events: [Event] {
    get throws {
      var full = Event(
        id: event, topic: topic, data: document, time: time, publisher: PublisherID(high: 3, low: 4),
        publisherSequence: 1, headers: headers)
      full.offset = Offset(9)
      full.sequence = 3
      var binary = plainEvent
      binary.publisher = PublisherID(high: 5, low: 6)
      binary.data = [0, 1, 2, 255]
      binary.headers.contentType = "application/octet-stream"
      binary.headers.causation = .job(jobID)
      var signed = plainEvent
      signed.publisher = PublisherID(high: 7, low: 8)
      signed.headers = headers
      signed.headers.signature = EventSignature(signer: "account", bytes: [UInt8](1...64))
      return [plainEvent, full, signed, binary]
    }
  }

  static let cause = JobCause(
    event: event, offset: Offset(9), topic: "user_changed", subscription: subscription, job: jobID,
    correlation: CorrelationID(high: 7, low: 8), trace: trace, context: ["tenant": 7], source: "account/web-3")
  static let smallWish = NewJob(id: JobID(high: 9, low: 9), queue: queue, worker: "IndexUser")
  static let wish = NewJob(
    id: jobID, queue: queue, worker: "IndexUser", inputs: ["userID": 42, "big": .unsigned(.max)],
    queueLock: "search.IndexUser(42)", workerLock: "users(42)",
    limit: JobLimit(key: "tenant(7)", concurrency: 4, rate: RateLimit(10, per: .minute, burst: 5)), priority: -5,
    dueAt: time, retry: .standard, cause: cause, notify: "user:42")
  static var job: Job {
    Job(wish, state: .dead, reason: "no network", attempts: 2, enqueuedAt: time, startedAt: time, process: "web-3")
  }
  static let note = JobNote(
    id: jobID, token: 77, progress: JobProgress(3, of: 10, "reading"), first: 7,
    lines: [JobLine("reading\nrows", at: time)])
  static var result: JobResult {
    var result = JobResult(id: jobID, token: 77, outcome: .done, result: 1)
    result.note = note
    return result
  }
  static let results = [
    Outcome.done, .notNeeded, .failed(error: "no \"x\"", retryAfter: .seconds(3)), .dead(error: "gone"), .returned,
    .unknownWorker,
  ].map { JobResult(id: jobID, token: 77, outcome: $0) }
  static let schedules = [
    ScheduleWish(
      name: ScheduleName(engine: "search", name: "tidy"), timing: .cron("@daily", timeZone: "Europe/Paris"),
      overlap: .queue, catchUp: .all, job: wish),
    ScheduleWish(name: ScheduleName(engine: "search", name: "tick"), timing: .every(.seconds(5)), job: smallWish),
  ]

  /// What ``FuzzTarget/jobTargets`` reads, each as its reader.
  static var jobForms: [(form: UInt8, json: JSONValue)] {
    let item = InboxItem(
      number: 1, owner: "user:42", job: jobID, queue: queue, worker: "IndexUser", state: .done, at: time, text: "x",
      result: ["a": 1], readAt: time)
    let engine = EngineDeclaration(
      engine: "search",
      subscriptions: [.init(name: "user_index", patterns: [anyTopic], queue: "default")],
      workers: [.init(name: "IndexUser", queue: "default", inputs: ["userID"])],
      schedules: [.init(name: "tidy", when: "@daily", worker: "IndexUser", queue: "default")])
    let limit = JobLimit(key: "tenant(7)", concurrency: 4)
    return [
      (0, job.json), (1, wish.json), (2, item.json), (3, result.json), (4, note.json),
      (5, JobChange(jobID, .cancel(byForce: true, reason: "x")).json), (6, cause.json), (7, limit.json),
      (8, RetryPolicy.standard.json), (9, Debounce(after: .seconds(1), atMost: .seconds(5)).json),
      (10, QueuePause(.drain, reason: "x", since: time, until: time).json),
      (11, JobProgress(3, of: 10, "reading", at: time).json), (12, schedules[0].json), (12, schedules[1].json),
      (13, engine.json), (15, EnqueueOutcome.parked(jobID, reason: "x").json),
      (15, EnqueueOutcome.refused(jobID, EnqueueRefusal(.full, "3 wait")).json),
    ]
  }

  static let redactions = ["data.id\ndata.n.*", "context.tenant", "inputs.userID"].map { path in
    Array(path.utf8) + [0] + JSONValue.array([plainEvent.cloudEvent, job.json]).bytes
  }
  static let codable =
    Array(
      #"{"id":-1,"large":18446744073709551615,"ratio":0.1,"isNew":true,"colour":"red","parts":[{"counts":[1,255]}],"#
        .utf8)
    + Array(#""byName":{"a":{"name":"b","counts":[]}},"rest":[1,{"x":null}]}"#.utf8)

  static let filters = [
    "data.id == 42 and type ~ 'user_*' and not has(data.deleted_at)", "queue:charge state:dead args.user_id:42",
    "data.n.a[0] >= 1.5 or time < 10m", "source in ('a', 'b') or (worker != 'x' and \"some text\")",
    "id:01KG9JRPXVEWH828T5CY4TQKFF word",
  ]

  static let moment = withUnsafeBytes(of: time.microseconds.bigEndian) { Array($0) }
  static let crons = ["*/5 * * * *", "30 2 1-15/2,31 jan-mar mon,fri", "@weekly", "0 0 29 2 *"]
  static let key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

  /// Version 2, two changes, two types, and a rule for ever.
  static let zone: [UInt8] = {
    func header(_ time: UInt8, _ type: UInt8) -> [UInt8] {
      Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
        + [0, 0, 0, time, type, type].flatMap { [0, 0, 0, $0] }
    }
    let times = [1_700_000_000, 1_720_000_000].flatMap { withUnsafeBytes(of: Int64($0).bigEndian) { Array($0) } }
    let types: [UInt8] = [0, 0, 14, 16, 0, 0, 0, 0, 28, 32, 1, 1]
    return header(0, 0) + header(2, 2) + times + [0, 1] + types + [65, 0]
      + Array("\nCET-1CEST,M3.5.0,M10.5.0/3\n".utf8)
  }()

  /// Route, delimiter, version, request, domain, address, routing id, mechanism, key.
  static let zap = [
    [1, 2, 3], [], Array("1.0".utf8), [1], Array("bus".utf8), Array("127.0.0.1".utf8), [], Array("CURVE".utf8),
    [UInt8](1...32),
  ].flatMap { [UInt8($0.count)] + $0 }
}
