/// What a binary answers to `--bus-describe`: the subscriptions and workers that its engine declares in Swift.
///
/// ```json
/// {"engine":"search","subscriptions":[{"name":"user_index","patterns":["user_changed"],"queue":"default"}],
///  "workers":[{"name":"IndexUser","queue":"default","inputs":["userID"]}],
///  "schedules":[{"name":"tidy","when":"every 5m","worker":"Tidy","queue":"default"}]}
/// ```
public struct EngineDeclaration: Sendable, Equatable {
  /// A subscription as it is declared.
  public struct Subscription: Sendable, Equatable {
    /// Its name within the engine.
    public var name: Name
    /// Which topics it wants.
    public var patterns: [TopicPattern]
    /// The queue for its jobs where the topology names none.
    public var queue: Name

    /// A declared subscription.
    public init(name: Name, patterns: [TopicPattern], queue: Name) {
      self.name = name
      self.patterns = patterns
      self.queue = queue
    }
  }

  /// A worker as it is declared.
  public struct Worker: Sendable, Equatable {
    /// Its name within the engine.
    public var name: Name
    /// The queue that it asks for.
    public var queue: Name
    /// The names of its inputs.
    public var inputs: [String]

    /// A declared worker.
    public init(name: Name, queue: Name, inputs: [String]) {
      self.name = name
      self.queue = queue
      self.inputs = inputs
    }
  }

  /// A schedule as it is declared.
  public struct Schedule: Sendable, Equatable {
    /// Its name within the engine.
    public var name: Name
    /// When it is due, in words: `every 5m`, `0 8 * * mon-fri Europe/Paris`.
    public var when: String
    /// The worker of its jobs.
    public var worker: Name
    /// The queue of its jobs.
    public var queue: Name

    /// A declared schedule.
    public init(name: Name, when: String, worker: Name, queue: Name) {
      self.name = name
      self.when = when
      self.worker = worker
      self.queue = queue
    }
  }

  /// The engine's name.
  public var engine: Name
  /// Its subscriptions.
  public var subscriptions: [Subscription]
  /// Its workers.
  public var workers: [Worker]
  /// Its schedules.
  public var schedules: [Schedule]

  /// What an engine declares.
  public init(engine: Name, subscriptions: [Subscription] = [], workers: [Worker] = [], schedules: [Schedule] = []) {
    self.engine = engine
    self.subscriptions = subscriptions
    self.workers = workers
    self.schedules = schedules
  }

  /// The declaration as a binary prints it; without schedules it says nothing of them.
  public var json: JSONValue {
    var object: JSONObject = [
      "engine": .string(engine.text),
      "subscriptions": .array(
        subscriptions.map {
          [
            "name": .string($0.name.text), "patterns": .array($0.patterns.map { .string($0.text) }),
            "queue": .string($0.queue.text),
          ]
        }),
      "workers": .array(
        workers.map {
          [
            "name": .string($0.name.text), "queue": .string($0.queue.text),
            "inputs": .array($0.inputs.map { .string($0) }),
          ]
        }),
    ]
    guard !schedules.isEmpty else { return .object(object) }
    object["schedules"] = .array(
      schedules.map {
        [
          "name": .string($0.name.text), "when": .string($0.when), "worker": .string($0.worker.text),
          "queue": .string($0.queue.text),
        ]
      })
    return .object(object)
  }

  /// Reads what ``json`` wrote; members that it does not know are passed over.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("declaration")
    engine = try members.name("engine")
    subscriptions = try members.list("subscriptions") { (json) throws(ProtocolError) in
      let subscription = try json.members("subscription")
      return Subscription(
        name: try subscription.name("name"),
        patterns: try subscription.list("patterns") { (json) throws(ProtocolError) in
          try TopicPattern(try Self.text(json, of: "pattern"))
        },
        queue: try subscription.name("queue"))
    }
    workers = try members.list("workers") { (json) throws(ProtocolError) in
      let worker = try json.members("worker")
      return Worker(
        name: try worker.name("name"), queue: try worker.name("queue"),
        inputs: try worker.list("inputs") { (json) throws(ProtocolError) in try Self.text(json, of: "input") })
    }
    guard members.optionalValue("schedules") != nil else {
      schedules = []
      return
    }
    schedules = try members.list("schedules") { (json) throws(ProtocolError) in
      let schedule = try json.members("schedule")
      return Schedule(
        name: try schedule.name("name"), when: try schedule.string("when"), worker: try schedule.name("worker"),
        queue: try schedule.name("queue"))
    }
  }

  private static func text(_ json: JSONValue, of what: String) throws(ProtocolError) -> String {
    guard case .string(let text) = json else { throw ProtocolError(.badJSON, "\(what) is no text") }
    return text
  }
}
