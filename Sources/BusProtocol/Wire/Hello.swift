/// The first message on a connection: who comes.
public struct Hello: Hashable, Sendable {
  /// What a client is there for.
  public enum Role: String, Hashable, Sendable {
    /// It publishes and enqueues.
    case service
    /// It runs subscriptions and workers of one engine.
    case engine
    /// It looks and operates: the command line.
    case tool
  }

  /// The longest name of a process, in bytes; of a longer one the beginning counts.
  public static let maximumProcessByteCount = 200

  /// What it is there for.
  public var role: Role
  /// Which process it is, for people: `search.2@web-3:4101`.
  public var process: String
  /// The engine whose wiring it wants to know; nil for a service or a tool.
  public var engine: Name?
  /// The protocol it speaks.
  public var version: Int
  /// The newest form of packed messages that it reads; 0 where it wants JSON.
  public var packedForm = Int(PackedForm.current)

  /// Introduces a process.
  public init(role: Role, process: String, engine: Name? = nil, version: Int = ProtocolVersion.current) {
    self.role = role
    self.process = process
    self.engine = engine
    self.version = version
  }

  var json: JSONObject {
    var object: JSONObject = [
      "protocol": version.jsonValue, "role": .string(role.rawValue), "process": .string(process),
    ]
    object.set("engine", engine?.text)
    if packedForm > 0 { object.set("packed", packedForm) }
    return object
  }

  init(_ members: JSONMembers) throws(ProtocolError) {
    version = try members.read("protocol")
    try ProtocolVersion.check(version)
    guard let role = Role(rawValue: try members.string("role")) else {
      throw ProtocolError(.badMessage, "hello names a role that is none: expected service, engine or tool")
    }
    self.role = role
    process = try members.string("process").prefix(byteCount: Hello.maximumProcessByteCount)
    engine = try members.optionalName("engine")
    packedForm = max(0, try members.optional("packed") ?? 0)
  }
}

/// The answer to a hello: who answers, and how the engine is wired.
public struct Welcome: Hashable, Sendable {
  /// The spool's id: offsets of another log mean nothing here.
  public var log: LogID
  /// The last event that is on disk.
  public var head: Offset
  /// Where the live events are: the endpoint to connect a SUB socket to.
  public var live: String
  /// How long a lease lasts without a beat.
  public var lease: Duration
  /// The engine's queues and subscriptions as the topology wires them; nil without a topology.
  public var wiring: EngineWiring?
  /// The newest form of packed messages that busd reads; 0 where it wants JSON.
  public var packedForm = Int(PackedForm.current)
  /// The most data of one event that a publisher is to take.
  public var payload = Welcome.standardPayload
  /// What a tool does not print; empty for all others.
  public var redaction = Redaction()

  /// The most data of one event where busd says nothing of it, in bytes.
  public static let standardPayload = 256 << 10

  /// Answers a hello.
  public init(log: LogID, head: Offset, live: String, lease: Duration, wiring: EngineWiring? = nil) {
    self.log = log
    self.head = head
    self.live = live
    self.lease = lease
    self.wiring = wiring
  }

  var json: JSONObject {
    var object: JSONObject = [
      "protocol": ProtocolVersion.current.jsonValue, "role": "busd", "log": log.jsonValue,
      "head": head.rawValue.jsonValue, "live": .string(live), "lease": lease.inMicroseconds.jsonValue,
    ]
    if let wiring { object["wiring"] = wiring.json }
    if packedForm > 0 { object.set("packed", packedForm) }
    if !redaction.isEmpty { object["redaction"] = redaction.json }
    if payload != Welcome.standardPayload { object["payload"] = payload.jsonValue }
    return object
  }

