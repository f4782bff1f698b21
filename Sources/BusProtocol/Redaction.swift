/// Which values are not shown to people: places in the events of topics and in the jobs of engines.
///
/// Subscriptions and workers get everything; what is cleaned is what tools are answered and what they print.
public struct Redaction: Hashable, Sendable {
  /// What is not shown of the events of some topics.
  public struct TopicRule: Hashable, Sendable {
    /// Which topics are meant; of several that match, all count.
    public var pattern: TopicPattern
    /// In `data` and `context`.
    public var paths: [RedactedPath]

    /// A rule for topics.
    public init(_ pattern: TopicPattern, _ paths: [RedactedPath]) { (self.pattern, self.paths) = (pattern, paths) }
  }

  /// What stands instead of a value.
  public static let mark = "[redacted]"

  /// The rules for events.
  public var topics: [TopicRule]
  /// The rules for the jobs of engines, in `inputs`.
  public var engines: [Name: [RedactedPath]]

  /// Rules; without any all is shown.
  public init(topics: [TopicRule] = [], engines: [Name: [RedactedPath]] = [:]) {
    self.topics = topics.filter { !$0.paths.isEmpty }
    self.engines = engines.filter { !$0.value.isEmpty }
  }

  /// Whether all is shown.
  public var isEmpty: Bool { topics.isEmpty && engines.isEmpty }

  private func paths(_ topic: String, _ root: RedactedPath.Root) -> [RedactedPath] {
    guard !topics.isEmpty, let topic = try? Topic(topic) else { return [] }
    return topics.filter { $0.pattern.matches(topic) }.flatMap(\.paths).filter { $0.root == root }
  }

  /// The event as it may be shown. Data that is not JSON is hidden as a whole where a path leads into it.
  public func shown(_ event: Event) -> Event {
    let (data, context) = (paths(event.topic.text, .data), paths(event.topic.text, .context))
    guard !data.isEmpty || !context.isEmpty else { return event }
    var (event, hidden) = (event, Set<String>())
    if let values = event.headers.context, case .object(let rest) = hide(.object(values), context, &hidden) {
      event.headers.context = rest
    }
    guard !data.isEmpty else { return event }
    if event.headers.isJSON, let json = try? event.json {
      event.data = hide(json, data, &hidden).bytes
    } else {
      event.headers.contentType = nil
      event.data = JSONValue.string(Redaction.mark).bytes
    }
    return event
  }

  /// An answer as it may be shown: each event, event to come and job in it, however deep.
  ///
  /// What stood at a path of a job is also taken out of the texts that its runs left: errors, progress, result.
  public func shown(_ answer: JSONValue) -> JSONValue {
    guard !isEmpty else { return answer }
    switch answer {
    case .array(let values): return .array(values.map { shown($0) })
    case .object(var object):
      for index in object.members.indices { object.members[index].value = shown(object.members[index].value) }
      if object["specversion"] != nil { return .object(shown(cloudEvent: object)) }
      if object["worker"] != nil, object["inputs"] != nil { return shown(job: object) }
      if object["due_at"] != nil, case .string(let topic)? = object["topic"] {
        var hidden = Set<String>()
        object["data"] = object["data"].map { hide($0, paths(topic, .data), &hidden) }
      }
      return .object(object)
    default: return answer
    }
  }

  /// Texts that a run left, without what stood at the paths of its job.
  public func shown(_ texts: JSONValue, leftBy job: Job) -> JSONValue {
    var hidden = Set<String>()
    _ = hide(.object(job.wish.inputs), engines[job.wish.queue.engine] ?? [], &hidden)
    return Redaction.scrub(texts, of: Redaction.longestFirst(hidden))
  }

