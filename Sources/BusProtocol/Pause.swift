/// That someone stopped a schedule or a subscription, and why. It is kept over restarts until it is taken back.
public struct Pause: Hashable, Sendable {
  /// Why, for people.
  public var reason: String
  /// Since when.
  public var since: Timestamp

  /// A pause; of a reason that is too long the beginning.
  public init(reason: String = "", since: Timestamp) {
    self.reason = reason.prefix(byteCount: QueuePause.maximumReasonByteCount)
    self.since = since
  }

  /// The pause as the wire carries it; the time in RFC 3339.
  public var json: JSONValue {
    var object: JSONObject = ["since": .string(since.description)]
    if !reason.isEmpty { object.set("reason", reason) }
    return .object(object)
  }

  /// Reads what ``json`` wrote.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("pause")
    self.init(reason: try members.optional("reason") ?? "", since: try Timestamp(try members.string("since")))
  }
}
