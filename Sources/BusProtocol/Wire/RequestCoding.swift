extension Request {
  /// The frames of the message: verb, JSON, and bytes where the verb has some.
  public var frames: [[UInt8]] {
    switch self {
    case .hello(let hello): frames("hello", hello.json)
    case .carry(let request, let publisher, let oldest, let records):
      frames(
        "carry",
        ["request": request.jsonValue, "publisher": publisher.jsonValue, "oldest": oldest.jsonValue], records)
    case .publish(let request, let publication, let data):
      frames("publish", publication.json(request: request), data)
    case .announce(let request, let announcement):
      frames("announce", announcement.json(request: request), announcement.data)
    case .withdraw(let request, let ids):
      frames("withdraw", ["request": request.jsonValue, "ids": .array(ids.map(\.jsonValue))])
    case .read(let request, let after, let patterns, let limit):
      frames(
        "read",
        [
          "request": request.jsonValue, "after": after.rawValue.jsonValue, "patterns": texts(patterns),
          "limit": limit.jsonValue,
        ])
    case .subscribe(let request, let subscriptions, let schedules):
      frames("subscribe", Request.subscribe(request, subscriptions, schedules))
    case .commit(let request, let commit): frames("commit", commit.json(request: request))
    case .enqueue(let request, let jobs):
      frames("enqueue", ["request": request.jsonValue, "jobs": .array(jobs.map(\.json))])
    case .enqueueGroup(let request, let group): frames("enqueue", group.json(request: request))
    case .hands(let hands): frames("hands", hands.json)
    case .finish(let request, let results):
      frames("finish", ["request": request.jsonValue, "results": .array(results.map(\.json))])
    case .note(let request, let notes):
      frames("note", ["request": request.jsonValue, "notes": .array(notes.map(\.json))])
    case .beat(let jobs, let subscriptions):
      frames(
        "beat",
        [
          "jobs": .array(jobs.map { ["id": $0.id.jsonValue, "token": $0.token.jsonValue] }),
          "subscriptions": .array(
            subscriptions.map { ["name": .string($0.id.description), "token": $0.token.jsonValue] }),
        ])
    case .ask(let request, let about, let parameters):
      frames(
        "ask", ["request": request.jsonValue, "about": .string(about), "parameters": .object(parameters)])
    case .change(let request, let what, let parameters):
      frames("change", ["request": request.jsonValue, "what": .string(what), "parameters": .object(parameters)])
    case .bye: frames("bye", [:])
    }
  }

  /// Reads the frames of a message, without the routing frame that the socket puts before them.
  ///
  /// Refuses an unknown verb, frames that are missing or too many, and members that are absent or of another type.
  public init(frames: [[UInt8]]) throws(ProtocolError) {
    if let verb = try WireMessage.packedVerb(frames), let packed = try Request(packed: frames[1], verb: verb) {
      self = packed
      return
    }
    let message = try WireMessage(frames: frames)
    let members = message.members
    switch message.verb {
    case "hello": self = .hello(try Hello(members))
    case "carry":
      self = .carry(
        request: try members.read("request"), publisher: try members.read("publisher"),
        oldest: try members.read("oldest"), records: try message.requireBytes())
    case "publish":
      self = .publish(
        request: try members.read("request"), publication: try Publication(members),
        data: try message.requireBytes())
    case "announce":
      self = .announce(
        request: try members.read("request"),
        announcement: try Announcement(members, data: try message.requireBytes()))
    case "withdraw":
      self = .withdraw(
        request: try members.read("request"),
        ids: try members.list("ids") { (json) throws(ProtocolError) in
          guard let id = EventID(jsonValue: json) else { throw ProtocolError(.badMessage, "ids holds what is no id") }
          return id
        })
    case "read":
      self = .read(
        request: try members.read("request"), after: try members.offset("after"),
        patterns: try members.patterns(), limit: try members.read("limit"))
    case "subscribe":
      self = .subscribe(
        request: try members.read("request"),
        subscriptions: try members.subscriptions(), schedules: try members.schedules())
    case "commit": self = .commit(request: try members.read("request"), commit: try Commit(members))
    case "enqueue":
      let (request, jobs): (UInt64, [NewJob]) = (try members.read("request"), try members.jobs())
      let group = try JobGroup(members, jobs: jobs)
      self = group.map { .enqueueGroup(request: request, group: $0) } ?? .enqueue(request: request, jobs: jobs)
    case "hands": self = .hands(try Hands(members))
    case "finish":
      self = .finish(
        request: try members.read("request"),
        results: try members.list("results") { (json) throws(ProtocolError) in try JobResult(json: json) })
    case "note":
      self = .note(
        request: try members.read("request"),
        notes: try members.list("notes") { (json) throws(ProtocolError) in try JobNote(json: json) })
    case "beat": self = try Request.beat(members)
    case "ask":
      self = .ask(
        request: try members.read("request"), about: try members.string("about"),
        parameters: try members.optionalObject("parameters") ?? [:])
    case "change":
      self = .change(
        request: try members.read("request"), what: try members.string("what"),
        parameters: try members.optionalObject("parameters") ?? [:])
    case "bye": self = .bye
    case let verb:
      throw ProtocolError(
        .unknownVerb, "\(ProtocolError.quoted(verb)) is no verb of protocol \(ProtocolVersion.current)")
    }
    if !["carry", "publish", "announce"].contains(message.verb) { try message.refuseBytes() }
  }

  private static func subscribe(
    _ request: UInt64, _ subscriptions: [SubscriptionWish], _ schedules: [ScheduleWish]?
  ) -> JSONObject {
    var object: JSONObject = [
      "request": request.jsonValue, "subscriptions": .array(subscriptions.map(\.json)),
    ]
    if let schedules { object["schedules"] = .array(schedules.map(\.json)) }
    return object
  }

  private static func beat(_ members: JSONMembers) throws(ProtocolError) -> Request {
    .beat(
      jobs: try members.list("jobs") { (json) throws(ProtocolError) in
        let held = try json.members("job")
        return Held(try held.read("id"), token: try held.number("token"))
      },
      subscriptions: try members.list("subscriptions") { (json) throws(ProtocolError) in
        let held = try json.members("subscription")
        return Held(try SubscriptionName(try held.string("name")), token: try held.number("token"))
      })
  }

  private func frames(_ verb: String, _ object: JSONObject, _ bytes: [UInt8]? = nil) -> [[UInt8]] {
    WireMessage.frames(verb, object, bytes)
  }
}

