/// What a run has to say while it runs: how far it is, and lines.
///
/// Its lines are numbered from 1 in each run, so that a note may be said twice, and the result may carry what no note
/// was answered for.
public struct JobNote: Hashable, Sendable {
  /// The job.
  public var id: JobID
  /// The token of the lease under which it runs; a note under another one changes nothing.
  public var token: UInt64
  /// How far it is; nil for no news.
  public var progress: JobProgress?
  /// The number of the first line.
  public var first: Int
  /// Lines that follow each other.
  public var lines: [JobLine]

  /// What a run has to say.
  public init(id: JobID, token: UInt64, progress: JobProgress? = nil, first: Int = 1, lines: [JobLine] = []) {
    self.id = id
    self.token = token
    self.progress = progress
    self.first = first
    self.lines = lines
  }

  /// About how many bytes it has in a message.
  public var byteCount: Int { lines.reduce(128 + (progress?.message?.utf8.count ?? 0)) { $0 + $1.byteCount } }

  /// The note as the wire carries it.
  public var json: JSONValue {
    var object: JSONObject = ["id": id.jsonValue, "token": token.jsonValue]
    object.members += content.members
    return .object(object)
  }

  /// What of it stands in a result, which names job and token itself.
  var content: JSONObject {
    var object = JSONObject()
    if let progress { object["progress"] = progress.json }
    if !lines.isEmpty {
      object.set("first", first)
      object["lines"] = .array(lines.map { .object($0.json) })
    }
    return object
  }

  /// Reads what ``json`` wrote.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("note")
    try self.init(id: try members.read("id"), token: try members.number("token"), members)
  }

  /// Reads what stands in a result.
  init(id: JobID, token: UInt64, _ members: JSONMembers) throws(ProtocolError) {
    self.id = id
    self.token = token
    progress = try members.optionalValue("progress").map { (json) throws(ProtocolError) in try JobProgress(json: json) }
    let first = try members.optional("first") ?? 1
    guard first > 0, first < 1 << 40 else {
      throw ProtocolError(.badJSON, "note has \"first\": \(first), lines are numbered from 1")
    }
    lines = try members.list("lines") { (json) throws(ProtocolError) in try JobLine(json: json) }
    // Without lines it says nothing, and is not written again.
    self.first = lines.isEmpty ? 1 : first
  }
}
