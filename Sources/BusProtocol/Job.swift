/// A job as the store keeps it: what was asked for, and all that happened since.
public struct Job: Hashable, Sendable {
  /// One run that ended without doing the work.
  public struct Failure: Hashable, Sendable {
    /// Which run, from 1.
    public var attempt: Int
    /// When it ended.
    public var at: Timestamp
    /// What the worker said, or how its process was lost.
    public var error: String

    /// A run that failed.
    public init(attempt: Int, at: Timestamp, error: String) {
      self.attempt = attempt
      self.at = at
      self.error = error
    }
  }

  /// What was asked for; `dueAt` is when it is due next.
  public var wish: NewJob
  /// Where it is in its life.
  public var state: JobState
  /// Why it is there, where the state alone does not say: parked, dead.
  public var reason: String?
  /// How many runs were begun and not given back.
  public var attempts: Int
  /// How many runs ended with the loss of their process.
  public var crashes: Int
  /// How many equal wishes were merged into it while it waited.
  public var merges: Int
  /// When it was asked for.
  public var enqueuedAt: Timestamp
  /// When its present or last run began.
  public var startedAt: Timestamp?
  /// When it came to its end.
  public var finishedAt: Timestamp?
  /// The process that runs it, or ran it last: `search.2@web-3:4101`.
  public var process: String?
  /// The token of the present or last lease.
  public var token: UInt64
  /// How often someone let it run again after its end.
  public var retries = 0
  /// What its worker answered, of a job that is done.
  public var result: JSONValue?
  /// When someone asked it to stop while it ran.
  public var cancelRequestedAt: Timestamp?
  /// When it runs once more after the run that it is in, because it was asked for meanwhile.
  public var rerunAt: Timestamp?
  /// How far its present or last run has come, as its worker says.
  public var progress: JobProgress?
  /// How many lines its runs wrote; the last ``JobLine/maximumCount`` of them are kept.
  public var lineCount = 0
  /// The failed runs, oldest first, at most the last 25.
  public var failures: [Failure]

  /// The most failures that are kept with a job.
  public static let maximumFailures = 25
  /// After how many lost processes a job is dead: it may be what kills them.
  public static let maximumCrashes = 3

  /// A job in a state; the rest as after an enqueue.
  public init(
    _ wish: NewJob, state: JobState, reason: String? = nil, attempts: Int = 0, crashes: Int = 0, merges: Int = 0,
    enqueuedAt: Timestamp, startedAt: Timestamp? = nil, finishedAt: Timestamp? = nil, process: String? = nil,
    token: UInt64 = 0, failures: [Failure] = []
  ) {
    self.wish = wish
    self.state = state
    self.reason = reason
    self.attempts = attempts
    self.crashes = crashes
    self.merges = merges
    self.enqueuedAt = enqueuedAt
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.process = process
    self.token = token
    self.failures = failures
  }

  /// Its name for ever.
  public var id: JobID { wish.id }

  /// The job as JSON: the wish's members, then what happened; times in RFC 3339.
  public var json: JSONValue {
    guard case .object(var object) = wish.json else { return .null }
    object["due_at"] = wish.dueAt.map { .string($0.description) }
    object["expires_at"] = wish.expiresAt.map { .string($0.description) }
    object["state"] = .string(state.rawValue)
    object.set("reason", reason)
    object.set("attempts", attempts)
    object.set("crashes", crashes)
    object.set("merges", merges)
    object.set("enqueued_at", enqueuedAt.description)
    object.set("started_at", startedAt?.description)
    object.set("finished_at", finishedAt?.description)
    object.set("process", process)
    if token > 0 { object.set("token", token) }
    if retries > 0 { object.set("retries", retries) }
    object.set("cancel_requested_at", cancelRequestedAt?.description)
    if let result { object["result"] = result }
    object.set("rerun_at", rerunAt?.description)
    if let progress { object["progress"] = progress.json }
    if lineCount > 0 { object.set("lines", lineCount) }
    object["failures"] = .array(
      failures.map {
        [
          "attempt": $0.attempt.jsonValue, "at": .string($0.at.description), "error": .string($0.error),
        ]
      })
    return .object(object)
  }

