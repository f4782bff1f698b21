import Bus
import BusProtocol
import Foundation
import Testing
import ZeroMQ

extension EndToEnd {
  /// Who comes in over the network, and who may do what there.
  struct AccessTests {
    @Test func `I31 each verb is allowed to who may, and denied to who may not`() async throws {
      let realm = try Realm()
      try await realm.prepare()
      try await realm.start()
      try await realm.withClient("account") { client in
        try await client.publish("user_changed", ["id": 1]).stored()
        let denied = client.publish("order_paid")
        #expect(await realm.refusal { try await denied.stored() } == "denied")
        // What comes behind it is not held up.
        try await client.publish("user_changed", ["id": 2]).stored()
        #expect(await realm.refusal { _ = try await client.ask("queues") } == "denied")
        #expect(await realm.refusal { _ = try await client.ask("status") } == nil)
        let place = realm.path("state/outbox/account/denied.jsonl")
        let aside = try String(contentsOfFile: place, encoding: .utf8)
        #expect(aside.split(separator: "\n").count == 1 && aside.contains("order_paid"))
      }
      let search = realm.environment("search")
      let read = try await realm.site.bus("tail", "user_*", "-n", "2", "--no-follow", environment: search)
      #expect(read.code == 0 && read.text.contains("user_changed"), "\(read.text)")
      func code(_ arguments: [String], as name: String) async throws -> Int32 {
        let program = try realm.site.start("bus", arguments, environment: realm.environment(name))
        return try await program.end()
      }
      #expect(try await code(["enqueue", "search.Work"], as: "account") == 0)
      #expect(try await code(["enqueue", "billing.Work"], as: "account") == 1)
      #expect(try await code(["enqueue", "billing.Work"], as: "ops") == 0)
      #expect(try await code(["queues", "pause", "search/default"], as: "search") == 1)
      #expect(try await code(["queues", "pause", "search/default"], as: "ops") == 0)
      try await realm.withClient("ops") { client in
        let counters = try await client.ask("status")["counters"]
        let denied = counters?["denied"].flatMap { UInt64(jsonValue: $0) } ?? 0
        #expect(denied >= 4)
      }
      let said = realm.site.busd?.lines.count { $0.contains("account publish order_paid") }
      #expect(said == 1, "said once: \(realm.site.busd?.text ?? "")")
    }

    @Test func `I30 nobody comes in without a key, with an unknown one, or to another server`() async throws {
      let realm = try Realm()
      try await realm.prepare()
      try await realm.start()
      try await realm.makeKeys("other", in: ".")
      for (name, server, word) in [
        ("stranger", "busd.pub", "busd does not know its key"), ("account", "other.pub", "BUS_SERVER_KEY"),
      ] {
        let program = try realm.site.start(
          "bus", ["publish", "user_changed", "--timeout", "2s"], environment: realm.environment(name, server: server))
        #expect(try await program.end() != 0)
        let queues = try await realm.site.bus("queues", environment: realm.environment(name, server: server))
        #expect(queues.code == 1 && queues.text.contains(word), "\(queues.text)")
      }
      let keyless = try await realm.site.bus("queues", environment: ["BUS_ENDPOINT": realm.endpoint])
      #expect(keyless.code == 1 && keyless.text.contains("BUS_KEY_FILE"), "\(keyless.text)")
      try await realm.withClient("ops") { client in
        let status = try await client.ask("status")
        #expect(status["head"] == 0 && status["sessions"] == 1)
      }
    }

    @Test func `a key that is removed loses its rights at the next message, and gets them back`() async throws {
      let realm = try Realm()
      try await realm.prepare()
      try await realm.start()
      try await realm.withClient("account") { client in
        try await client.publish("user_changed", ["id": 1]).stored()
        let key = realm.path("keys/account.pub")
        let kept = try Data(contentsOf: URL(filePath: key))
        try FileManager.default.removeItem(atPath: key)
        try await realm.reload()
        let waiting = client.publish("user_changed", ["id": 2])
        #expect(await realm.refusal { _ = try await client.ask("status", timeout: .seconds(1)) } != nil)
        #expect(try await realm.head() == 1)
        try kept.write(to: URL(filePath: key))
        try await realm.reload()
        try await waiting.stored(timeout: .seconds(60))
      }
      #expect(try await realm.head() == 2)
    }

    @Test func `a client that is refused comes in by itself once it may`() async throws {
      let realm = try Realm()
      try await realm.prepare(["ops"])
      try await realm.start()
      try await realm.withClient("keyless") { client in
        let receipt = client.publish("user_changed")
        try await eventually("it is told why") {
          await realm.refusal { _ = try await client.ask("status", timeout: .seconds(1)) } == "not_admitted"
        }
        try FileManager.default.copyItem(atPath: realm.path("keyless.pub"), toPath: realm.path("keys/keyless.pub"))
        try await realm.reload()
        try await receipt.stored(timeout: .seconds(60))
      }
    }

