/// Why a job exists: what `bus why` tells.
public struct JobCause: Hashable, Sendable {
  /// The event that led to it.
  public var event: EventID?
  /// That event's place in the spool.
  public var offset: Offset?
  /// That event's topic.
  public var topic: Topic?
  /// The subscription that turned the event into the job.
  public var subscription: SubscriptionName?
  /// The job that enqueued it while it ran.
  public var job: JobID?
  /// The chain that it belongs to.
  public var correlation: CorrelationID?
  /// The trace that it belongs to.
  public var trace: TraceContext?
  /// What travels along: user, tenant, locale.
  public var context: JSONObject?
  /// Who asked for it: `account/web-3`.
  public var source: String?

  /// A cause of the parts that are known.
  public init(
    event: EventID? = nil, offset: Offset? = nil, topic: Topic? = nil, subscription: SubscriptionName? = nil,
    job: JobID? = nil, correlation: CorrelationID? = nil, trace: TraceContext? = nil, context: JSONObject? = nil,
    source: String? = nil
  ) {
    self.event = event
    self.offset = offset
    self.topic = topic
    self.subscription = subscription
    self.job = job
    self.correlation = correlation
    self.trace = trace
    self.context = context
    self.source = source
  }

  /// The cause as wire and store keep it; what is unknown is left out.
  public var json: JSONValue {
    var object = JSONObject()
    object.set("event", event)
    object.set("offset", offset?.rawValue)
    object.set("topic", topic?.text)
    object.set("subscription", subscription?.description)
    object.set("job", job)
    object.set("correlation", correlation)
    object.set("trace", trace?.description)
    if let context { object["context"] = .object(context) }
    object.set("source", source)
    return .object(object)
  }

  /// Reads what ``json`` wrote.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("cause")
    event = try members.optional("event")
    offset = members.optionalValue("offset") == nil ? nil : try members.offset("offset")
    topic = try members.optional("topic", as: String.self).map { (text) throws(ProtocolError) in try Topic(text) }
    subscription = try members.optional("subscription", as: String.self)
      .map { (text) throws(ProtocolError) in try SubscriptionName(text) }
    job = try members.optional("job")
    correlation = try members.optional("correlation")
    trace = try members.optional("trace", as: String.self)
      .map { (text) throws(ProtocolError) in try TraceContext(text) }
    context = try members.context("context")
    source = try members.optional("source")
  }
}
