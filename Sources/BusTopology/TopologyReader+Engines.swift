internal import BusProtocol

extension TopologyReader {
  mutating func engines(_ root: Fields, policies: [Name]) -> [EngineDefinition] {
    named(TopologyKeys.engines, in: root, "an engine", .name) { try Name($0) }.compactMap { engine in
      guard let fields = fields(engine.node, EngineKeys.table, of: "engine \(engine.name)", at: engine.place)
      else { return nil }
      let queues = queues(fields, of: engine.name, policies: policies)
      var definition = EngineDefinition(
        name: engine.name, binary: value(EngineKeys.binary, in: fields) ?? "",
        arguments: arguments(fields), queues: queues, workers: workers(fields, of: engine.name),
        subscriptions: subscriptions(fields, of: engine.name, queues: queues.map(\.name)),
        schedules: schedules(fields, of: engine.name, queues: queues.map(\.name)),
        position: position(engine.place))
      definition.redact = list(EngineKeys.redact, EngineKeys.redacted, what: "a path", in: fields)
      return definition
    }
  }

  private mutating func arguments(_ engine: Fields) -> [String] {
    list(EngineKeys.arguments, EngineKeys.argument, what: "an argument", in: engine)
  }

  /// The texts of a list, each of a form.
  mutating func list<Value>(
    _ key: KeyEntry, _ form: ValueForm<Value>, what: String, in fields: Fields
  ) -> [Value] {
    guard let node = fields.node(key) else { return [] }
    let help = "for example '\(key.example)'"
    switch node.content {
    case .refused: return []
    case .list(let nodes): return nodes.compactMap { text($0, form, what: what, help: help) }
    case .text, .map:
      report(at: node.place, "\(key.name) must be a list, found \(node.shown)", help: help)
      return []
    }
  }

  private mutating func queues(_ engine: Fields, of name: Name, policies: [Name]) -> [QueueDefinition] {
    let queues: [QueueDefinition] = named(
      EngineKeys.queues, in: engine, "a queue", .name, { try Name($0) }
    ).map { queue in
      let owner = "queue \(name)/\(queue.name)"
      guard let fields = fields(queue.node, QueueKeys.table, of: owner, at: queue.place) else {
        return QueueDefinition(name: queue.name, position: position(queue.place))
      }
      return self.queue(queue.name, fields, policies: policies)
    }
    guard queues.isEmpty else { return queues }
    return [QueueDefinition(name: QueueDefinition.standardName, position: position(engine.place))]
  }

  private mutating func queue(_ name: Name, _ fields: Fields, policies: [Name]) -> QueueDefinition {
    let retry = value(QueueKeys.retry, in: fields)
    if let retry, !policies.contains(retry), let node = fields.node(QueueKeys.retry.entry) {
      let known = policies.map(\.text)
      let near = Suggestion.help(for: retry.text, among: known).map { "\($0) " } ?? ""
      report(
        at: node.place, "retry policy '\(retry)' is not defined",
        help: "\(near)defined: \(known.joined(separator: ", "))")
    }
    var definition = QueueDefinition(
      name: name, priority: value(QueueKeys.priority, in: fields) ?? QueueDefinition.standardPriority,
      weight: value(QueueKeys.weight, in: fields) ?? QueueDefinition.standardWeight,
      concurrency: value(QueueKeys.concurrency, in: fields), rate: value(QueueKeys.rate, in: fields),
      limit: value(QueueKeys.limit, in: fields),
      starveAfter: value(QueueKeys.starveAfter, in: fields), retry: retry ?? RetryPolicyDefinition.standardName,
      position: position(fields.place))
    definition.timeout = value(QueueKeys.timeout, in: fields)
    definition.retryBudget = value(QueueKeys.retryBudget, in: fields)
    definition.announcesFailures = value(QueueKeys.announce, in: fields) == .failed
    return definition
  }

