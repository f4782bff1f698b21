/// A job that someone asks for: a worker's name and inputs, where and when it is to run, and why.
///
/// The id is made by whoever asks, so that asking twice (a lost answer, a reconnect) makes one job.
public struct NewJob: Hashable, Sendable {
  /// The longest inputs, in bytes of JSON: ids belong there, not documents.
  public static let maximumInputsByteCount = 256 << 10

  /// The longest lock key, in bytes.
  public static let maximumLockByteCount = 1000

  /// Its name for ever.
  public var id: JobID
  /// Where it waits.
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
  /// The key of which only one job may wait, as ``LockKey/text(workerNamespace:)``; nil for none.
  public var queueLock: String?
  /// The key of which only one job may run, as ``LockKey/text(workerNamespace:)``; nil for none.
  public var workerLock: String?
  /// How many of a key run at once or start in a span of time; nil for no such limit.
  public var limit: JobLimit?
  /// Within its queue the higher one goes first.
  public var priority: Int
  /// Not before then; nil for at once.
  public var dueAt: Timestamp?
  /// When a failure runs again; nil for the queue's own policy.
  public var retry: RetryPolicy?
  /// Why it exists.
  public var cause: JobCause
  /// What becomes of the inputs when it is merged into an equal job.
  public var onMerge = MergePolicy.keep
  /// Until when it holds its queue lock.
  public var lockUntil = QueueLockEnd.started
  /// Puts it off until no equal wish comes any more; without a queue lock it says nothing.
  public var debounce: Debounce?
  /// It is not to start at this moment or later, and ends as expired then; nil for never.
  public var expiresAt: Timestamp?
  /// Whether an equal one that runs already is as good: one of the same worker under the same queue lock takes the wish.
  /// For who waits for an answer; a change that comes in while a job runs wants one more run.
  public var sharesRun = false
  /// Whose inbox is told when it ends, such as `user:42`; nil for nobody's.
  public var notify: String?

  /// A job to be asked for.
  public init(
    id: JobID, queue: QueueName, worker: Name, inputs: JSONObject = [:], queueLock: String? = nil,
    workerLock: String? = nil, limit: JobLimit? = nil, priority: Int = 0, dueAt: Timestamp? = nil,
    retry: RetryPolicy? = nil, cause: JobCause = JobCause(), notify: String? = nil
  ) {
    self.id = id
    self.queue = queue
    self.worker = worker
    given = JobInputs(inputs)
    self.queueLock = queueLock
    self.workerLock = workerLock
    self.limit = limit
    self.priority = priority
    self.dueAt = dueAt
    self.retry = retry
    self.cause = cause
    self.notify = notify
  }

  /// The job as the wire carries it.
  public var json: JSONValue {
    var object: JSONObject = [
      "id": id.jsonValue, "queue": .string(queue.description), "worker": .string(worker.text),
      "inputs": .object(inputs),
    ]
    object.set("queue_lock", queueLock)
    object.set("worker_lock", workerLock)
    if priority != 0 { object.set("priority", priority) }
    object.set("due_at", dueAt?.microseconds)
    if cause != JobCause() { object["cause"] = cause.json }
    appendRare(to: &object)
    return .object(object)
  }

  /// Whether ``appendRare(to:)`` writes anything.
  var hasRareMembers: Bool {
    limit != nil || retry != nil || onMerge != .keep || lockUntil != .started || debounce != nil || expiresAt != nil
      || sharesRun || notify != nil
  }

  /// Writes the members that few jobs have.
  func appendRare(to object: inout JSONObject) {
    if let limit { object["limit"] = limit.json }
    if let retry { object["retry"] = retry.json }
    if onMerge != .keep { object.set("on_merge", onMerge.rawValue) }
    if lockUntil != .started { object.set("lock_until", lockUntil.rawValue) }
    if let debounce { object["debounce"] = debounce.json }
    object.set("expires_at", expiresAt?.microseconds)
    if sharesRun { object.set("share", true) }
    object.set("notify", notify)
  }

