import BusProtocol
import Testing

struct JobTests {
  static let jobs: [Job] =
    JobState.allCases.map { Job(Samples.smallWish, state: $0, enqueuedAt: Samples.time) } + [
      Job(
        Samples.wish, state: .dead, reason: "crashed", attempts: 3, crashes: 1, merges: 7, enqueuedAt: Samples.time,
        startedAt: Samples.time, finishedAt: Samples.time, process: "search.2@web-3:4101", token: 9,
        failures: [.init(attempt: 1, at: Samples.time, error: "x\"y"), .init(attempt: 2, at: Samples.time, error: "")]),
      askedAgain,
    ]

  private static var askedAgain: Job {
    var wish = Samples.wish
    (wish.onMerge, wish.lockUntil, wish.expiresAt) = (.replace, .done, Samples.time)
    var job = Job(wish, state: .running, enqueuedAt: Samples.time)
    job.rerunAt = Samples.time
    return job
  }

  @Test(arguments: jobs) func `a job comes back from its JSON`(job: Job) throws {
    #expect(try Job(json: job.json) == job)
    #expect(try Job(json: JSONParser.parse(job.json.bytes)) == job)
  }

  @Test func `a job with a moment at the end of time comes back too`() throws {
    var job = JobTests.jobs[0]
    for microseconds in [Int64.min, .max] {
      job.wish.dueAt = Timestamp(microseconds: microseconds)
      job.enqueuedAt = Timestamp(microseconds: microseconds)
      #expect(try Job(json: job.json) == job)
    }
  }

  @Test func `a job of another form is refused`() throws {
    for text in ["null", "[]", "{}", #"{"state":"ready"}"#] {
      #expect(throws: ProtocolError.self) { try Job(json: parse(text)) }
    }
    guard case .object(let object) = JobTests.jobs[0].json else { return }
    for index in object.members.indices {
      for other in ["x", 1.5, nil, [:], [1]] as [JSONValue] {
        var changed = object
        changed.members[index].value = other
        _ = try? Job(json: .object(changed))
      }
    }
  }

  @Test func `each state waits, runs or is finished`() {
    for state in JobState.allCases {
      #expect((state.isWaiting ? 1 : 0) + (state.isFinished ? 1 : 0) + (state == .running ? 1 : 0) == 1)
    }
  }

  @Test func `a declaration comes back from its JSON`() throws {
    let declaration = EngineDeclaration(
      engine: "search", subscriptions: [.init(name: "user_index", patterns: ["user_*"], queue: "default")],
      workers: [.init(name: "IndexUser", queue: "default", inputs: ["userID"])])
    #expect(try EngineDeclaration(json: JSONParser.parse(declaration.json.bytes)) == declaration)
    for text in [
      "{}", #"{"engine":"a b"}"#, #"{"engine":"a","subscriptions":[1]}"#,
      #"{"engine":"a","workers":[{"name":"x","queue":"q","inputs":[1]}]}"#,
    ] {
      #expect(throws: ProtocolError.self) { try EngineDeclaration(json: parse(text)) }
    }
  }

  @Test func `an outcome names the job that will do the work`() {
    let id = Samples.job
    #expect([EnqueueOutcome.enqueued(id), .merged(into: id), .parked(id, reason: "")].allSatisfy { $0.job == id })
  }
}
