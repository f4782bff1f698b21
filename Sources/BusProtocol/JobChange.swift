/// What someone wants to be done to a job that is there: by hand, or by a program that tidies up.
///
/// Each may be asked for twice: the second time it is told that nothing was left to do.
public struct JobChange: Hashable, Sendable {
  /// What is to be done.
  public enum Verb: Hashable, Sendable {
    /// Take it out. One that runs is asked to stop; by force its lease is void at once, whatever its process does.
    case cancel(byForce: Bool, reason: String?)
    /// Let one that came to its end run again, with all its attempts; what went wrong before stays with it.
    case retry
    /// Forget one that came to its end.
    case remove
    /// Let it wait in another queue.
    case move(to: QueueName)
    /// Change what it was asked for with, while it waits.
    case edit(JobEdit)
    /// Do not wait for its time.
    case runNow
    /// Take it out if it waits; one that runs meanwhile goes on.
    case purge(reason: String?)

    /// The word for it on the wire.
    public var word: String {
      switch self {
      case .cancel: "cancel"
      case .retry: "retry"
      case .remove: "remove"
      case .move: "move"
      case .edit: "edit"
      case .runNow: "run_now"
      case .purge: "purge"
      }
    }
  }

  /// The longest reason that is kept, in bytes.
  public static let maximumReasonByteCount = 1000

  /// The job.
  public var id: JobID
  /// What is to be done to it.
  public var verb: Verb

  /// A change of a job.
  public init(_ id: JobID, _ verb: Verb) {
    self.id = id
    self.verb = verb
  }

  /// The change as the wire carries it.
  public var json: JSONValue {
    var object: JSONObject = ["id": id.jsonValue, "change": .string(verb.word)]
    switch verb {
    case .cancel(let byForce, let reason):
      if byForce { object["force"] = .bool(true) }
      object.set("reason", reason?.prefix(byteCount: JobChange.maximumReasonByteCount))
    case .move(let queue): object["queue"] = .string(queue.description)
    case .edit(let edit): edit.write(to: &object)
    case .purge(let reason): object.set("reason", reason?.prefix(byteCount: JobChange.maximumReasonByteCount))
    case .retry, .remove, .runNow: break
    }
    return .object(object)
  }

  /// Reads what ``json`` wrote.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("change")
    id = try members.read("id")
    switch try members.string("change") {
    case "cancel":
      let reason: String? = try members.optional("reason")
      verb = .cancel(
        byForce: try members.optional("force") ?? false,
        reason: reason?.prefix(byteCount: JobChange.maximumReasonByteCount))
    case "retry": verb = .retry
    case "remove": verb = .remove
    case "move": verb = .move(to: try QueueName(try members.string("queue")))
    case "edit": verb = .edit(try JobEdit(members))
    case "run_now": verb = .runNow
    case "purge":
      let reason: String? = try members.optional("reason")
      verb = .purge(reason: reason?.prefix(byteCount: JobChange.maximumReasonByteCount))
    case let word: throw ProtocolError(.badJSON, "\(ProtocolError.quoted(word)) is no change of a job")
    }
  }
}

/// New values for a job that waits; what is nil stays as it is.
public struct JobEdit: Hashable, Sendable {
  /// Within its queue the higher one goes first.
  public var priority: Int?
  /// Not before then.
  public var dueAt: Timestamp?
  /// The worker's inputs, all of them.
  public var inputs: JSONObject?

  /// New values.
  public init(priority: Int? = nil, dueAt: Timestamp? = nil, inputs: JSONObject? = nil) {
    self.priority = priority
    self.dueAt = dueAt
    self.inputs = inputs
  }

  fileprivate func write(to object: inout JSONObject) {
    object.set("priority", priority)
    object.set("due_at", dueAt?.microseconds)
    if let inputs { object["inputs"] = .object(inputs) }
  }

  /// Reads the members of a message; `due_at` is microseconds, or RFC 3339 where people write it.
  package init(_ members: JSONMembers) throws(ProtocolError) {
    priority = try members.optional("priority")
    switch members.optionalValue("due_at") {
    case .string(let text)?: dueAt = try Timestamp(text)
    default: dueAt = try members.optional("due_at").map { Timestamp(microseconds: $0) }
    }
    inputs = members.optionalValue("inputs") == nil ? nil : try NewJob.inputs(members).values
  }
}