  /// Reads what ``json`` wrote; other languages leave out what they do not need, except id, queue and worker.
  ///
  /// Refuses inputs that are too long or nested too deep to be read again.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("job")
    id = try members.read("id")
    queue = try QueueName(try members.string("queue"))
    worker = try members.name("worker")
    given = try NewJob.inputs(members)
    queueLock = try NewJob.checked(lock: try members.optional("queue_lock"), "queue_lock")
    workerLock = try NewJob.checked(lock: try members.optional("worker_lock"), "worker_lock")
    priority = try members.optional("priority") ?? 0
    dueAt = try members.optional("due_at").map { Timestamp(microseconds: $0) }
    cause =
      try members.optionalValue("cause").map { (json) throws(ProtocolError) in try JobCause(json: json) }
      ?? JobCause()
    try readRare(members)
  }

  /// Reads the members that few jobs have, and checks what has to fit together.
  mutating func readRare(_ members: JSONMembers) throws(ProtocolError) {
    limit = try members.optionalValue("limit").map { (json) throws(ProtocolError) in try JobLimit(json: json) }
    retry = try members.optionalValue("retry").map { (json) throws(ProtocolError) in try RetryPolicy(json: json) }
    onMerge = try NewJob.word("on_merge", in: members) ?? .keep
    lockUntil = try NewJob.word("lock_until", in: members) ?? .started
    debounce = try members.optionalValue("debounce").map { (json) throws(ProtocolError) in try Debounce(json: json) }
    expiresAt = try members.optional("expires_at").map { Timestamp(microseconds: $0) }
    sharesRun = try members.optional("share") ?? false
    notify = try members.optional("notify", as: String.self)
      .map { (owner) throws(ProtocolError) in try InboxItem.checked(owner: owner) }
    if debounce != nil, queueLock == nil { throw NewJob.debounceWithoutLock(worker) }
  }

  /// Without a key nothing tells which wishes are one.
  package static func debounceWithoutLock(_ worker: Name) -> ProtocolError {
    ProtocolError(
      .badJSON, "\(worker) waits for a pause in equal wishes, and has no queue lock: give it one, or a delay instead")
  }

  /// Lets it expire so long after it is due, or was asked for.
  package mutating func expires(_ time: Duration?, askedAt: Timestamp) {
    expiresAt = time.map { (dueAt ?? askedAt + (debounce?.after ?? .zero)) + $0 }
  }

  private static func word<Word: RawRepresentable<String> & CaseIterable>(
    _ key: String, in members: JSONMembers
  ) throws(ProtocolError) -> Word? {
    guard let text: String = try members.optional(key) else { return nil }
    guard let word = Word(rawValue: text) else {
      let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
      throw ProtocolError(.badJSON, "\(key) is \(ProtocolError.quoted(text)), not one of \(known)")
    }
    return word
  }

  static func inputs(_ members: JSONMembers) throws(ProtocolError) -> JobInputs {
    try JobInputs(checking: try members.optionalObject("inputs") ?? [:])
  }

  /// An empty key would lock everything that forgot to name one: it is none.
  static func checked(lock text: String?, _ key: String) throws(ProtocolError) -> String? {
    guard let text, !text.isEmpty else { return nil }
    guard text.utf8.count <= maximumLockByteCount else {
      throw ProtocolError(
        .tooLarge, "\(key) has \(text.utf8.count) bytes, the limit is \(maximumLockByteCount): lock on an id")
    }
    return text
  }
}

/// What became of the wish for a job.
public enum EnqueueOutcome: Hashable, Sendable {
  /// It waits, or is due later.
  case enqueued(JobID)
  /// An equal job waits already and will do the work: the queue lock merged them.
  case merged(into: JobID)
  /// It is kept, but nothing can run it now; the reason says why.
  case parked(JobID, reason: String)
  /// It is not kept: the queue takes none now.
  case refused(JobID, EnqueueRefusal)
  /// It ran in the asking process, which could not reach busd.
  case ran(JobID)
  /// Nobody has it: the asking process drops its jobs, for this reason.
  case dropped(JobID, reason: String)

  /// The job that will do the work; of a refused wish, the one that there is not.
  public var job: JobID {
    switch self {
    case .enqueued(let id), .merged(into: let id), .parked(let id, reason: _), .refused(let id, _), .ran(let id),
      .dropped(let id, reason: _):
      id
    }
  }

  /// The outcome as the wire carries it.
  public var json: JSONValue {
    switch self {
    case .enqueued(let id): ["outcome": "enqueued", "id": id.jsonValue]
    case .merged(let id): ["outcome": "merged", "id": id.jsonValue]
    case .parked(let id, let reason): ["outcome": "parked", "id": id.jsonValue, "reason": .string(reason)]
    case .refused(let id, let refusal):
      [
        "outcome": "refused", "id": id.jsonValue, "code": .string(refusal.code.rawValue),
        "reason": .string(refusal.reason),
      ]
    case .ran(let id): ["outcome": "ran", "id": id.jsonValue]
    case .dropped(let id, let reason): ["outcome": "dropped", "id": id.jsonValue, "reason": .string(reason)]
    }
  }

  /// Reads what ``json`` wrote.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("outcome")
    let id: JobID = try members.read("id")
    switch try members.string("outcome") {
    case "enqueued": self = .enqueued(id)
    case "merged": self = .merged(into: id)
    case "ran": self = .ran(id)
    case "dropped": self = .dropped(id, reason: try members.optional("reason") ?? "")
    case "parked": self = .parked(id, reason: try members.optional("reason") ?? "")
    case "refused":
      guard let code = EnqueueRefusal.Code(rawValue: try members.string("code")) else {
        throw ProtocolError(.badJSON, "an enqueue was refused with a code of another version")
      }
      self = .refused(id, EnqueueRefusal(code, try members.optional("reason") ?? ""))
    case let word: throw ProtocolError(.badJSON, "\(ProtocolError.quoted(word)) is no outcome of an enqueue")
    }
  }
}
