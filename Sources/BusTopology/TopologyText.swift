internal import BusProtocol

/// Prints a topology as YAML with every default filled in; the text parses to an equal topology.
public enum TopologyText {
  /// The whole file, ending in a newline, with `[hidden]` instead of what looks like a secret among what is put into
  /// the environment of processes.
  public static func shown(_ topology: Topology) -> String {
    var topology = topology
    for index in topology.engines.indices {
      for (name, value) in topology.engines[index].workers.environment {
        topology.engines[index].workers.environment[name] = EnvironmentVariable.shown(name, value: value)
      }
    }
    return yaml(topology)
  }

  /// The whole file, ending in a newline.
  ///
  /// Two things do not come back: parts of a millisecond, and a byte order mark that begins a text (Yams drops it).
  public static func yaml(_ topology: Topology) -> String {
    var text = Lines()
    text.add(0, TopologyKeys.version.name, "1")
    add(topology.bus, to: &text)
    if !topology.topics.isEmpty { text.open(0, TopologyKeys.topics.name) }
    for topic in topology.topics { add(topic, to: &text) }
    text.open(0, TopologyKeys.retry.name)
    for policy in topology.retryPolicies { add(policy, to: &text) }
    if !topology.engines.isEmpty { text.open(0, TopologyKeys.engines.name) }
    for engine in topology.engines { add(engine, to: &text) }
    if let access = topology.access { add(access, to: &text) }
    return text.text
  }

  private static func add(_ bus: BusDefinition, to text: inout Lines) {
    guard bus != BusDefinition() else { return }
    text.open(0, TopologyKeys.bus.name)
    text.add(1, BusKeys.publish.name, bus.publish?.description)
    text.add(1, BusKeys.subscribe.name, bus.subscribe?.description)
    text.add(1, BusKeys.intake.name, bus.intake?.description)
    if bus.spool != SpoolDefinition() { text.open(1, BusKeys.spool.name) }
    text.add(2, SpoolKeys.directory.name, bus.spool.directory, isText: true)
    if bus.spool.retain != Retention() { text.open(2, SpoolKeys.retain.name) }
    text.add(3, RetainKeys.age.name, bus.spool.retain.age?.words)
    text.add(3, RetainKeys.size.name, bus.spool.retain.size?.description)
    text.add(1, BusKeys.store.name, bus.store?.description)
    if bus.limits != .standard { add(bus.limits, to: &text) }
  }

  private static func add(_ limits: LimitsDefinition, to text: inout Lines) {
    text.open(1, BusKeys.limits.name)
    text.add(2, LimitsKeys.payload.name, ByteCount(bytes: Int64(limits.payload)).description)
    text.add(2, LimitsKeys.sessions.name, "\(limits.sessions)")
    text.add(2, LimitsKeys.subscriptions.name, "\(limits.subscriptions)")
    text.add(2, LimitsKeys.events.name, limits.events?.description)
    text.add(2, LimitsKeys.bytes.name, limits.bytes?.description)
  }

  private static func add(_ topic: TopicDefinition, to text: inout Lines) {
    text.open(1, topic.pattern.text)
    switch topic.retain {
    case .asSpool: break
    case .none: text.add(2, TopicKeys.retain.name, RetainKeys.nothing)
    case .kept(let retention):
      text.open(2, TopicKeys.retain.name, isEmpty: retention.age == nil)
      text.add(3, RetainKeys.age.name, retention.age?.words)
    }
    if !topic.redact.isEmpty { text.open(2, TopicKeys.redact.name) }
    for path in topic.redact { text.item(3, path.description) }
  }

  private static func add(_ definition: RetryPolicyDefinition, to text: inout Lines) {
    let policy = definition.policy
    text.open(1, definition.name.text)
    text.add(2, RetryKeys.attempts.name, "\(policy.attempts)")
    text.add(2, RetryKeys.backoff.name, policy.backoff.rawValue)
    text.add(2, RetryKeys.base.name, policy.base.words)
    text.add(2, RetryKeys.maximum.name, policy.maximum.words)
    text.add(2, RetryKeys.jitter.name, policy.jitter.rawValue)
  }

