extension Reply {
  /// The frames of the message: verb, JSON, and bytes where the verb has some.
  public var frames: [[UInt8]] {
    switch self {
    case .welcome(let welcome): WireMessage.frames("welcome", welcome.json, nil)
    case .carried(let request, let through, let head):
      frames(
        "carried", request, ["through": through.jsonValue, "head": head.rawValue.jsonValue])
    case .published(let request, let id, let offset):
      frames("published", request, ["id": id.jsonValue, "offset": offset.rawValue.jsonValue])
    case .announced(let request, let id, let dueAt):
      frames("announced", request, ["id": id.jsonValue, "due_at": dueAt.microseconds.jsonValue])
    case .withdrawn(let request, let ids): frames("withdrawn", request, ["ids": .array(ids.map(\.jsonValue))])
    case .events(let request, let chunk): WireMessage.frames("events", chunk.json(request: request), chunk.records)
    case .subscribed(let request): frames("subscribed", request, [:])
    case .granted(let grants): WireMessage.frames("granted", ["grants": .array(grants.map(\.json))], nil)
    case .committed(let request, let outcomes): frames("committed", request, ["outcomes": .array(outcomes.map(\.json))])
    case .enqueued(let request, let outcomes): frames("enqueued", request, ["outcomes": .array(outcomes.map(\.json))])
    case .jobs(let jobs): WireMessage.frames("jobs", ["jobs": .array(jobs.map(\.json))], nil)
    case .cancel(let jobs): WireMessage.frames("cancel", ["jobs": .array(jobs.map(\.jsonValue))], nil)
    case .finished(let request, let stale, let ended):
      frames("finished", request, Self.finished(stale, ended))
    case .noted(let request, let stale): frames("noted", request, ["stale": .array(stale.map(\.jsonValue))])
    case .beaten(let jobs, let subscriptions):
      WireMessage.frames(
        "beaten",
        [
          "jobs": .array(jobs.map(\.jsonValue)),
          "subscriptions": .array(subscriptions.map { .string($0.description) }),
        ], nil)
    case .answer(let request, let value): frames("answer", request, ["answer": value])
    case .changed(let request, let value): frames("changed", request, ["changed": value])
    case .refused(let request, let refusal): WireMessage.frames("refused", refusal.json(request: request), nil)
    case .head(let head): WireMessage.frames("head", ["head": head.rawValue.jsonValue], nil)
    case .ping: WireMessage.frames("ping", [:], nil)
    }
  }

  /// The second list only where there is something in it: that is rare.
  private static func finished(_ stale: [JobID], _ ended: [JobID]) -> JSONObject {
    var object: JSONObject = ["stale": .array(stale.map(\.jsonValue))]
    if !ended.isEmpty { object["ended"] = .array(ended.map(\.jsonValue)) }
    return object
  }

  /// Reads the frames of a message; refuses as ``Request/init(frames:)`` does.
  public init(frames: [[UInt8]]) throws(ProtocolError) {
    if let verb = try WireMessage.packedVerb(frames), let packed = try Reply(packed: frames[1], verb: verb) {
      self = packed
      return
    }
    let message = try WireMessage(frames: frames)
    let members = message.members
    switch message.verb {
    case "welcome": self = .welcome(try Welcome(members))
    case "carried":
      self = .carried(
        request: try members.read("request"), through: try members.read("through"),
        head: try members.offset("head"))
    case "published":
      self = .published(
        request: try members.read("request"), id: try members.read("id"),
        offset: try members.offset("offset"))
    case "announced":
      self = .announced(
        request: try members.read("request"), id: try members.read("id"),
        dueAt: Timestamp(microseconds: try members.read("due_at")))
    case "withdrawn": self = .withdrawn(request: try members.read("request"), ids: try members.ids("ids"))
    case "events":
      self = .events(
        request: try members.read("request"),
        chunk: try EventsChunk(members, records: try message.requireBytes()))
    case "subscribed": self = .subscribed(request: try members.read("request"))
    case "granted":
      self = .granted(try members.list("grants") { (json) throws(ProtocolError) in try Grant(json: json) })
    case "committed": self = .committed(request: try members.read("request"), outcomes: try members.outcomes())
    case "enqueued": self = .enqueued(request: try members.read("request"), outcomes: try members.outcomes())
    case "jobs":
      self = .jobs(try members.list("jobs") { (json) throws(ProtocolError) in try Assignment(json: json) })
    case "cancel": self = .cancel(try members.ids("jobs"))
    case "finished":
      self = .finished(
        request: try members.read("request"), stale: try members.ids("stale"),
        ended: members.optionalValue("ended") == nil ? [] : try members.ids("ended"))
    case "noted": self = .noted(request: try members.read("request"), stale: try members.ids("stale"))
    case "beaten":
      self = .beaten(
        jobs: try members.ids("jobs"),
        subscriptions: try members.list("subscriptions") { (json) throws(ProtocolError) in
          guard case .string(let text) = json else {
            throw ProtocolError(.badMessage, "a subscription is no text")
          }
          return try SubscriptionName(text)
        })
    case "answer": self = .answer(request: try members.read("request"), members.object["answer"] ?? .null)
    case "changed": self = .changed(request: try members.read("request"), members.object["changed"] ?? .null)
    case "refused": self = .refused(request: try members.optional("request"), try Refusal(members))
    case "head": self = .head(try members.offset("head"))
    case "ping": self = .ping
    case let verb:
      throw ProtocolError(
        .unknownVerb, "\(ProtocolError.quoted(verb)) is no answer of protocol \(ProtocolVersion.current)")
    }
    if message.verb != "events" { try message.refuseBytes() }
  }

