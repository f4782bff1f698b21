import Bus
import BusProtocol
import Foundation
import Testing
import ZeroMQ

extension EndToEnd {
  /// Signed events over real programs: who signs, who looks, and what is refused.
  struct SigningTests {
    /// A realm in which events of users have to be signed, with a pair that signs for each name.
    private func realm(_ names: String...) async throws -> Realm {
      let realm = try Realm()
      try FileManager.default.createDirectory(atPath: realm.path("signers"), withIntermediateDirectories: true)
      for name in names {
        let made = try await realm.site.bus("keygen", name, "--signing", "--directory", realm.path("signers"))
        try #require(made.code == 0, "\(made.text)")
      }
      try await realm.prepare()
      try realm.writeTopology(access: "  signers: signers\n  signed: [\"user_*\"]\n")
      try await realm.start()
      return realm
    }

    private func configuration(_ realm: Realm, _ name: String, signing key: String?) throws -> BusConfiguration {
      var configuration = try realm.configuration(name)
      configuration.signingKey = try key.map { try SigningKey(contentsOf: realm.path("signers/\($0).sign")) }
      configuration.signers = try Signers(reading: realm.path("signers"))
      return configuration
    }

    private func withClient(
      _ realm: Realm, _ name: String, signing key: String? = nil, _ body: (BusClient) async throws -> Void
    ) async throws {
      let client = try BusClient(configuration(realm, name, signing: key))
      try await client.whileRunning { try await body(client) }
    }

    @Test func `S3-8 an event that has to be signed comes with its signer, and without a signature not at all`()
      async throws
    {
      let realm = try await realm("account", "search")
      try await withClient(realm, "account", signing: "account") { client in
        try await client.publish("user_changed", ["id": 1]).stored()
      }
      try await withClient(realm, "account") { client in
        let denied = client.publish("user_changed", ["id": 2])
        #expect(await realm.refusal { try await denied.stored() } == "denied")
      }
      // A key of somebody who may not publish it does not help who may.
      try await withClient(realm, "account", signing: "search") { client in
        let denied = client.publish("user_changed", ["id": 3])
        #expect(await realm.refusal { try await denied.stored() } == "denied")
      }
    }

    @Test func `S3-8 a listener knows the signer, and takes only what is signed when it says so`() async throws {
      let realm = try await realm("account")
      try await withClient(realm, "account", signing: "account") { client in
        try await client.publish("user_changed", ["id": 1]).stored()
      }
      try await withClient(realm, "ops") { client in try await client.publish("news", ["id": 2]).stored() }
      try await withClient(realm, "account", signing: "account") { client in
        try await client.publish("user_changed", ["id": 3]).stored()
      }
      try await withClient(realm, "listener") { client in
        var all: [String?] = []
        for try await event in client.events(["*"], from: .beginning) {
          all.append(event.signer?.text)
          if all.count == 3 { break }
        }
        #expect(all == ["account", nil, "account"])
        var signed: [Int64?] = []
        for try await event in client.events(["*"], from: .beginning).signed() {
          signed.append(try event.json["id"].flatMap(Int64.init(jsonValue:)))
          if signed.count == 2 { break }
        }
        #expect(signed == [1, 3])
      }
      let variables = realm.environment("listener").merging(["BUS_SIGNERS": realm.path("signers")]) { $1 }
      let tail = try await realm.site.bus(
        "tail", "*", "-n", "3", "--no-follow", "--json", environment: variables)
      #expect(tail.text.components(separatedBy: #""signer":"account""#).count == 3, "\(tail.text)")
    }

    @Test func `a signer whose key is removed is refused at the next event, and taken again with it`() async throws {
      let realm = try await realm("account")
      try await withClient(realm, "account", signing: "account") { client in
        try await client.publish("user_changed", ["id": 1]).stored()
        let key = realm.path("signers/account.verify")
        let kept = try Data(contentsOf: URL(filePath: key))
        try FileManager.default.removeItem(atPath: key)
        try await realm.reload()
        let denied = client.publish("user_changed", ["id": 2])
        #expect(await realm.refusal { try await denied.stored() } == "denied")
        try kept.write(to: URL(filePath: key))
        try await realm.reload()
        try await client.publish("user_changed", ["id": 3]).stored()
      }
      let aside = try String(contentsOfFile: realm.path("state/outbox/account/denied.jsonl"), encoding: .utf8)
      #expect(aside.split(separator: "\n").count == 1 && aside.contains("busd has no account.verify"), "\(aside)")
      try await realm.withClient("ops") { client in
        let counters = try await client.ask("status")["counters"]
        #expect(counters?["signatures_refused"] == 1)
        let answer = try await client.ask(
          "access", ["principal": "account", "right": "publish", "name": "user_changed"])
        #expect(answer["signed"] == "access.signed: user_*")
      }
    }

    @Test func `what comes past an outbox is refused where it has to be signed`() async throws {
      let realm = try await realm("account")
      let raw = try RawClient(of: realm, as: "account")
      _ = try await raw.exchange(.hello(Hello(role: .tool, process: "raw")))
      let publication = Publication(topic: "user_changed")
      #expect(try await raw.code(.publish(request: 1, publication: publication, data: Array("{}".utf8))) == "denied")
      let plain = try RawClient(of: realm, as: "account", kind: .pub, at: realm.intake)
      try await eventually("the plain message is refused") {
        try plain.send("user_changed", "{}")
        return realm.site.busd?.text.contains("account publish user_changed unsigned") ?? false
      }
      #expect(try await realm.head() == 0)
    }
  }

  /// Whose processes may come over a socket file.
  struct PeerTests {
    /// Connects as another user, and says how much of the greeting comes: nothing when it is turned away.
    private func knock(_ path: String, user: String) async throws -> String {
      let script = """
        alarm 30; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "cannot connect: $!";
        my $n = sysread($s, my $b, 10); print "read " . ($n // 0) . "\\n";
        """
      let program = try Program(
        "/usr/bin/setpriv",
        ["--reuid", user, "--regid", user, "--clear-groups", "perl", "-MIO::Socket::UNIX", "-e", script, path])
      _ = try await program.end()
      return program.text
    }

    @Test func `I30 another user's process is turned away at a socket file that it may open, unless it is named`()
      async throws
    {
      guard geteuid() == 0 else { return print("skipped: being another user needs root") }
      for (peers, expected) in [("", "read 0"), ("access: { peers: { users: [65534] } }", "read 10")] {
        let site = try Site()
        let file = try site.write("version: 1\n\(peers)\n", to: "bus.yaml")
        try await site.startBusd(["--topology", file])
        let socket = "\(site.directory)/run/busd.requests.ipc"
        chmod(site.directory, 0o755)
        chmod("\(site.directory)/run", 0o755)
        chmod(socket, 0o777)
        #expect(try await knock(socket, user: "0").contains("read 10"))
        let said = try await knock(socket, user: "65534")
        #expect(said.contains(expected), "\(said)")
      }
    }
  }
}
