internal import BusProtocol

extension TopologyReader {
  mutating func topology(_ root: YAMLNode) -> Topology? {
    guard let fields = fields(root, TopologyKeys.table, of: "the topology") else { return nil }
    _ = value(TopologyKeys.version, in: fields)
    let policies = retryPolicies(fields)
    var topology = Topology(
      bus: bus(fields), topics: topics(fields), retryPolicies: policies,
      engines: engines(fields, policies: policies.map(\.name)), position: position(fields.place))
    topology.access = access(fields)
    refuseOpenEndpoints(of: topology.bus, access: topology.access, in: fields)
    return topology
  }

  private mutating func bus(_ root: Fields) -> BusDefinition {
    guard let node = root.node(TopologyKeys.bus), let fields = fields(node, BusKeys.table, of: "bus") else {
      return BusDefinition()
    }
    let bus = BusDefinition(
      publish: value(BusKeys.publish, in: fields), subscribe: value(BusKeys.subscribe, in: fields),
      intake: value(BusKeys.intake, in: fields), spool: spool(fields), store: value(BusKeys.store, in: fields),
      limits: limits(fields))
    refuseSharedEndpoints(of: bus, in: fields)
    return bus
  }

  /// Two sockets cannot listen in one place.
  private mutating func refuseSharedEndpoints(of bus: BusDefinition, in fields: Fields) {
    var owners: [Endpoint: String] = [:]
    let endpoints = [
      (BusKeys.publish.entry, bus.publish), (BusKeys.subscribe.entry, bus.subscribe),
      (BusKeys.intake.entry, bus.intake),
    ]
    for case (let key, let endpoint?) in endpoints {
      if let owner = owners[endpoint], let node = fields.node(key) {
        report(
          at: node.place, "\(key.name) has the endpoint of \(owner): \(endpoint)",
          help: "give each its own port or path")
      }
      owners[endpoint] = key.name
    }
  }

  private mutating func spool(_ bus: Fields) -> SpoolDefinition {
    guard let node = bus.node(BusKeys.spool), let fields = fields(node, SpoolKeys.table, of: "bus.spool") else {
      return SpoolDefinition()
    }
    let retain = fields.node(SpoolKeys.retain).flatMap {
      self.fields($0, RetainKeys.spool, of: "bus.spool.retain")
    }
    return SpoolDefinition(
      directory: value(SpoolKeys.directory, in: fields),
      retain: retain.map {
        Retention(age: value(RetainKeys.age, in: $0), size: value(RetainKeys.size, in: $0))
      } ?? Retention())
  }

  private mutating func topics(_ root: Fields) -> [TopicDefinition] {
    named(TopologyKeys.topics, in: root, "a topic pattern", .topicPattern) { try TopicPattern($0) }.compactMap {
      guard let fields = fields($0.node, TopicKeys.table, of: "topic \($0.name)", at: $0.place) else { return nil }
      let redact = list(TopicKeys.redact, TopicKeys.redacted, what: "a path", in: fields)
      return TopicDefinition(pattern: $0.name, retain: retain(fields), redact: redact, position: position($0.place))
    }
  }

  private mutating func retain(_ topic: Fields) -> TopicDefinition.Retain {
    guard let node = topic.node(TopicKeys.retain) else { return .asSpool }
    switch node.content {
    case .text(RetainKeys.nothing, _): return .none
    case .map:
      guard let fields = fields(node, RetainKeys.topic, of: "retain of \(topic.owner)") else { return .asSpool }
      return .kept(Retention(age: value(RetainKeys.age, in: fields)))
    case .refused: return .asSpool
    case .text, .list:
      report(
        at: node.place, "retain must be '\(RetainKeys.nothing)' or a map, found \(node.shown)",
        help: "for example '\(TopicKeys.retain.example)'")
      return .asSpool
    }
  }

  /// The policies of the file, and the standard one before them unless the file has its own.
  private mutating func retryPolicies(_ root: Fields) -> [RetryPolicyDefinition] {
    let written: [RetryPolicyDefinition] = named(
      TopologyKeys.retry, in: root, "a retry policy", .name, { try Name($0) }
    ).map { policy in
      let place = position(policy.place)
      guard let fields = fields(policy.node, RetryKeys.table, of: "retry policy \(policy.name)", at: policy.place)
      else { return RetryPolicyDefinition(name: policy.name, policy: .standard, position: place) }
      return RetryPolicyDefinition(name: policy.name, policy: retryPolicy(fields), position: place)
    }
    let standard = RetryPolicyDefinition.standard
    return written.contains { $0.name == standard.name } ? written : [standard] + written
  }

  private mutating func retryPolicy(_ fields: Fields) -> RetryPolicy {
    let standard = RetryPolicy.standard
    let policy = RetryPolicy(
      attempts: value(RetryKeys.attempts, in: fields) ?? standard.attempts,
      backoff: value(RetryKeys.backoff, in: fields) ?? standard.backoff,
      base: value(RetryKeys.base, in: fields) ?? standard.base,
      maximum: value(RetryKeys.maximum, in: fields) ?? standard.maximum,
      jitter: value(RetryKeys.jitter, in: fields) ?? standard.jitter)
    if policy.base > policy.maximum {
      let node = fields.node(RetryKeys.base.entry) ?? fields.node(RetryKeys.maximum.entry)
      report(
        at: node?.place ?? fields.place,
        "base \(policy.base.words) is longer than max \(policy.maximum.words) in \(fields.owner)",
        help: "write a longer 'max' or a shorter 'base'")
    }
    return policy
  }
}
