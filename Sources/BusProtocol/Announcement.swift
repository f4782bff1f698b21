/// An event to come: busd keeps it, and publishes it under its id when the time is there.
public struct Announcement: Hashable, Sendable {
  /// The id of the event, before and after; announced twice it is kept once.
  public var id: EventID
  /// What it is about.
  public var topic: Topic
  /// The data, JSON.
  public var data: [UInt8]
  /// Not before then.
  public var dueAt: Timestamp
  /// Where it came from, what brought it about, what it carries along.
  public var headers: EventHeaders

  /// An event to come.
  public init(
    id: EventID, topic: Topic, data: [UInt8], dueAt: Timestamp, headers: EventHeaders = EventHeaders()
  ) {
    self.id = id
    self.topic = topic
    self.data = data
    self.dueAt = dueAt
    self.headers = headers
  }

  /// The event to come as JSON: the names of CloudEvents where they have one, and `due_at` in RFC 3339.
  public var json: JSONValue {
    var object: JSONObject = [
      "id": id.jsonValue, "topic": .string(topic.text), "due_at": .string(dueAt.description),
    ]
    object.set("source", headers.source)
    object.set("causationid", headers.causation?.text)
    object.set("correlationid", headers.correlation)
    object.set("data", (try? JSONParser.parse(data)) ?? .null)
    return .object(object)
  }
}
