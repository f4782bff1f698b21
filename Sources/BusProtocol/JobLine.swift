/// Something that a run wrote down: a line for people, or a part of its answer for who waits for it.
public struct JobLine: Hashable, Sendable {
  /// How much a line matters; the words of swift-log.
  public enum Level: String, CaseIterable, Sendable {
    /// Of no interest but while something is searched for.
    case trace
    /// For who searches for a mistake.
    case debug
    /// What usually happens.
    case info
    /// Unusual, but right.
    case notice
    /// It was coped with.
    case warning
    /// Something failed.
    case error
    /// Someone has to act.
    case critical
  }

  /// What was written.
  public enum Content: Hashable, Sendable {
    /// A line for people.
    case text(String, Level)
    /// A part of the answer, any JSON.
    case part(JSONValue)
  }

  /// The longest line that is kept, and the largest part as JSON, in bytes.
  public static let maximumByteCount = 8192
  /// So many are kept with a job: the last ones.
  public static let maximumCount = 1000

  /// When it was written, by the clock of the process that runs the job.
  public var at: Timestamp
  /// What was written.
  public var content: Content

  /// A line for people; of one that is too long the beginning.
  public init(_ text: String, level: Level = .info, at: Timestamp) {
    content = .text(text.prefix(byteCount: JobLine.maximumByteCount), level)
    self.at = at
  }

  /// A part of the answer. Refuses one that is too large, or too deep for the messages that it becomes part of.
  public init(part: JSONValue, at: Timestamp) throws(ProtocolError) {
    guard case .object(let object) = JSONValue.object(["part": part]), !object.isDeeper(than: JSONParser.maximumDepth)
    else { throw ProtocolError(.tooLarge, "the part has more than \(JSONParser.maximumDepth) levels of nesting") }
    let count = part.bytes.count
    guard count <= JobLine.maximumByteCount else {
      throw ProtocolError(
        .tooLarge, "the part has \(count) bytes, the limit is \(JobLine.maximumByteCount): send smaller ones, or ids")
    }
    content = .part(part)
    self.at = at
  }

  /// About how many bytes it has in a message.
  public var byteCount: Int {
    switch content {
    case .text(let text, _): text.utf8.count + 64
    case .part(let part): part.bytes.count + 64
    }
  }

  /// The line as a note carries it: its time in microseconds since 1970.
  var json: JSONObject { members(at: at.microseconds.jsonValue) }

  fileprivate func members(at time: JSONValue) -> JSONObject {
    var object: JSONObject = ["at": time]
    switch content {
    case .text(let text, let level):
      object.set("level", level.rawValue)
      object.set("text", text)
    case .part(let part): object["part"] = part
    }
    return object
  }

  /// Reads what ``json`` wrote.
  init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("line")
    try self.init(members, at: Timestamp(microseconds: try members.read("at")))
  }

  fileprivate init(_ members: JSONMembers, at: Timestamp) throws(ProtocolError) {
    if let part = members.object["part"] {
      try self.init(part: part, at: at)
    } else {
      let word: String = try members.optional("level") ?? Level.info.rawValue
      guard let level = Level(rawValue: word) else {
        throw ProtocolError(.badJSON, "\(ProtocolError.quoted(word)) is no level of a line: info, warning, error …")
      }
      self.init(try members.string("text"), level: level, at: at)
    }
  }
}

/// A line as it is kept with its job.
public struct KeptLine: Hashable, Sendable {
  /// Its place among the job's lines, from 1, over all runs. Those before the first that is kept were too many.
  public var number: Int
  /// The run that wrote it, from 1.
  public var attempt: Int
  /// What was written.
  public var line: JobLine

  /// A line in its place.
  public init(number: Int, attempt: Int, line: JobLine) {
    self.number = number
    self.attempt = attempt
    self.line = line
  }

  /// `{"number":12,"attempt":1,"at":…,"level":"info","text":…}`, or with a `part`; the time in RFC 3339.
  public var json: JSONValue {
    var object: JSONObject = ["number": number.jsonValue, "attempt": attempt.jsonValue]
    object.members += line.members(at: .string(line.at.description)).members
    return .object(object)
  }

  /// Reads what ``json`` wrote.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("line")
    number = try members.read("number")
    attempt = try members.read("attempt")
    line = try JobLine(members, at: try Timestamp(try members.string("at")))
  }
}
