/// How far a run has come, as its worker says: 3 of 10, reading.
public struct JobProgress: Hashable, Sendable {
  /// The longest message that is kept, in bytes.
  public static let maximumMessageByteCount = 1000

  /// How much is done.
  public var done: Int
  /// Of how much; nil where nobody knows.
  public var total: Int?
  /// What is being done.
  public var message: String?
  /// When busd heard it; nil before.
  public var at: Timestamp?

  /// How far a run has come; of a message that is too long the beginning.
  public init(_ done: Int, of total: Int? = nil, _ message: String? = nil, at: Timestamp? = nil) {
    self.done = done
    self.total = total
    self.message = message.map { $0.prefix(byteCount: JobProgress.maximumMessageByteCount) }
    self.at = at
  }

  /// From 0 to 1; nil without a total.
  public var fraction: Double? {
    guard let total, total > 0 else { return nil }
    return min(1, max(0, Double(done) / Double(total)))
  }

  /// `{"done":3,"total":10,"message":"reading","at":…}`, the time in RFC 3339.
  public var json: JSONValue {
    var object: JSONObject = ["done": done.jsonValue]
    object.set("total", total)
    object.set("message", message)
    object.set("at", at?.description)
    return .object(object)
  }

  /// Reads what ``json`` wrote.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("progress")
    let at: String? = try members.optional("at")
    self.init(
      try members.read("done"), of: try members.optional("total"), try members.optional("message"),
      at: try at.map { (text) throws(ProtocolError) in try Timestamp(text) })
  }
}
