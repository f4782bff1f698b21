import BusProtocol
import BusTesting
import Testing

@testable import Bus

/// What one process may take from the others, with a real busd in this process.
@Suite(.timeLimit(.minutes(3)))
struct LimitsTests {
  private func counter(_ name: String, _ client: BusClient) async throws -> Int {
    let status = try await client.ask("status")
    return try #require(Int(jsonValue: status["counters"]?[name] ?? .null))
  }

  private func whenTold(_ limit: Int, _ client: BusClient) async throws {
    // The answer comes behind the welcome, on the same connection.
    _ = try await client.ask("status")
    let receipt = client.publish("probe", bytes: text(limit + 1))
    #expect(receipt.taker == .refused)
  }

  /// JSON of so many bytes.
  private func text(_ byteCount: Int) -> [UInt8] {
    [UInt8(ascii: "\"")] + [UInt8](repeating: UInt8(ascii: "x"), count: byteCount - 2) + [UInt8(ascii: "\"")]
  }

  @Test func `data may have 256 KiB, and a byte more is refused where it is published`() async throws {
    try await InProcessBus.run { bus in
      let client = try BusClient(bus.configuration())
      try await client.whileRunning {
        try await client.publish("fits", bytes: text(256 << 10)).stored()
        let receipt = client.publish("too_long", bytes: text((256 << 10) + 1))
        let error = await #expect(throws: BusError.self) { try await receipt.stored() }
        #expect(error?.code == "too_large")
        let head = try await client.ask("status")["head"]
        #expect(head == 1)
        #expect(client.refusedEventCount == 1)
      }
    }
  }

  @Test(arguments: [1 << 10, 1 << 20]) func `publishers are told the limit of the topology`(limit: Int) async throws {
    let topology = "version: 1\nbus: { limits: { payload: \(limit)B } }\n"
    try await InProcessBus.run(topology: topology) { bus in
      let client = try BusClient(bus.configuration())
      try await client.whileRunning {
        try await whenTold(limit, client)
        try await client.publish("fits", bytes: text(limit)).stored()
      }
    }
  }

  @Test func `I28 who sends more than its share waits, and nothing is lost, doubled or out of order`() async throws {
    let topology = "version: 1\nbus: { limits: { events: 1000/s } }\n"
    try await InProcessBus.run(topology: topology) { bus in
      let client = try BusClient(bus.configuration(service: "loud"))
      let quiet = try BusClient(bus.configuration(service: "quiet"))
      let watcher = try BusClient(bus.configuration(service: "watcher"))
      try await client.whileRunning {
        let clock = ContinuousClock.now
        for number in 1...3000 { client.publish("noted", ["number": number.jsonValue]) }
        let last = client.publish("noted", ["number": 3001])
        // Another process does not wait behind it.
        try await quiet.publish("other").stored()
        try await last.stored(timeout: .seconds(60))
        // All but the last batch and the burst are paid.
        #expect(ContinuousClock.now - clock > .milliseconds(700))
        let (stored, putOff) = (
          try await counter("events_stored", client), try await counter("requests_put_off", client)
        )
        #expect(stored == 3002)
        #expect((1...300).contains(putOff), "told to wait, and not asked again and again: \(putOff)")
        var numbers: [Int] = []
        for try await event in watcher.events(["noted"], from: .beginning) {
          numbers.append(try event["number"])
          if numbers.count == 3001 { break }
        }
        #expect(numbers == Array(1...3001))
      }
      await quiet.stop()
      await watcher.stop()
    }
  }

  @Test func `I28 one process too many is refused with a reason, and comes in when another leaves`() async throws {
    try await InProcessBus.run(topology: "version: 1\nbus: { limits: { sessions: 2 } }\n") { bus in
      let first = try BusClient(bus.configuration(service: "first"))
      let second = try BusClient(bus.configuration(service: "second"))
      _ = try await first.ask("status")
      _ = try await second.ask("status")
      let third = try BusClient(bus.configuration(service: "third"))
      await #expect(throws: BusError.self) { try await third.ask("status", timeout: .seconds(1)) }
      #expect(try await counter("sessions_refused", first) > 0)
      let receipt = third.publish("kept")
      await second.stop()
      try await receipt.stored(timeout: .seconds(60))
      await first.stop()
      await third.stop()
    }
  }

  @Test func `one subscription too many of a process is refused, and the others stay`() async throws {
    try await InProcessBus.run(topology: "version: 1\nbus: { limits: { subscriptions: 3 } }\n") { bus in
      let client = try BusClient(bus.configuration())
      try await client.whileRunning {
        func subscribe(_ names: [String]) async throws -> Reply {
          let wishes = try names.map {
            SubscriptionWish(name: try SubscriptionName("shop/\($0)"), patterns: ["*"], start: .now)
          }
          return try await client.link.request(timeout: .seconds(10)) {
            .subscribe(request: $0, subscriptions: wishes, schedules: nil)
          }
        }
        _ = try await subscribe(["a", "b"])
        _ = try await subscribe(["b", "c"])
        let error = await #expect(throws: BusError.self) { try await subscribe(["d"]) }
        #expect(error?.code == "too_many_subscriptions")
        let answer = try await client.ask("subscriptions")["subscriptions"]
        let list = try #require(answer.flatMap { if case .array(let list) = $0 { list } else { nil } })
        #expect(list.count == 3)
      }
    }
  }
}
