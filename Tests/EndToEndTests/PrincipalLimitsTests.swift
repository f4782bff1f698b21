import Bus
import BusProtocol
import Testing

extension EndToEnd {
  /// What the processes of a principal may have and send together.
  struct PrincipalLimitsTests {
    @Test func `processes of a principal share its limits, and are told when to come again`() async throws {
      let realm = try Realm()
      try await realm.prepare()
      let rules = Realm.rules.replacing(
        #"account: {"#, with: #"account: { limits: { sessions: 1, events: 1/m },"#)
      try realm.writeTopology(rules: rules)
      try await realm.start()
      try await realm.withClient("account") { client in
        try await client.publish("user_changed", ["id": 1]).stored()
        try await client.publish("user_changed", ["id": 2]).stored()
        let late = client.publish("user_changed", ["id": 3])
        #expect(await realm.refusal { try await late.stored(timeout: .seconds(1)) } != nil)
        let second = try await realm.site.bus("auth", "sessions", environment: realm.environment("account"))
        #expect(second.code != 0, "\(second.text)")
        let sessions = try await realm.site.bus("auth", "sessions", environment: realm.environment("ops"))
        #expect(sessions.code == 0, "\(sessions.text)")
        let lines = sessions.text.split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("account ") } && lines.contains { $0.hasPrefix("ops ") })
      }
      try await realm.withClient("ops") { client in
        let counters = try await client.ask("status")["counters"]
        #expect(counters?["requests_put_off"].flatMap { UInt64(jsonValue: $0) } ?? 0 >= 1)
        #expect(counters?["sessions_refused"].flatMap { UInt64(jsonValue: $0) } ?? 0 >= 1)
      }
    }

    @Test func `processes of a principal have so many subscriptions together, until one ends`() async throws {
      let realm = try Realm()
      try await realm.prepare()
      try realm.writeTopology(
        rules: Realm.rules.replacing(#"search: {"#, with: #"search: { limits: { subscriptions: 2 },"#))
      try await realm.start()
      let first = try await engine(of: realm)
      let second = try await engine(of: realm)
      #expect(try await refusal(first, "search/a", "search/b") == nil)
      // The same one is counted once, however many processes take turns at it.
      #expect(try await refusal(second, "search/b") == nil)
      let refused = try #require(try await refusal(second, "search/c"))
      #expect(refused.code == "too_many_subscriptions" && refused.retryAfter != nil)
      #expect(refused.message.contains("the processes of search have 3 subscriptions, their limit is 2"))
      try await first.send(.bye)
      try await eventually("there is room for another one") { try await self.refusal(second, "search/c") == nil }
    }

    private func engine(of realm: Realm) async throws -> RawClient {
      let engine = try RawClient(of: realm, as: "search")
      let reply = try await engine.exchange(.hello(Hello(role: .engine, process: "raw")))
      guard case .welcome = reply else {
        Issue.record("busd does not let it in: \(reply)")
        return engine
      }
      return engine
    }

    private func refusal(_ engine: RawClient, _ names: String...) async throws -> Refusal? {
      let wishes = try names.map {
        SubscriptionWish(name: try SubscriptionName($0), patterns: ["user_*"])
      }
      return try await engine.refusal(.subscribe(request: 1, subscriptions: wishes))
    }
  }
}