  private static func add(_ engine: EngineDefinition, to text: inout Lines) {
    text.open(1, engine.name.text)
    text.add(2, EngineKeys.binary.name, engine.binary, isText: true)
    if !engine.arguments.isEmpty { text.open(2, EngineKeys.arguments.name) }
    for argument in engine.arguments { text.item(3, argument) }
    if !engine.queues.isEmpty { text.open(2, EngineKeys.queues.name) }
    for queue in engine.queues {
      text.open(3, queue.name.text)
      text.add(4, QueueKeys.priority.name, "\(queue.priority)")
      if queue.weight != QueueDefinition.standardWeight { text.add(4, QueueKeys.weight.name, "\(queue.weight)") }
      text.add(4, QueueKeys.concurrency.name, queue.concurrency.map { "\($0)" })
      text.add(4, QueueKeys.rate.name, queue.rate?.description)
      text.add(4, QueueKeys.limit.name, queue.limit.map { "\($0)" })
      text.add(4, QueueKeys.starveAfter.name, queue.starveAfter?.words)
      text.add(4, QueueKeys.timeout.name, queue.timeout?.words)
      text.add(4, QueueKeys.retry.name, queue.retry.text)
      text.add(4, QueueKeys.retryBudget.name, queue.retryBudget?.description)
      if queue.announcesFailures { text.add(4, QueueKeys.announce.name, QueueAnnouncement.failed.rawValue) }
    }
    add(engine.workers, to: &text)
    if !engine.redact.isEmpty { text.open(2, EngineKeys.redact.name) }
    for path in engine.redact { text.item(3, path.description) }
    if !engine.subscriptions.isEmpty { text.open(2, EngineKeys.subscriptions.name) }
    for subscription in engine.subscriptions {
      text.open(3, subscription.name.text)
      text.add(4, SubscriptionKeys.queue.name, subscription.queue?.text)
      text.add(4, SubscriptionKeys.enabled.name, "\(subscription.isEnabled)")
      text.add(4, SubscriptionKeys.where.name, subscription.where?.filter.text, isText: true)
    }
    if !engine.schedules.isEmpty { text.open(2, EngineKeys.schedules.name) }
    for schedule in engine.schedules { add(schedule, to: &text) }
  }

  private static func add(_ schedule: ScheduleDefinition, to text: inout Lines) {
    text.open(3, schedule.name.text)
    switch schedule.rule {
    case .every(let interval): text.add(4, ScheduleKeys.every.name, interval.words)
    case .cron(let expression, let zone):
      text.add(4, ScheduleKeys.cron.name, expression.description, isText: true)
      text.add(4, ScheduleKeys.timezone.name, zone.name, isText: true)
    }
    text.add(4, ScheduleKeys.worker.name, schedule.worker.text)
    text.add(4, ScheduleKeys.queue.name, schedule.queue.text)
    if !schedule.inputs.members.isEmpty { text.open(4, ScheduleKeys.inputs.name) }
    for input in schedule.inputs.members {
      if case .string(let value) = input.value {
        text.add(5, input.key, value, isText: true)
      } else {
        text.addJSON(5, input.key, input.value)
      }
    }
    text.add(4, ScheduleKeys.overlap.name, schedule.overlap.rawValue)
    text.add(4, ScheduleKeys.catchUp.name, schedule.catchUp.rawValue, isText: true)
    text.add(4, ScheduleKeys.enabled.name, "\(schedule.isEnabled)")
  }

  private static func add(_ workers: WorkersDefinition, to text: inout Lines) {
    text.open(2, EngineKeys.workers.name)
    text.add(3, WorkersKeys.processes.name, "\(workers.processes)")
    text.add(3, WorkersKeys.concurrency.name, "\(workers.concurrency)")
    text.add(3, WorkersKeys.shutdown.name, workers.shutdown.words)
    text.add(3, WorkersKeys.ready.name, workers.ready?.words)
    text.add(3, WorkersKeys.start.name, workers.start?.words)
    text.add(3, WorkersKeys.watchdog.name, workers.watchdog?.words)
    if workers.niceness != 0 { text.add(3, WorkersKeys.niceness.name, "\(workers.niceness)") }
    if workers.recycling != RecyclingDefinition() { text.open(3, WorkersKeys.recycle.name) }
    text.add(4, RecycleKeys.age.name, workers.recycling.age?.words)
    text.add(4, RecycleKeys.memory.name, workers.recycling.memory?.description)
    text.add(4, RecycleKeys.jobs.name, workers.recycling.jobs.map { "\($0)" })
    if let rule = workers.autoscaling {
      text.open(3, WorkersKeys.autoscale.name)
      text.add(4, AutoscaleKeys.maximum.name, "\(rule.maximum)")
      text.add(4, AutoscaleKeys.latency.name, rule.latency.words)
      text.add(4, AutoscaleKeys.calm.name, rule.calm.words)
    }
    if !workers.listen.isEmpty { text.open(3, WorkersKeys.listen.name) }
    for address in workers.listen { text.item(4, address.description) }
    if !workers.environment.isEmpty { text.open(3, WorkersKeys.environment.name) }
    for (name, value) in workers.environment.sorted(by: { $0.key < $1.key }) { text.add(4, name, value, isText: true) }
  }

  /// The lines of the file, two blanks for each level.
  struct Lines {
    var text = ""

    mutating func open(_ level: Int, _ key: String, isEmpty: Bool = false) {
      line(level, "\(YAMLScalar.text(key)):\(isEmpty ? " {}" : "")")
    }

    /// A key with its value, or nothing for a value that is not set.
    mutating func add(_ level: Int, _ key: String, _ value: String?, isText: Bool = false) {
      guard let value else { return }
      line(level, "\(YAMLScalar.text(key)): \(isText ? YAMLScalar.text(value) : YAMLScalar.value(value))")
    }

    /// A number, a boolean or null, which stays one without quotes.
    mutating func addJSON(_ level: Int, _ key: String, _ value: JSONValue) {
      line(level, "\(YAMLScalar.text(key)): \(value.text)")
    }

    mutating func item(_ level: Int, _ value: String) { line(level, "- \(YAMLScalar.text(value))") }

    private mutating func line(_ level: Int, _ content: String) {
      text += String(repeating: "  ", count: level) + content + "\n"
    }
  }
}
