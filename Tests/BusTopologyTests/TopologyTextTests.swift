import BusProtocol
import BusTopology
import Testing

@Suite struct TopologyTextTests {
  private func reparsed(_ topology: Topology) throws -> Topology {
    try Topology(parsing: TopologyText.yaml(topology), file: "shown.yaml")
  }

  @Test func `what is shown of the shop parses to the same shop, and is shown the same again`() throws {
    let shop = try Topology(contentsOf: ShopFile.shop)
    let again = try reparsed(shop)
    #expect(again == shop)
    #expect(TopologyText.yaml(again) == TopologyText.yaml(shop))
  }

  @Test func `every default is filled in`() throws {
    let topology = try Topology(parsing: "version: 1\nengines: { mail: { binary: mail } }", file: "f")
    #expect(
      TopologyText.yaml(topology) == """
        version: 1
        retry:
          standard:
            attempts: 8
            backoff: exponential
            base: 2s
            max: 1h
            jitter: full
        engines:
          mail:
            binary: mail
            queues:
              default:
                priority: 100
                retry: standard
            workers:
              processes: 1
              concurrency: 8
              shutdown: 30s

        """)
  }

  @Test func `rules, signatures, peers and limits survive`() throws {
    let text = """
      version: 1
      access:
        keys: keys
        key: busd.key
        signers: /etc/bus/signers
        signed: ["order_*", user_changed]
        signed_within: 90m
        seal: busd.sign
        peers: { users: [web, 1001], groups: ["17"] }
        principals:
          account:
            publish: ["user_*"]
            limits: { sessions: 3, subscriptions: 4, events: 100/s, bytes: 5MiB }
          idle: {}
      """
    let topology = try Topology(parsing: text, file: "f")
    let access = try #require(topology.access)
    #expect(access.signing.window == .seconds(5400) && access.signing.rule(for: "order_paid")?.text == "order_*")
    #expect(access.peers == PeerDefinition(users: ["web", "1001"], groups: ["17"]))
    #expect(access.principals.first?.limits.bytes == ByteCount(bytes: 5 << 20))
    let again = try reparsed(topology)
    #expect(again == topology && again.access == access)
  }

  @Test func `every key and every odd text survives`() throws {
    let odd = [
      "", " ", "no", "~", "1.10", "12:30", "- a", "a: b", "a #b", "*x", "&x", "!x", "{}", "'", "\"", "\\", "é", "👩🏽‍🚀",
      "a\nb\n", "\t", "\r\n", "\u{1}", "\u{7F}", "\u{85}", "\u{2028}", "x\u{FEFF}", "\u{FFFE}", "a:", "null", "\u{A0}",
    ]
    var workers = WorkersDefinition(
      processes: 0, concurrency: 3, shutdown: .zero,
      environment: Dictionary(uniqueKeysWithValues: odd.enumerated().map { ("V\($0)", $1) }))
    workers.ready = .milliseconds(1500)
    workers.watchdog = .seconds(60)
    workers.start = .seconds(90)
    workers.autoscaling = AutoscaleDefinition(maximum: 7, latency: .milliseconds(1500), calm: .seconds(90))
    workers.niceness = 19
    workers.recycling = RecyclingDefinition(age: .seconds(86_400), memory: ByteCount(bytes: 512 << 20), jobs: 9)
    var strict = QueueDefinition(name: "strict")
    strict.timeout = .milliseconds(90_500)
    strict.retryBudget = RateLimit(100, per: .minute, burst: 7)
    strict.announcesFailures = true
    let engine = EngineDefinition(
      name: "true", binary: "10", arguments: odd,
      queues: [
        QueueDefinition(name: "12", priority: -5, starveAfter: .milliseconds(1001)),
        QueueDefinition(name: ":x-", retry: "-"), strict,
      ],
      workers: workers,
      subscriptions: [
        SubscriptionWiring(name: "no", queue: "12", isEnabled: false),
        SubscriptionWiring(name: "1e3"),
      ])
    var limits = LimitsDefinition(payload: 1 << 20, sessions: 7, subscriptions: 1)
    limits.events = RateLimit(5000, per: .second, burst: 3)
    limits.bytes = ByteCount(bytes: 1001)
    let topology = Topology(
      bus: BusDefinition(
        publish: Endpoint("tcp://127.0.0.1:5570"), subscribe: Endpoint("ipc:///run/#b"), intake: Endpoint("ipc://x:"),
        spool: SpoolDefinition(directory: "- 7", retain: Retention(age: .seconds(90), size: ByteCount(bytes: 1000))),
        store: .sqlite(path: "/a b: #c"), limits: limits),
      topics: [
        TopicDefinition(pattern: "*", retain: .none), TopicDefinition(pattern: "a*b", retain: .kept(Retention())),
        TopicDefinition(pattern: "x", retain: .kept(Retention(age: .seconds(3600)))), TopicDefinition(pattern: "y"),
      ],
      retryPolicies: [
        RetryPolicyDefinition(
          name: "-", policy: RetryPolicy(attempts: 1, backoff: .fixed, base: .zero, jitter: .none)),
        .standard,
      ],
      engines: [engine])
    let again = try reparsed(topology)
    #expect(again.bus == topology.bus)
    #expect(again.topics == topology.topics)
    #expect(again.engines.first?.arguments == odd)
    #expect(again.engines.first?.workers == engine.workers)
    #expect(again == topology)
    #expect(TopologyText.yaml(topology).contains("\n  \"true\":\n    binary: \"10\"\n"))
  }
}
