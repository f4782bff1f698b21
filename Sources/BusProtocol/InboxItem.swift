/// What somebody is told of a job that ended: one item for each job, in the inbox of whom it was to notify.
public struct InboxItem: Hashable, Sendable {
  /// The longest name of an owner, in bytes.
  public static let maximumOwnerByteCount = 200
  /// The most items of one owner that are kept: the newest.
  public static let maximumCount = 1000

  /// Larger than that of every item before; where to go on.
  public var number: UInt64
  /// Whose it is, such as `user:42`.
  public var owner: String
  /// The job; of each owner one item is about it. One that ends again gets a new item in the place of the old one.
  public var job: JobID
  /// The job's queue.
  public var queue: QueueName
  /// The job's worker.
  public var worker: Name
  /// How it ended: done, not needed, dead, cancelled.
  public var state: JobState
  /// When it ended.
  public var at: Timestamp
  /// How it failed, or why it ended like that; nil for one that is done.
  public var text: String?
  /// What its worker answered.
  public var result: JSONValue?
  /// When it was marked as read; nil while it is new.
  public var readAt: Timestamp?

  /// An item.
  public init(
    number: UInt64, owner: String, job: JobID, queue: QueueName, worker: Name, state: JobState, at: Timestamp,
    text: String? = nil, result: JSONValue? = nil, readAt: Timestamp? = nil
  ) {
    self.number = number
    self.owner = owner
    self.job = job
    self.queue = queue
    self.worker = worker
    self.state = state
    self.at = at
    self.text = text
    self.result = result
    self.readAt = readAt
  }

  /// The item as busd answers it; times in RFC 3339.
  public var json: JSONValue {
    var object: JSONObject = [
      "number": number.jsonValue, "owner": .string(owner), "job": job.jsonValue,
      "queue": .string(queue.description), "worker": .string(worker.text), "state": .string(state.rawValue),
      "at": .string(at.description),
    ]
    object.set("text", text)
    if let result { object["result"] = result }
    object.set("read_at", readAt?.description)
    return .object(object)
  }

  /// Reads what ``json`` wrote.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("item")
    number = try members.number("number")
    owner = try members.string("owner")
    job = try members.read("job")
    queue = try QueueName(try members.string("queue"))
    worker = try members.name("worker")
    guard let state = JobState(rawValue: try members.string("state")) else {
      throw ProtocolError(.badJSON, "an item tells of a state of another version")
    }
    self.state = state
    at = try Timestamp(try members.string("at"))
    text = try members.optional("text")
    result = members.optionalValue("result")
    readAt = try members.optional("read_at", as: String.self)
      .map { (text) throws(ProtocolError) in try Timestamp(text) }
  }

  /// The name of an owner, if it can be one.
  public static func checked(owner: String) throws(ProtocolError) -> String {
    guard (1...maximumOwnerByteCount).contains(owner.utf8.count) else {
      throw ProtocolError(
        .badName,
        "the owner of an inbox has \(owner.utf8.count) bytes, of 1 to \(maximumOwnerByteCount): name it like user:42")
    }
    return owner
  }
}