    @Test func `a rule that is taken away counts at once, and bad files change nothing`() async throws {
      let realm = try Realm()
      try await realm.prepare()
      let busd = try await realm.start()
      try await realm.withClient("account") { client in
        try await client.publish("user_changed").stored()
        try realm.writeTopology(rules: "    account: { publish: [\"order_*\"] }\n    ops: { admin: [\"*\"] }\n")
        try await realm.reload()
        #expect(await realm.refusal { try await client.publish("user_changed").stored() } == "denied")
        try await client.publish("order_paid").stored()
        _ = try realm.site.write("version: 1\naccess: { principels: {} }\n", to: "bus.yaml")
        busd.signal(SIGHUP)
        try await eventually("busd refuses the file: \(busd.text)") { busd.text.contains("stay as they were") }
        try await client.publish("order_paid").stored()
      }
    }

    @Test func `who may hear some topics hears those, live and from the spool, and no other`() async throws {
      let realm = try Realm()
      try await realm.prepare()
      try await realm.start()
      for (name, expected) in [
        ("search", ["user_changed", "user_gone"]), ("listener", ["user_changed", "order_paid"]),
      ] {
        let tail = try realm.site.start(
          "bus", ["tail", "--count", "2", "--json"], environment: realm.environment(name))
        try await realm.withClient("ops") { client in
          try await eventually("it listens: \(tail.text)") {
            guard case .array(let list)? = try await client.ask("sessions")["sessions"] else { return false }
            return list.contains { $0["role"] == "tool" }
          }
          var numbers = 0
          try await eventually("it has heard two: \(tail.text)") {
            numbers += 1
            for topic in ["user_changed", "order_paid", "user_gone"] {
              try await client.publish(Topic(topic), ["n": numbers.jsonValue]).stored()
            }
            return !tail.isRunning
          }
        }
        #expect(try await tail.end() == 0)
        let heard = tail.lines.compactMap { try? JSONParser.parse(Array($0.utf8))["type"] }
        #expect(heard == expected.map { .string($0) }, "\(tail.text)")
      }
    }

    @Test func `a plain publisher publishes what it may`() async throws {
      let realm = try Realm()
      try await realm.prepare()
      try await realm.start()
      let plain = try RawClient(of: realm, as: "account", kind: .pub, at: realm.intake)
      let stranger = try RawClient(of: realm, as: "stranger", kind: .pub, at: realm.intake)
      // What is sent before the connection stands is gone.
      try await eventually("something comes through") {
        try stranger.send("user_unknown", "{}")
        try plain.send("order_paid", "{}")
        try plain.send("user_changed", "{}")
        return (try await realm.head() ?? 0) > 0
      }
      let read = try await realm.site.bus("tail", "--no-follow", "-n", "100", environment: realm.environment("ops"))
      #expect(read.text.contains("user_changed"))
      #expect(!read.text.contains("order_paid") && !read.text.contains("user_unknown"), "\(read.text)")
    }

    @Test func `beyond this machine busd does not start without keys`() async throws {
      let site = try Site()
      let port = 10_000 + Int.random(in: 0..<21_000)
      for arguments in [["--requests", "tcp://0.0.0.0:\(port)"], ["--insecure", "--live", "tcp://0.0.0.0:\(port)"]] {
        let busd = try site.start("busd", arguments)
        #expect(try await busd.end() == 78)
        #expect(busd.text.contains("without keys"), "\(busd.text)")
      }
      let realm = try Realm()
      try await realm.prepare()
      chmod(realm.path("busd.key"), 0o644)
      let exposed = try realm.site.start("busd", ["--topology", realm.path("bus.yaml")])
      #expect(try await exposed.end() == 78)
      #expect(exposed.text.contains("chmod 600"), "\(exposed.text)")
    }

    @Test func `a subscription to what may not be heard is refused`() async throws {
      let realm = try Realm()
      try await realm.prepare()
      try await realm.start()
      let wire = try RawClient(of: realm, as: "search")
      guard case .welcome(let welcome) = try await wire.exchange(.hello(Hello(role: .engine, process: "raw"))) else {
        Issue.record("no welcome")
        return
      }
      #expect(welcome.live.isEmpty, "who may not hear all has no live endpoint")
      func wish(_ name: String, _ pattern: TopicPattern) async throws -> String? {
        let wish = SubscriptionWish(name: try SubscriptionName(name), patterns: [pattern])
        return try await wire.code(.subscribe(request: 1, subscriptions: [wish]))
      }
      #expect(try await wish("search/user_index", "user_*") == nil)
      #expect(try await wish("search/everything", "*") == "denied")
      #expect(try await wish("billing/users", "user_*") == "denied")
      let queues = [try QueueName("search/default"), try QueueName("billing/default")]
      let hands = Hands(engine: "search", queues: queues, workers: ["Index"], concurrency: 1)
      #expect(try await wire.code(.hands(hands)) == "denied")
      #expect(
        try await wire.code(.read(request: 2, after: .zero, patterns: ["order_paid"], limit: 1)) == "denied")
      #expect(try await wire.code(.ask(request: 3, about: "job", parameters: ["id": "01"])) == "denied")
    }
  }
}
