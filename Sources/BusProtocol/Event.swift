/// Something that happened: a topic, JSON data, and where it came from.
public struct Event: Hashable, Sendable {
  /// Its name for ever; repeats of one publication have the same.
  public var id: EventID
  /// What it is about.
  public var topic: Topic
  /// The data as published, JSON unless ``EventHeaders/contentType`` says otherwise; never changed on the way.
  public var data: [UInt8]
  /// When it was published, by the publisher's clock.
  public var time: Timestamp
  /// The outbox that numbered it.
  public var publisher: PublisherID
  /// Its number there, from 1; zero when it was not numbered.
  public var publisherSequence: UInt64
  /// Where it came from, what brought it about, what it carries along.
  public var headers: EventHeaders
  /// Its place in busd's spool; zero before it is there.
  public var offset: Offset
  /// Its place among the events of its topic, from 1; zero before it is in the spool.
  public var sequence: UInt64
  /// When busd wrote it.
  public var recordedAt: Timestamp

  /// An event that no spool holds yet.
  public init(
    id: EventID, topic: Topic, data: [UInt8], time: Timestamp,
    publisher: PublisherID = PublisherID(high: 0, low: 0), publisherSequence: UInt64 = 0,
    headers: EventHeaders = EventHeaders()
  ) {
    self.id = id
    self.topic = topic
    self.data = data
    self.time = time
    self.publisher = publisher
    self.publisherSequence = publisherSequence
    self.headers = headers
    offset = .zero
    sequence = 0
    recordedAt = time
  }

  /// The chain that it belongs to: one that it begins has its id.
  public var correlation: CorrelationID { headers.correlation ?? CorrelationID(high: id.high, low: id.low) }

  /// The data read as JSON.
  public var json: JSONValue {
    get throws(ProtocolError) {
      do { return try JSONParser.parse(data) } catch {
        throw ProtocolError(.badJSON, "the data of event \(id) (\(topic)) is not JSON: \(error.message)")
      }
    }
  }

  /// A value of the data by its name, of the type that the caller asks for.
  public subscript<T: JSONConvertible>(key: String) -> T {
    get throws(ProtocolError) { try json.members("the data of event \(id) (\(topic))").read(key) }
  }

  /// The event as CloudEvents 1.0 JSON: what `--json` prints.
  ///
  /// Data that is not JSON stands in `data_base64`. The context is JSON in a text, because an attribute of CloudEvents
  /// has no members; the sequence has leading zeros, because it has to sort as text.
  public var cloudEvent: JSONValue {
    var object: JSONObject = [
      "specversion": "1.0", "id": .string(id.description), "source": .string(nonEmpty(headers.source) ?? "/"),
      "type": .string(topic.text), "time": .string(time.description),
    ]
    object.set("traceparent", headers.trace?.description)
    object.set("causationid", headers.causation?.text)
    object.set("correlationid", correlation)
    object.set("signer", signer?.text)
    if offset > .zero {
      object.set("offset", offset.rawValue)
      object.set("sequence", Event.sequenceText(sequence))
      object.set("recordedtime", recordedAt.description)
    }
    object.set("context", headers.context.map { JSONValue.object($0).text })
    object.set("datacontenttype", nonEmpty(headers.contentType) ?? "application/json")
    if headers.isJSON, let json = try? json {
      object.set("data", json)
    } else {
      object.set("data_base64", Base64.text(of: data))
    }
    return .object(object)
  }

  /// No text of CloudEvents may be empty.
  private func nonEmpty(_ text: String?) -> String? { text.flatMap { $0.isEmpty ? nil : $0 } }

  /// Twenty digits, as many as the largest number has.
  private static func sequenceText(_ sequence: UInt64) -> String {
    let digits = String(sequence)
    return String(repeating: "0", count: 20 - digits.utf8.count) + digits
  }
}