private func texts(_ patterns: [TopicPattern]) -> JSONValue { .array(patterns.map { .string($0.text) }) }

extension JSONMembers {
  /// Each pattern is compared with each event: their number is bounded before any is looked at.
  fileprivate func patterns() throws(ProtocolError) -> [TopicPattern] {
    if case .array(let values) = object["patterns"], values.count > TopicPattern.maximumCount {
      throw ProtocolError(
        .tooLarge, "\(values.count) patterns are asked for, the limit is \(TopicPattern.maximumCount): use *")
    }
    return try list("patterns") { (json) throws(ProtocolError) in
      guard case .string(let text) = json else { throw ProtocolError(.badMessage, "a pattern is no text") }
      return try TopicPattern(text)
    }
  }

  fileprivate func subscriptions() throws(ProtocolError) -> [SubscriptionWish] {
    if case .array(let values) = object["subscriptions"], values.count > SubscriptionWish.maximumCount {
      throw ProtocolError(
        .tooLarge,
        "\(values.count) subscriptions are declared, the limit is \(SubscriptionWish.maximumCount): use patterns with *"
      )
    }
    return try list("subscriptions") { (json) throws(ProtocolError) in try SubscriptionWish(json: json) }
  }

  /// Nil where nothing is said of schedules.
  fileprivate func schedules() throws(ProtocolError) -> [ScheduleWish]? {
    guard optionalValue("schedules") != nil else { return nil }
    let wishes = try list("schedules") { (json) throws(ProtocolError) in try ScheduleWish(json: json) }
    guard wishes.count <= ScheduleWish.maximumCount else {
      throw ProtocolError(
        .tooLarge, "\(wishes.count) schedules are declared, the limit is \(ScheduleWish.maximumCount)")
    }
    return wishes
  }

  fileprivate func jobs() throws(ProtocolError) -> [NewJob] {
    try list("jobs") { (json) throws(ProtocolError) in try NewJob(json: json) }
  }
}