  private func frames(_ verb: String, _ request: UInt64, _ rest: JSONObject) -> [[UInt8]] {
    var object: JSONObject = ["request": request.jsonValue]
    object.members += rest.members
    return WireMessage.frames(verb, object, nil)
  }
}

extension JSONMembers {
  fileprivate func outcomes() throws(ProtocolError) -> [EnqueueOutcome] {
    try list("outcomes") { (json) throws(ProtocolError) in try EnqueueOutcome(json: json) }
  }

  fileprivate func ids<Subject>(_ key: String) throws(ProtocolError) -> [Identifier<Subject>] {
    try list(key) { (json) throws(ProtocolError) in
      guard let id = Identifier<Subject>(jsonValue: json) else {
        throw ProtocolError(.badMessage, "\(key) holds what is no id")
      }
      return id
    }
  }
}

extension EventsChunk {
  fileprivate func json(request: UInt64) -> JSONObject {
    var object: JSONObject = [
      "request": request.jsonValue, "through": through.rawValue.jsonValue, "head": head.rawValue.jsonValue,
    ]
    if let missing { object["missing"] = [missing.lowerBound.jsonValue, missing.upperBound.jsonValue] }
    return object
  }

  fileprivate init(_ members: JSONMembers, records: [UInt8]) throws(ProtocolError) {
    through = try members.offset("through")
    head = try members.offset("head")
    missing = try EventsChunk.range(try members.list("missing") { UInt64(jsonValue: $0) })
    self.records = records
  }

  private static func range(_ bounds: [UInt64?]) throws(ProtocolError) -> ClosedRange<UInt64>? {
    if bounds.isEmpty { return nil }
    guard bounds.count == 2, let first = bounds[0], let last = bounds[1], first <= last else {
      throw ProtocolError(.badMessage, "events names a missing range that is none: expected its first and last offset")
    }
    return first...last
  }
}

extension Grant {
  fileprivate var json: JSONValue {
    [
      "subscription": .string(subscription.description), "token": token.jsonValue,
      "cursor": cursor.rawValue.jsonValue,
    ]
  }

  fileprivate init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("grant")
    subscription = try SubscriptionName(try members.string("subscription"))
    token = try members.number("token")
    cursor = try members.offset("cursor")
  }
}

extension Refusal {
  fileprivate func json(request: UInt64?) -> JSONObject {
    var object = JSONObject()
    object.set("request", request)
    object.set("code", code)
    object.set("message", message)
    object.set("help", help)
    object.set("retry_after", retryAfter?.inMicroseconds)
    object.set("expected", expected)
    if !denied.isEmpty { object["denied"] = .array(denied.map(\.jsonValue)) }
    return object
  }

  fileprivate init(_ members: JSONMembers) throws(ProtocolError) {
    code = try members.string("code")
    message = try members.string("message")
    help = try members.optional("help")
    retryAfter = try members.optional("retry_after", as: Int64.self).map { .microseconds(max(0, $0)) }
    expected = try members.optional("expected")
    guard members.optionalValue("denied") != nil else { return }
    denied = try members.list("denied") { (json) throws(ProtocolError) in
      guard let sequence = UInt64(jsonValue: json) else {
        throw ProtocolError(.badMessage, "denied holds what is no sequence")
      }
      return sequence
    }
  }
}