  /// Refuses an answer that does not come from busd: on one host a client can reach itself.
  init(_ members: JSONMembers) throws(ProtocolError) {
    try ProtocolVersion.check(try members.read("protocol"))
    guard try members.string("role") == "busd" else {
      throw ProtocolError(.badMessage, "whoever answered the hello is not busd: check the address")
    }
    log = try members.read("log")
    head = try members.offset("head")
    live = try members.string("live")
    lease = .microseconds(max(0, try members.integer("lease")))
    wiring = try members.optionalValue("wiring").map { (json) throws(ProtocolError) in try EngineWiring(json: json) }
    packedForm = max(0, try members.optional("packed") ?? 0)
    redaction =
      try members.optionalValue("redaction").map { (json) throws(ProtocolError) in try Redaction(json: json) }
      ?? Redaction()
    payload = min(max(try members.optional("payload") ?? payload, 0), RecordHeader.maximumDataByteCount)
  }
}

/// How the topology wires one engine.
public struct EngineWiring: Hashable, Sendable {
  /// A queue that the engine's processes work.
  public struct Queue: Hashable, Sendable {
    /// Its name within the engine.
    public var name: Name
    /// Higher ones go first.
    public var priority: Int
    /// How long a run of its jobs may take; nil for any time.
    public var timeout: Duration?

    /// A queue with its priority.
    public init(name: Name, priority: Int, timeout: Duration? = nil) {
      self.name = name
      self.priority = priority
      self.timeout = timeout
    }
  }

  /// What the topology says of one subscription.
  public struct Subscription: Hashable, Sendable {
    /// Its name within the engine.
    public var name: Name
    /// The queue for its jobs where a worker names none; nil for `default`.
    public var queue: Name?
    /// Whether it runs.
    public var isEnabled: Bool
    /// Which events of its topics it wants; nil for all.
    public var `where`: BoundFilter?

    /// A wired subscription.
    public init(name: Name, queue: Name? = nil, isEnabled: Bool = true, where: BoundFilter? = nil) {
      self.name = name
      self.queue = queue
      self.isEnabled = isEnabled
      self.where = `where`
    }
  }

  /// The engine's queues, highest priority first.
  public var queues: [Queue]
  /// The subscriptions that the topology names.
  public var subscriptions: [Subscription]
  /// How many jobs one process runs at once.
  public var concurrency: Int

  /// A wiring of an engine.
  public init(queues: [Queue], subscriptions: [Subscription], concurrency: Int) {
    self.queues = queues
    self.subscriptions = subscriptions
    self.concurrency = concurrency
  }

  var json: JSONValue {
    [
      "queues": .array(
        queues.map {
          var object: JSONObject = ["name": .string($0.name.text), "priority": $0.priority.jsonValue]
          object.set("timeout", $0.timeout?.inMicroseconds)
          return .object(object)
        }),
      "subscriptions": .array(
        subscriptions.map {
          var object: JSONObject = ["name": .string($0.name.text), "enabled": .bool($0.isEnabled)]
          object.set("queue", $0.queue?.text)
          object.set("where", $0.where?.filter.text)
          return .object(object)
        }), "concurrency": concurrency.jsonValue,
    ]
  }

  init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("wiring")
    queues = try members.list("queues") { (json) throws(ProtocolError) in
      let queue = try json.members("queue")
      let timeout: Int64? = try queue.optional("timeout")
      return Queue(
        name: try queue.name("name"), priority: try queue.read("priority"),
        timeout: timeout.map { .microseconds(max(0, $0)) })
    }
    subscriptions = try members.list("subscriptions") { (json) throws(ProtocolError) in
      let subscription = try json.members("subscription")
      return Subscription(
        name: try subscription.name("name"),
        queue: try subscription.optionalName("queue"),
        isEnabled: try subscription.read("enabled"), where: try EngineWiring.filter(subscription))
    }
    concurrency = max(0, try members.read("concurrency"))
  }

  private static func filter(_ subscription: JSONMembers) throws(ProtocolError) -> BoundFilter? {
    guard let text: String = try subscription.optional("where") else { return nil }
    do { return try Filter(text).bound(to: .events, at: nil) } catch {
      throw ProtocolError(.badJSON, "\"where\" of a wired subscription: \(error.message)")
    }
  }
}
