/// What busd's live socket sends: events as they come, and marks that let a listener see whether it missed some.
///
/// Events: the topic, then records of that topic one behind the other. A mark: the frame `~mark`, which no topic can
/// be, then JSON: after which offset its batch began, through which it went, and how many events each topic had in it.
/// A mark without topics is a heartbeat: nothing was published since.
public enum LiveMessage: Hashable, Sendable {
  /// Events of one topic that followed each other in the spool.
  case events(topic: [UInt8], records: [UInt8])
  /// All events of a batch have been sent.
  case mark(Mark)

  /// The first frame of a mark: subscribe to it beside the topics.
  public static let markTopic = Array("~mark".utf8)

  /// The two frames.
  public var frames: [[UInt8]] {
    switch self {
    case .events(let topic, let records): [topic, records]
    case .mark(let mark): [LiveMessage.markTopic, mark.json.bytes]
    }
  }

  /// Reads two frames; the records are not looked at, see ``Record/events(_:salt:)``.
  public init(frames: [[UInt8]]) throws(ProtocolError) {
    guard frames.count == 2 else {
      throw ProtocolError(.badMessage, "a live message has \(frames.count) frames, expected topic and records")
    }
    if frames[0] == LiveMessage.markTopic {
      self = .mark(try Mark(json: try JSONParser.parse(frames[1])))
    } else {
      self = .events(topic: frames[0], records: frames[1])
    }
  }
}

/// The end of a batch of live events.
public struct Mark: Hashable, Sendable {
  /// The spool's id.
  public var log: LogID
  /// The batch began behind this offset.
  public var after: Offset
  /// The batch went up to this offset.
  public var through: Offset
  /// How many events each topic had in the batch.
  public var counts: [String: Int]

  /// The end of a batch.
  public init(log: LogID, after: Offset, through: Offset, counts: [String: Int]) {
    self.log = log
    self.after = after
    self.through = through
    self.counts = counts
  }

  var json: JSONValue {
    [
      "log": log.jsonValue, "after": after.rawValue.jsonValue, "through": through.rawValue.jsonValue,
      "counts": .object(JSONObject(counts.map { JSONObject.Member($0.key, $0.value.jsonValue) })),
    ]
  }

  init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("mark")
    log = try members.read("log")
    after = try members.offset("after")
    through = try members.offset("through")
    guard after <= through else { throw ProtocolError(.badMessage, "a mark goes back from \(after) to \(through)") }
    counts = [:]
    for member in try members.object("counts").members {
      guard let count = Int(jsonValue: member.value), count >= 0 else {
        throw ProtocolError(.badMessage, "a mark counts the events of a topic with what is no number of them")
      }
      counts[member.key] = count
    }
  }
}
