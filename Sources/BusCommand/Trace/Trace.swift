internal import BusProtocol

/// An event or a job, and what it brought about: a tree of causes, the first one at the top.
struct Trace: Equatable {
  /// What stands at a place of the tree.
  enum Subject: Equatable {
    case event(TracedEvent)
    case job(Job)
    /// The wish of a subscription that became part of a job that waited already.
    case merge(into: JobID, SubscriptionName?)
    /// Jobs that nothing led to but that they were asked for together.
    case batch(JobBatch)
  }

  var subject: Subject
  /// Whether this is what was asked about.
  var isAsked = false
  /// What it brought about, in the order of time.
  var children: [Trace] = []
  /// Why there may be more below it than is here.
  var remark: String?

  /// The tree as JSON: `event`, `job`, `batch` or `merged_into`, and `children`.
  var json: JSONValue {
    var object = JSONObject()
    switch subject {
    case .event(let event): object["event"] = event.json
    case .job(let job): object["job"] = job.json
    case .merge(let job, let subscription):
      object.set("merged_into", job)
      object.set("subscription", subscription?.description)
    case .batch(let batch): object["batch"] = ["then": batch.then.jsonValue, "size": batch.size.jsonValue]
    }
    if isAsked { object["asked"] = true }
    object.set("remark", remark)
    object["children"] = .array(children.map(\.json))
    return .object(object)
  }
}

/// An event as a place in a tree of causes.
struct TracedEvent: Equatable {
  let id: EventID
  let offset: Offset
  let topic: String
  let recordedAt: Timestamp
  let causation: Causation?
  let correlation: CorrelationID?
  /// The whole of it as CloudEvents JSON.
  let json: JSONValue

  /// Reads CloudEvents JSON of an event that is in the spool.
  init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("event")
    id = try members.read("id")
    offset = try members.offset("offset")
    topic = try members.string("type")
    recordedAt = try Timestamp(try members.string("recordedtime"))
    causation = try members.optional("causationid", as: String.self)
      .map { (text) throws(ProtocolError) in try Causation(text) }
    correlation = try members.optional("correlationid")
    self.json = json
  }

  /// The chain that it belongs to: an event without one begins one.
  var chain: CorrelationID { correlation ?? CorrelationID(high: id.high, low: id.low) }
}

extension Job {
  /// The chain that it belongs to: a job without one begins one.
  var chain: CorrelationID { wish.cause.correlation ?? CorrelationID(high: id.high, low: id.low) }
}