  /// Reads what ``json`` wrote.
  public init(json: JSONValue) throws(ProtocolError) {
    guard case .object(var object) = json else { throw ProtocolError(.badJSON, "job is no object") }
    let members = JSONMembers(object, of: "job")
    let dueAt = try Job.time("due_at", in: members)
    object["due_at"] = dueAt?.microseconds.jsonValue
    object["expires_at"] = try Job.time("expires_at", in: members)?.microseconds.jsonValue
    guard let state = JobState(rawValue: try members.string("state")) else {
      throw ProtocolError(.badJSON, "job is in a state of another version")
    }
    self.init(
      try NewJob(json: .object(object)), state: state, reason: try members.optional("reason"),
      attempts: try members.read("attempts"), crashes: try members.read("crashes"),
      merges: try members.read("merges"),
      enqueuedAt: try Timestamp(try members.string("enqueued_at")),
      startedAt: try Job.time("started_at", in: members), finishedAt: try Job.time("finished_at", in: members),
      process: try members.optional("process"),
      token: members.optionalValue("token") == nil ? 0 : try members.number("token"),
      failures: try members.list("failures") { (json) throws(ProtocolError) in
        let failure = try json.members("failure")
        return Failure(
          attempt: try failure.read("attempt"), at: try Timestamp(try failure.string("at")),
          error: try failure.string("error"))
      })
    retries = try members.optional("retries") ?? 0
    result = members.optionalValue("result")
    progress = try members.optionalValue("progress").map { (json) throws(ProtocolError) in try JobProgress(json: json) }
    lineCount = try members.optional("lines") ?? 0
    cancelRequestedAt = try Job.time("cancel_requested_at", in: members)
    rerunAt = try Job.time("rerun_at", in: members)
  }

  private static func time(_ key: String, in members: JSONMembers) throws(ProtocolError) -> Timestamp? {
    guard let text: String = try members.optional(key) else { return nil }
    return try Timestamp(text)
  }
}

/// A job handed to a worker process: what it needs to run it, under a lease.
public struct Assignment: Hashable, Sendable {
  /// The job.
  public var id: JobID
  /// Names the lease; larger than every token given before. Goes with the result, and fences writes to other stores.
  public var token: UInt64
  /// Which run this is, from 1.
  public var attempt: Int
  /// Where it waited.
  public var queue: QueueName
  /// The worker that does it.
  public var worker: Name
  /// The worker's inputs by name.
  public var inputs: JSONObject {
    get { given.values }
    set { given = JobInputs(newValue) }
  }
  /// ``inputs``, looked into or not.
  package var given: JobInputs
  /// Why it exists.
  public var cause: JobCause

  /// A job under a lease.
  public init(
    id: JobID, token: UInt64, attempt: Int, queue: QueueName, worker: Name, inputs: JSONObject, cause: JobCause
  ) {
    self.init(
      id: id, token: token, attempt: attempt, queue: queue, worker: worker, given: JobInputs(inputs), cause: cause)
  }

  /// The same of inputs that nobody has looked into.
  package init(
    id: JobID, token: UInt64, attempt: Int, queue: QueueName, worker: Name, given: JobInputs, cause: JobCause
  ) {
    self.id = id
    self.token = token
    self.attempt = attempt
    self.queue = queue
    self.worker = worker
    self.given = given
    self.cause = cause
  }

  /// The assignment as the wire carries it.
  public var json: JSONValue {
    [
      "id": id.jsonValue, "token": token.jsonValue, "attempt": attempt.jsonValue,
      "queue": .string(queue.description), "worker": .string(worker.text), "inputs": .object(inputs),
      "cause": cause.json,
    ]
  }

  /// Reads what ``json`` wrote.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("assignment")
    id = try members.read("id")
    token = try members.number("token")
    attempt = try members.read("attempt")
    queue = try QueueName(try members.string("queue"))
    worker = try members.name("worker")
    given = JobInputs(try members.object("inputs"))
    cause = try JobCause(json: try members.value("cause"))
  }
}