extension Publication {
  fileprivate func json(request: UInt64) -> JSONObject {
    var object: JSONObject = ["request": request.jsonValue, "topic": .string(topic.text)]
    object.set("id", id)
    object.set("source", headers.source)
    object.set("traceparent", headers.trace?.description)
    object.set("causationid", headers.causation?.text)
    object.set("correlationid", headers.correlation)
    if let context = headers.context { object["context"] = .object(context) }
    return object
  }

  fileprivate init(_ members: JSONMembers) throws(ProtocolError) {
    topic = try Topic(try members.string("topic"))
    id = try members.optional("id")
    headers = EventHeaders(
      source: try members.optional("source"),
      trace: try members.optional("traceparent", as: String.self)
        .map { (text) throws(ProtocolError) in try TraceContext(text) },
      causation: try members.optional("causationid", as: String.self)
        .map { (text) throws(ProtocolError) in try Causation(text) },
      correlation: try members.optional("correlationid"),
      context: try members.context("context"))
  }
}

extension Announcement {
  fileprivate func json(request: UInt64) -> JSONObject {
    var object = Publication(topic: topic, id: id, headers: headers).json(request: request)
    object.set("due_at", dueAt.microseconds)
    return object
  }

  fileprivate init(_ members: JSONMembers, data: [UInt8]) throws(ProtocolError) {
    let publication = try Publication(members)
    guard let id = publication.id else { throw ProtocolError(.badJSON, "announce lacks \"id\"") }
    let due: Int64 = try members.read("due_at")
    self.init(
      id: id, topic: publication.topic, data: data, dueAt: Timestamp(microseconds: due), headers: publication.headers)
  }
}

extension SubscriptionWish {
  fileprivate var json: JSONValue {
    let start: JSONValue =
      switch start {
      case .now: "now"
      case .beginning: "beginning"
      case .after(let offset): offset.rawValue.jsonValue
      }
    var object: JSONObject = ["name": .string(name.description), "patterns": texts(patterns), "start": start]
    if !conditions.members.isEmpty { object["conditions"] = .object(conditions) }
    if isLeaving { object["leaving"] = true }
    return .object(object)
  }

  fileprivate init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("subscription")
    name = try SubscriptionName(try members.string("name"))
    patterns = try members.patterns()
    conditions = members.optionalValue("conditions") == nil ? [:] : try members.object("conditions")
    isLeaving = try members.optional("leaving") ?? false
    switch members.optionalValue("start") {
    case nil, .string("now"): start = .now
    case .string("beginning"): start = .beginning
    default: start = .after(try members.offset("start"))
    }
  }
}

extension Commit {
  fileprivate func json(request: UInt64) -> JSONObject {
    [
      "request": request.jsonValue, "subscription": .string(subscription.description), "token": token.jsonValue,
      "from": from.rawValue.jsonValue, "through": through.rawValue.jsonValue, "jobs": .array(jobs.map(\.json)),
    ]
  }

  fileprivate init(_ members: JSONMembers) throws(ProtocolError) {
    subscription = try SubscriptionName(try members.string("subscription"))
    token = try members.number("token")
    from = try members.offset("from")
    through = try members.offset("through")
    guard through >= from else { throw ProtocolError(.badMessage, "a commit goes back from \(from) to \(through)") }
    jobs = try members.jobs()
  }
}

extension Hands {
  fileprivate var json: JSONObject {
    [
      "engine": .string(engine.text), "queues": .array(queues.map { .string($0.description) }),
      "workers": .array(workers.map { .string($0.text) }), "concurrency": concurrency.jsonValue,
    ]
  }

  fileprivate init(_ members: JSONMembers) throws(ProtocolError) {
    engine = try members.name("engine")
    queues = try members.list("queues") { (json) throws(ProtocolError) in
      guard case .string(let text) = json else { throw ProtocolError(.badMessage, "a queue is no text") }
      return try QueueName(text)
    }
    workers = try members.list("workers") { (json) throws(ProtocolError) in
      guard case .string(let text) = json else { throw ProtocolError(.badMessage, "a worker is no text") }
      return try Name(text, of: "worker")
    }
    concurrency = try members.read("concurrency")
    guard (0...10_000).contains(concurrency) else {
      throw ProtocolError(.badMessage, "hands asks for \(concurrency) jobs at once: 0 to 10000")
    }
  }
}
