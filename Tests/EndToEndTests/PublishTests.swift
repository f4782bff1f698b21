import Bus
import BusProtocol
import BusSpool
import Foundation
import Testing

extension EndToEnd {
  /// What `publish` promises, with the real daemon killed or frozen under it.
  struct PublishTests {
    /// The events of a topic that busd has, by reading all of its spool.
    private func stored(_ client: BusClient, _ pattern: TopicPattern) async throws -> [Event] {
      var events: [Event] = []
      let head = Offset(try #require(UInt64(jsonValue: try await client.ask("status")["head"] ?? .null)))
      guard head > .zero else { return [] }
      for try await event in client.events([pattern, "last"], from: .beginning) {
        if event.topic != "last" { events.append(event) }
        if event.offset >= head { break }
      }
      return events
    }

    private func numbers(_ events: [Event]) throws -> [Int] { try events.map { try $0["number"] } }

    @Test func `S1-1 with busd frozen publish returns at once, and later all arrives in order, once`() async throws {
      let site = try Site()
      let busd = try await site.startBusd()
      try await site.withClient { client in
        try await client.publish("counted", ["number": 0]).stored()
        busd.signal(SIGSTOP)
        var calls: [Duration] = []
        for number in 1...2000 {
          let before = ContinuousClock.now
          client.publish("counted", ["number": number.jsonValue])
          calls.append(.now - before)
        }
        busd.signal(SIGCONT)
        // The rest of the machine may take the processor away from one call or the other.
        let slow = calls.count { $0 >= .milliseconds(5) }
        #expect(slow <= 20, "\(slow) of 2000 calls took 5 ms or more")
        try await client.publish("last").stored(timeout: .seconds(30))
        #expect(try numbers(try await stored(client, "counted")) == Array(0...2000))
      }
    }

    @Test func `S1-1 with busd killed publish returns at once, and later all arrives in order, once`() async throws {
      let site = try Site()
      try await site.startBusd()
      try await site.withClient { client in
        try await client.publish("counted", ["number": 0]).stored()
        try await site.killBusd()
        var calls: [Duration] = []
        for number in 1...2000 {
          let before = ContinuousClock.now
          client.publish("counted", ["number": number.jsonValue])
          calls.append(.now - before)
        }
        // The rest of the machine may take the processor away from one call or the other.
        let slow = calls.count { $0 >= .milliseconds(5) }
        #expect(slow <= 20, "\(slow) of 2000 calls took 5 ms or more")
        try await site.startBusd()
        try await client.publish("last").stored(timeout: .seconds(30))
        #expect(try numbers(try await stored(client, "counted")) == Array(0...2000))
      }
    }

    @Test func `I11 what a publisher killed right after its last call had published arrives through its successor`()
      async throws
    {
      let site = try Site()
      // No busd yet: everything is in the outbox alone when the publisher dies.
      let publisher = try site.start("BusFixture", ["publish", "500"])
      #expect(try await publisher.end() == 128 + SIGKILL)
      try await site.startBusd()
      try await site.withClient(service: "fixture") { client in
        try await eventually("the adopted events are in the spool") {
          try await client.ask("status")["head"] == 500
        }
        let keys: [Int] = try await stored(client, "noted").map { try $0["key"] }
        #expect(keys == Array(1...500))
      }
    }

    @Test func `I1 kill -9 of busd at random moments loses, doubles and skips nothing`() async throws {
      let site = try Site()
      let cycles = 50
      try await site.startBusd()
      let fixture = try await site.startEngine()
      try await site.withClient { client in
        var published = 0
        for _ in 0..<cycles {
          let lifetime = Duration.milliseconds(Int.random(in: 1...60))
          let deadline = ContinuousClock.now + lifetime
          repeat {
            for _ in 0..<20 {
              published += 1
              client.publish("counted", ["number": published.jsonValue])
            }
            await Task.yield()
          } while ContinuousClock.now < deadline
          try await site.killBusd()
          try await site.startBusd()
        }
        try await client.publish("last").stored(timeout: .seconds(60))
        let events = try await stored(client, "*")
        #expect(events.map(\.offset.rawValue) == Array(1...UInt64(events.count)), "offsets have no gap")
        #expect(try numbers(events.filter { $0.topic == "counted" }) == Array(1...published))
        try await eventually(within: .seconds(120), "every event became one finished job") {
          let queue = try await client.ask("queues")["queues"]
          guard case .array(let queues)? = queue else { return false }
          return queues.contains { $0["queue"] == "fixture/default" && $0["done"] == published.jsonValue }
        }
        let runs = Dictionary(grouping: site.evidence.filter { $0[0] == "count" }) { $0[1] }
        #expect(runs.count == published, "each was run")
        for run in runs.values where run.count > 1 {
          // More than one run is more than one attempt of one job, never two jobs.
          #expect(Set(run.map { $0[2] }).count == run.count, "ran twice as one attempt: \(run)")
        }
      }
      fixture.signal(SIGTERM)
      #expect(try await fixture.end() == 0)
    }

    @Test func `P4 a subscription that begins at the past reads all, and one that was away catches up`() async throws {
      let site = try Site()
      try await site.startBusd()
      try await site.withClient { client in
        for number in 1...300 { client.publish("counted", ["number": number.jsonValue]) }
        try await client.publish("last").stored()
        #expect(try numbers(try await stored(client, "counted")) == Array(1...300))
      }
    }

    @Test func `P4 a cursor that is put back has the events handled again, and one that nobody runs is forgotten`()
      async throws
    {
      let site = try Site()
      try await site.startBusd()
      let program = try await site.startEngine()
      try await site.withClient { client in
        for number in 1...20 { client.publish("counted", ["number": number.jsonValue]) }
        try await eventually("all are handled") { site.evidence.count == 20 }
        let dry = try await site.bus("subs", "seek", "fixture/counted", "#15", "--dry-run")
        #expect(dry.code == 0 && dry.text.contains("would go on: fixture/counted goes on behind #15, was at #20"))
        let back = try await site.bus("subs", "seek", "fixture/counted", "#15")
        #expect(back.text == "fixture/counted goes on behind #15, was at #20: 5 events are looked at again\n")
        try await eventually("five are handled again") { site.evidence.count == 25 }
        #expect(Set(site.evidence.suffix(5).map { $0[1] }) == ["16", "17", "18", "19", "20"])

        let refused = try await site.bus("subs", "rm", "fixture/counted")
        #expect(refused.code == 1 && refused.text.contains("runs subscription fixture/counted"))
        program.signal(SIGTERM)
        #expect(try await program.end() == 0)
        #expect(try await site.bus("subs", "rm", "fixture/counted").code == 0)
        #expect(try await site.bus("subs", "rm", "fixture/counted").code == 4)
        #expect(try await site.bus("subs", "seek", "fixture/counted", "now").code == 4)
        #expect(try await site.bus("subs", "ls", "fixture").text.contains("fixture/noted"))
        #expect(try await !site.bus("subs", "fixture").text.contains("fixture/counted"))
      }
    }

    @Test func `I12 a subscriber frozen for ten seconds under load misses nothing and slows nobody`() async throws {
      let site = try Site()
      try await site.startBusd()
      let tail = try site.start("bus", ["tail", "counted", "--json", "--count", "20000"])
      try await site.withClient { client in
        try await eventually("tail listens") {
          guard case .array(let sessions)? = try await client.ask("sessions")["sessions"] else { return false }
          return sessions.contains { $0["role"] == "tool" }
        }
        try await client.publish("counted", ["number": 0]).stored()
        try await eventually("tail shows an event") { tail.lines.contains { $0.contains("\"counted\"") } }
        tail.signal(SIGSTOP)
        let begin = ContinuousClock.now
        var slowest: Duration = .zero
        for batch in 0..<100 {
          for number in 1...200 { client.publish("counted", ["number": (batch * 200 + number).jsonValue]) }
          let before = ContinuousClock.now
          try await client.publish("last").stored()
          slowest = max(slowest, .now - before)
          let next = begin + .milliseconds(100 * (batch + 1))
          try await eventually("the next tenth of a second") { ContinuousClock.now >= next }
        }
        tail.signal(SIGCONT)
        #expect(slowest < .seconds(2), "an acknowledgement took \(slowest)")
        #expect(try await tail.end(within: .seconds(60)) == 0)
        let seen: [Int] = try tail.lines.filter { $0.hasPrefix("{") }.map { line in
          Int(jsonValue: try JSONParser.parse(Array(line.utf8))["data"]?["number"] ?? .null) ?? -1
        }
        #expect(seen == Array(0..<20_000))
      }
    }

    @Test func `an event is shown by bus tail within a second`() async throws {
      let site = try Site()
      try await site.startBusd()
      let tail = try site.start("bus", ["tail"])
      try await site.withClient { client in
        try await eventually("tail listens") {
          guard case .array(let sessions)? = try await client.ask("sessions")["sessions"] else { return false }
          return sessions.contains { $0["role"] == "tool" }
        }
        client.publish("first_seen", ["number": 1])
        try await eventually(within: .seconds(1), "tail shows it: \(tail.text)") { tail.text.contains("first_seen") }
      }
      tail.signal(SIGINT)
      #expect(try await tail.end() == 130)
    }
  }
}
