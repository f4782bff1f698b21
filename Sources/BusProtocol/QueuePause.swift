/// That someone stopped a queue, and why. It is kept over restarts, until it is taken back or its end has come.
public struct QueuePause: Hashable, Sendable {
  /// Which side of the queue is stopped.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Nothing new starts; what runs goes on, and jobs may be asked for.
    case pause
    /// What is there is worked, retries too; new jobs are refused, and subscriptions wait with theirs.
    case drain
  }

  /// Which side is stopped.
  public var kind: Kind
  /// Why, for people.
  public var reason: String
  /// Since when.
  public var since: Timestamp
  /// When it ends by itself; nil for never.
  public var until: Timestamp?

  /// The longest reason that is kept, in bytes.
  public static let maximumReasonByteCount = 500

  /// A stop of a queue; of a reason that is too long the beginning.
  public init(_ kind: Kind, reason: String = "", since: Timestamp, until: Timestamp? = nil) {
    self.kind = kind
    self.reason = reason.prefix(byteCount: QueuePause.maximumReasonByteCount)
    self.since = since
    self.until = until
  }

  /// Whether it still holds.
  public func holds(at now: Timestamp) -> Bool { until.map { now < $0 } ?? true }
}

extension QueuePause {
  /// The stop as the wire carries it; times in RFC 3339.
  public var json: JSONValue {
    var object: JSONObject = ["kind": .string(kind.rawValue), "since": .string(since.description)]
    if !reason.isEmpty { object.set("reason", reason) }
    object.set("until", until?.description)
    return .object(object)
  }

  /// Reads what ``json`` wrote.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("pause")
    let word = try members.string("kind")
    guard let kind = Kind(rawValue: word) else {
      throw ProtocolError(.badJSON, "\(ProtocolError.quoted(word)) stops no queue: use pause or drain")
    }
    self.init(
      kind, reason: try members.optional("reason") ?? "", since: try Timestamp(try members.string("since")),
      until: try members.optional("until", as: String.self)
        .map { (text) throws(ProtocolError) in try Timestamp(text) })
  }
}