  private mutating func workers(_ engine: Fields, of name: Name) -> WorkersDefinition {
    let standard = WorkersDefinition.standard
    guard let node = engine.node(EngineKeys.workers),
      let fields = fields(node, WorkersKeys.table, of: "workers of \(name)")
    else { return standard }
    var workers = WorkersDefinition(
      processes: value(WorkersKeys.processes, in: fields) ?? standard.processes,
      concurrency: value(WorkersKeys.concurrency, in: fields) ?? standard.concurrency,
      shutdown: value(WorkersKeys.shutdown, in: fields) ?? standard.shutdown, environment: environment(fields))
    workers.ready = value(WorkersKeys.ready, in: fields)
    workers.start = value(WorkersKeys.start, in: fields)
    workers.watchdog = value(WorkersKeys.watchdog, in: fields)
    workers.niceness = value(WorkersKeys.niceness, in: fields) ?? standard.niceness
    let recycle = fields.node(WorkersKeys.recycle).flatMap {
      self.fields($0, RecycleKeys.table, of: "recycle of \(name)")
    }
    if let recycle {
      workers.recycling = RecyclingDefinition(
        age: value(RecycleKeys.age, in: recycle), memory: value(RecycleKeys.memory, in: recycle),
        jobs: value(RecycleKeys.jobs, in: recycle))
    }
    workers.autoscaling = autoscaling(fields, of: name, processes: workers.processes)
    workers.listen = list(WorkersKeys.listen, WorkersKeys.address, what: "an address", in: fields)
    return workers
  }

  private mutating func autoscaling(_ workers: Fields, of name: Name, processes: Int) -> AutoscaleDefinition? {
    guard let node = workers.node(WorkersKeys.autoscale),
      let fields = fields(node, AutoscaleKeys.table, of: "autoscale of \(name)"),
      let maximum = value(AutoscaleKeys.maximum, in: fields)
    else { return nil }
    if maximum < processes, let place = fields.node(AutoscaleKeys.maximum.entry)?.place {
      report(
        at: place, "max is fewer than the \(processes) processes that there are at least",
        help: "for example 'max: \(processes * 5)'")
    }
    var rule = AutoscaleDefinition(maximum: maximum)
    rule.latency = value(AutoscaleKeys.latency, in: fields) ?? rule.latency
    rule.calm = value(AutoscaleKeys.calm, in: fields) ?? rule.calm
    return rule
  }

  private mutating func environment(_ workers: Fields) -> [String: String] {
    let key = WorkersKeys.environment
    let variables = named(key, in: workers, "a variable", .variable) { try Self.variableName($0) }
    var environment: [String: String] = [:]
    for variable in variables {
      environment[variable.name] = text(
        variable.node, WorkersKeys.variable, what: variable.name,
        help: "for example '\(key.example)'; an empty text is \"\"")
    }
    return environment
  }

  static func variableName(_ text: String) throws -> String {
    let isName = text.utf8.enumerated().allSatisfy { index, byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"): index > 0
      default: false
      }
    }
    guard isName, !text.isEmpty else { throw WrongValue("must be the name of a variable") }
    return text
  }

  private mutating func subscriptions(_ engine: Fields, of name: Name, queues: [Name]) -> [SubscriptionWiring] {
    named(EngineKeys.subscriptions, in: engine, "a subscription", .name) { try Name($0) }.map { subscription in
      let place = position(subscription.place)
      let owner = "subscription \(name)/\(subscription.name)"
      guard let fields = fields(subscription.node, SubscriptionKeys.table, of: owner, at: subscription.place)
      else { return SubscriptionWiring(name: subscription.name, position: place) }
      let queue = value(SubscriptionKeys.queue, in: fields)
      if let queue, !queues.contains(queue), let node = fields.node(SubscriptionKeys.queue.entry) {
        let known = queues.map(\.text)
        report(
          at: node.place, "\(owner) is wired to queue '\(queue)', which engine \(name) does not have",
          help: Suggestion.help(for: queue.text, among: known)
            ?? "queues of \(name): \(known.joined(separator: ", "))")
      }
      return SubscriptionWiring(
        name: subscription.name, queue: queue, isEnabled: value(SubscriptionKeys.enabled, in: fields) ?? true,
        where: filter(SubscriptionKeys.where, in: fields), position: place)
    }
  }

  /// Which events are meant; the caret of a mistake stands in the filter itself.
  private mutating func filter(_ key: Key<String>, in fields: Fields) -> BoundFilter? {
    guard let text = value(key, in: fields), let node = fields.node(key.entry) else { return nil }
    do { return try Filter(text).bound(to: .events, at: nil) } catch {
      let place = source.place(of: error.column, in: text, from: node.place)
      report(at: place, "\(key.name): \(error.problem)", help: error.help)
      return nil
    }
  }
}
