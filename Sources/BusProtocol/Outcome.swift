/// How one run of a job ended, as its worker says.
public enum Outcome: Hashable, Sendable {
  /// The work is done.
  case done
  /// The worker looked, and the work was no longer needed.
  case notNeeded
  /// It failed and may run again: after the given time, or by the retry policy.
  case failed(error: String, retryAfter: Duration?)
  /// It failed and must not run again.
  case dead(error: String)
  /// The process did not get to it (it is stopping): back to the queue, the attempt does not count.
  case returned
  /// This process knows no such worker: for another one, or parked; the attempt does not count.
  case unknownWorker
  /// Not now: again after the given time; the attempt does not count.
  case snoozed(after: Duration)
  /// It was asked to stop and did, or its worker dropped it.
  case cancelled(reason: String)

  /// The longest error text that is kept, in bytes.
  public static let maximumErrorByteCount = 8192

  /// Why it failed; nil where it did not.
  public var error: String? {
    switch self {
    case .failed(let error, _), .dead(let error): error
    case .done, .notNeeded, .returned, .unknownWorker, .snoozed, .cancelled: nil
    }
  }

  /// The word for it on the wire.
  public var word: String {
    switch self {
    case .done: "done"
    case .notNeeded: "not_needed"
    case .failed: "failed"
    case .dead: "dead"
    case .returned: "returned"
    case .unknownWorker: "unknown_worker"
    case .snoozed: "snoozed"
    case .cancelled: "cancelled"
    }
  }
}

/// The outcome of one leased run: what a worker process sends.
public struct JobResult: Hashable, Sendable {
  /// The job.
  public var id: JobID
  /// The token of the lease under which it ran; with another one the result is refused.
  public var token: UInt64
  /// How it ended.
  public var outcome: Outcome
  /// What the worker answers to whoever waits for the job; kept with a job that is done.
  public var result: JSONValue?
  /// What the run said and what no note was answered for: kept before the result is.
  public var note: JobNote?

  /// The largest result that is kept, as JSON, in bytes.
  public static let maximumResultByteCount = 64 << 10

  /// A result of a leased run.
  public init(id: JobID, token: UInt64, outcome: Outcome, result: JSONValue? = nil) {
    self.id = id
    self.token = token
    self.outcome = outcome
    self.result = result
  }

  /// The result as the wire carries it; of an error that is too long the beginning.
  public var json: JSONValue {
    var object: JSONObject = [
      "id": id.jsonValue, "token": token.jsonValue, "outcome": .string(outcome.word),
    ]
    switch outcome {
    case .failed(let error, let retryAfter):
      object.set("error", error.prefix(byteCount: Outcome.maximumErrorByteCount))
      object.set("retry_after", retryAfter?.inMicroseconds)
    case .dead(let error): object.set("error", error.prefix(byteCount: Outcome.maximumErrorByteCount))
    case .snoozed(let after): object.set("after", after.inMicroseconds)
    case .cancelled(let reason): object.set("reason", reason.prefix(byteCount: Outcome.maximumErrorByteCount))
    case .done, .notNeeded, .returned, .unknownWorker: break
    }
    if let result { object["result"] = result }
    if let note { object["note"] = .object(note.content) }
    return .object(object)
  }

  /// Reads what ``json`` wrote.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("result")
    result = members.optionalValue("result")
    try JobResult.check(result)
    id = try members.read("id")
    token = try members.number("token")
    if let said = try members.optionalObject("note") {
      note = try JobNote(id: id, token: token, JSONMembers(said, of: "note"))
    }
    let text: String = try members.optional("error") ?? ""
    let error = text.prefix(byteCount: Outcome.maximumErrorByteCount)
    switch try members.string("outcome") {
    case "done": outcome = .done
    case "not_needed": outcome = .notNeeded
    case "failed":
      let after: Int64? = try members.optional("retry_after")
      outcome = .failed(error: error, retryAfter: after.map { .microseconds(max(0, $0)) })
    case "dead": outcome = .dead(error: error)
    case "returned": outcome = .returned
    case "unknown_worker": outcome = .unknownWorker
    case "snoozed":
      let after: Int64 = try members.integer("after")
      outcome = .snoozed(after: .microseconds(max(0, after)))
    case "cancelled":
      let reason: String = try members.optional("reason") ?? ""
      outcome = .cancelled(reason: reason.prefix(byteCount: Outcome.maximumErrorByteCount))
    case let word: throw ProtocolError(.badJSON, "\(ProtocolError.quoted(word)) is no outcome of a run")
    }
  }

  /// Refuses a result that is too large, or too deep for the messages and rows that it becomes part of.
  public static func check(_ result: JSONValue?) throws(ProtocolError) {
    guard let result else { return }
    guard case .object(let object) = JSONValue.object(["result": result]),
      !object.isDeeper(than: JSONParser.maximumDepth)
    else { throw ProtocolError(.tooLarge, "the result has more than \(JSONParser.maximumDepth) levels of nesting") }
    let count = result.bytes.count
    guard count <= maximumResultByteCount else {
      throw ProtocolError(
        .tooLarge,
        "the result has \(count) bytes, the limit is \(maximumResultByteCount): keep it elsewhere and answer with its id"
      )
    }
  }
}