  private func shown(cloudEvent: JSONObject) -> JSONObject {
    guard case .string(let topic)? = cloudEvent["type"] else { return cloudEvent }
    let (data, context) = (paths(topic, .data), paths(topic, .context))
    var (object, hidden) = (cloudEvent, Set<String>())
    object["data"] = object["data"].map { hide($0, data, &hidden) }
    if object["data_base64"] != nil, !data.isEmpty { object["data_base64"] = .string(Redaction.mark) }
    if case .string(let text)? = object["context"], !context.isEmpty {
      let values = try? JSONParser.parse(Array(text.utf8))
      object["context"] = .string(values.map { hide($0, context, &hidden).text } ?? Redaction.mark)
    }
    return object
  }

  private func shown(job: JSONObject) -> JSONValue {
    var (object, hidden) = (job, Set<String>())
    if case .string(let queue)? = object["queue"], let engine = try? Name(String(queue.prefix { $0 != "/" })) {
      object["inputs"] = object["inputs"].map { hide($0, engines[engine] ?? [], &hidden) }
    }
    if case .object(var cause)? = object["cause"], case .string(let topic)? = cause["topic"] {
      cause["context"] = cause["context"].map { hide($0, paths(topic, .context), &hidden) }
      object["cause"] = .object(cause)
    }
    let longestFirst = Redaction.longestFirst(hidden)
    for key in Redaction.texts { object[key] = object[key].map { Redaction.scrub($0, of: longestFirst) } }
    return .object(object)
  }

  /// What of a job may have the values of its inputs in it.
  private static let texts = ["failures", "reason", "progress", "result", "queue_lock", "worker_lock"]

  private func hide(_ value: JSONValue, _ paths: [RedactedPath], _ hidden: inout Set<String>) -> JSONValue {
    paths.reduce(value) { $1.hide(in: $0, gathering: &hidden) }
  }

  /// A value may be a part of another one.
  private static func longestFirst(_ texts: Set<String>) -> [String] {
    texts.filter { $0 != mark }.sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
  }

  private static func scrub(_ value: JSONValue, of hidden: [String]) -> JSONValue {
    guard !hidden.isEmpty else { return value }
    switch value {
    case .array(let values): return .array(values.map { scrub($0, of: hidden) })
    case .object(var object):
      for index in object.members.indices {
        object.members[index].value = scrub(object.members[index].value, of: hidden)
      }
      return .object(object)
    case .string(let text): return .string(hidden.reduce(text) { $0.replacing($1, with: mark) })
    case .integer, .unsigned, .double: return hidden.contains(value.text) ? .string(mark) : value
    case .null, .bool: return value
    }
  }
}

extension Redaction {
  var json: JSONValue {
    func texts(_ paths: [RedactedPath]) -> JSONValue { .array(paths.map { .string($0.description) }) }
    let topics = topics.map { ["pattern": .string($0.pattern.text), "paths": texts($0.paths)] as JSONValue }
    let engines = engines.sorted { $0.key < $1.key }.map { JSONObject.Member($0.key.text, texts($0.value)) }
    return ["topics": .array(topics), "engines": .object(JSONObject(engines))]
  }

  init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("redaction")
    topics = try members.list("topics") { (json) throws(ProtocolError) in
      let rule = try json.members("rule")
      return TopicRule(try TopicPattern(try rule.string("pattern")), try Redaction.paths(try rule.value("paths")))
    }
    engines = [:]
    for member in try members.object("engines").members {
      engines[try Name(member.key, of: "engine")] = try Redaction.paths(member.value)
    }
  }

  /// What is not understood refuses the welcome: nothing is shown rather than too much.
  private static func paths(_ json: JSONValue) throws(ProtocolError) -> [RedactedPath] {
    guard case .array(let values) = json else {
      throw ProtocolError(.badMessage, "redaction has what is no list of paths")
    }
    return try values.map { (value) throws(ProtocolError) in
      guard let path = String(jsonValue: value).flatMap({ RedactedPath($0) }) else {
        throw ProtocolError(.badMessage, "redaction has what is no path")
      }
      return path
    }
  }
}
