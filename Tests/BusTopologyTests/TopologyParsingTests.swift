import BusProtocol
import BusTopology
import Testing

@Suite struct TopologyParsingTests {
  @Test func `TR11 the shop's engines, queues and priorities are those of its file`() throws {
    let shop = try Topology(contentsOf: ShopFile.shop)
    #expect(shop.engines.map(\.name.text) == ["account", "search", "billing"])
    #expect(shop.engines.map(\.binary) == ["shop", "shop", "shop"])
    #expect(shop.engines.map(\.arguments) == [["account"], ["search"], ["billing"]])
    #expect(try shop.queue(QueueName("account/refresh"))?.priority == -5000)
    #expect(try shop.queue(QueueName("account/refresh"))?.starveAfter == .seconds(600))
    let billing = try #require(shop.engine("billing"))
    #expect(billing.queuesByPriority.map(\.name.text) == ["charge", "default"])
    #expect(billing.subscription("invoice_created")?.queue?.text == "charge")
    #expect(shop.engines[1].workers == WorkersDefinition(processes: 2, concurrency: 16))
    #expect(shop.bus.spool.retain == Retention(age: .seconds(14 * 86_400), size: ByteCount(bytes: 20 << 30)))
  }

  @Test func `a queue's retry policy is the one that it names, or the standard one`() throws {
    let shop = try Topology(contentsOf: ShopFile.shop)
    let payment = RetryPolicy(attempts: 25, base: .seconds(30), maximum: .seconds(12 * 3600))
    #expect(try shop.retryPolicy(of: QueueName("billing/charge")) == payment)
    #expect(try shop.retryPolicy(of: QueueName("billing/default")) == .standard)
    #expect(try shop.retryPolicy(of: QueueName("nobody/nothing")) == .standard)
  }

  @Test func `a topic is kept as the first pattern that matches says, else as the spool`() throws {
    let shop = try Topology(contentsOf: ShopFile.shop)
    #expect(shop.retain(of: "user_changed") == .kept(Retention(age: .seconds(90 * 86_400))))
    #expect(shop.retain(of: "debug_sql") == .none)
    #expect(shop.retain(of: "invoice_created") == .asSpool)
  }

  @Test func `a file with only its version has every default`() throws {
    let topology = try Topology(parsing: "version: 1", file: "empty.yaml")
    #expect(topology == Topology())
    #expect(topology.retryPolicies == [.standard])
  }

  @Test func `an engine with only its binary has one queue, one process and eight hands`() throws {
    let topology = try Topology(parsing: "version: 1\nengines: { mail: { binary: mail } }", file: "f")
    let engine = try #require(topology.engines.first)
    #expect(engine.queues == [QueueDefinition(name: "default", priority: 100)])
    #expect(engine.workers == WorkersDefinition(processes: 1, concurrency: 8, shutdown: .seconds(30)))
    #expect(engine.subscriptions.isEmpty)
  }

  @Test func `sections and names with nothing behind them are empty`() throws {
    let text = """
      version: 1
      bus:
      topics:
        "user_*":
      retry:
        slow:
      engines:
        mail:
          binary: mail
          queues:
            default:
          workers:
          subscriptions:
            welcome:
      """
    let topology = try Topology(parsing: text, file: "f")
    #expect(topology.topics == [TopicDefinition(pattern: "user_*")])
    #expect(topology.retryPolicy("slow") == .standard)
    #expect(topology.engines[0].subscriptions == [SubscriptionWiring(name: "welcome")])
  }

  @Test func `the standard policy may be written anew, and policies may come after their use`() throws {
    let text = """
      version: 1
      engines: { a: { binary: a, queues: { default: { retry: quick }, other: {} } } }
      retry: { quick: { backoff: fixed, base: 500ms, jitter: none }, standard: { attempts: 3 } }
      """
    let topology = try Topology(parsing: text, file: "f")
    #expect(topology.retryPolicies.map(\.name.text) == ["quick", "standard"])
    #expect(try topology.retryPolicy(of: QueueName("a/other")) == RetryPolicy(attempts: 3))
    #expect(
      try topology.retryPolicy(of: QueueName("a/default"))
        == RetryPolicy(backoff: .fixed, base: .milliseconds(500), jitter: .none))
  }

  @Test func `what looks like a number or a boolean stays text where the key declares text`() throws {
    let text = """
      version: 1
      engines:
        a:
          binary: 1.10
          arguments: [no, on, 1.10, 12:30, ~, null, 0x1F, ""]
          workers: { env: { NO: no, TIME: 12:30, NOTHING: "", Y: 'y' } }
          queues: { no: { priority: 1 }, on: {}, 1.10: {}, 12: {} }
      """
    let engine = try Topology(parsing: text, file: "f").engines[0]
    #expect(engine.binary == "1.10")
    #expect(engine.arguments == ["no", "on", "1.10", "12:30", "~", "null", "0x1F", ""])
    #expect(engine.workers.environment == ["NO": "no", "TIME": "12:30", "NOTHING": "", "Y": "y"])
    #expect(engine.queues.map(\.name.text) == ["no", "on", "1.10", "12"])
  }

  @Test func `JSON is read too, and lines may end as on Windows`() throws {
    let json = #"{"version": 1, "engines": {"a": {"binary": "x", "workers": {"processes": 0}}}}"#
    #expect(try Topology(parsing: json, file: "f").engines[0].workers.processes == 0)
    let lines = try ShopFile.text(ShopFile.shop).split(separator: "\n", omittingEmptySubsequences: false)
    let windows = "\u{FEFF}" + lines.joined(separator: "\r\n")
    #expect(try Topology(parsing: windows, file: "f") == Topology(contentsOf: ShopFile.shop))
  }

  @Test func `definitions know where their names stand, and are equal wherever they do`() throws {
    let near = try Topology(parsing: "version: 1\nengines:\n  a: { binary: b, queues: { q: {} } }", file: "near")
    let far = try Topology(parsing: "\n\nversion: 1\nengines:\n   a: { binary: b, queues: { q: {} } }", file: "far")
    #expect(near.engines[0].position.description == "near:3:3")
    #expect(far.engines[0].queues[0].position.description == "far:5:30")
    #expect(near == far)
  }

  @Test func `endpoints are loopback addresses and socket files`() throws {
    let text = """
      version: 1
      bus:
        publish: tcp://127.0.0.1:5570
        subscribe: ipc:///run/bus/subscribe
        intake: ipc://\(String(repeating: "x", count: 107))
        store: sqlite:/var/lib/bus/jobs.db
        spool: { dir: spool }
      """
    let bus = try Topology(parsing: text, file: "f").bus
    #expect(bus.publish?.transport == .tcp(host: "127.0.0.1", port: 5570))
    #expect(bus.subscribe?.description == "ipc:///run/bus/subscribe")
    #expect(bus.store == .sqlite(path: "/var/lib/bus/jobs.db"))
    #expect(bus.spool.directory == "spool")
  }

  @Test(arguments: [
    "tcp://", "tcp://:1", "tcp://127.0.0.1:", "tcp://127.0.0.1:0", "tcp://127.0.0.1:+1", "tcp://127.0.0.256:1",
    "tcp://127.1:1", "tcp://127.0.0.0.1:1", "tcp://127.0.0.1:٣", "tcp://*:1", "tcp://eth0:1", "ipc://", "ipc://*",
    "ipc://a b", "ipc://a\u{0}", "inproc://x", "udp://127.0.0.1:1", "",
  ])
  func `what is no endpoint is refused`(_ text: String) { #expect(Endpoint(text) == nil) }
}
