/// What became of a ``JobChange``. What does not fit is an answer, never an error.
public enum ChangeOutcome: Hashable, Sendable {
  /// It is done; the job is in that state now.
  case changed(JobState)
  /// There was nothing to do: it is like that already.
  case unchanged(JobState)
  /// The job runs, in that process: tell it to stop. Unless its work gets done first it ends as cancelled.
  case cancelRequested(process: String, token: UInt64)
  /// An equal job waits, and does the work of both.
  case merged(into: JobID)
  /// The job is forgotten.
  case removed
  /// Nothing changed: the job's state does not allow it; the reason says what would.
  case refused(JobState, reason: String)
  /// No such job: it never was, or it is forgotten.
  case unknown

  /// The outcome as the wire carries it.
  public var json: JSONValue {
    switch self {
    case .changed(let state): ["outcome": "changed", "state": .string(state.rawValue)]
    case .unchanged(let state): ["outcome": "unchanged", "state": .string(state.rawValue)]
    case .cancelRequested(let process, let token):
      ["outcome": "cancel_requested", "process": .string(process), "token": token.jsonValue]
    case .merged(let id): ["outcome": "merged", "into": id.jsonValue]
    case .removed: ["outcome": "removed"]
    case .refused(let state, let reason):
      ["outcome": "refused", "state": .string(state.rawValue), "reason": .string(reason)]
    case .unknown: ["outcome": "unknown"]
    }
  }

  /// Reads what ``json`` wrote.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("outcome")
    switch try members.string("outcome") {
    case "changed": self = .changed(try ChangeOutcome.state(members))
    case "unchanged": self = .unchanged(try ChangeOutcome.state(members))
    case "cancel_requested":
      self = .cancelRequested(process: try members.string("process"), token: try members.number("token"))
    case "merged": self = .merged(into: try members.read("into"))
    case "removed": self = .removed
    case "refused": self = .refused(try ChangeOutcome.state(members), reason: try members.string("reason"))
    case "unknown": self = .unknown
    case let word: throw ProtocolError(.badJSON, "\(ProtocolError.quoted(word)) is no outcome of a change")
    }
  }

  private static func state(_ members: JSONMembers) throws(ProtocolError) -> JobState {
    guard let state = JobState(rawValue: try members.string("state")) else {
      throw ProtocolError(.badJSON, "the outcome of a change names a state of another version")
    }
    return state
  }
}
