import BusProtocol
import Logging
import Synchronization
import Testing

@testable import Bus

/// A client and a busd over real sockets, with restarts, refusals and losses.
@Suite(.timeLimit(.minutes(2)))
struct BusClientOverWireTests {
  private let directory: TemporaryDirectory
  private let busd: WireBusd

  init() throws {
    directory = try TemporaryDirectory()
    busd = try WireBusd(directory)
  }

  /// Runs the body with a client, and ends both.
  private func withClient(
    flushTime: Duration = .zero, _ body: (BusClient) async throws -> Void
  ) async throws {
    var configuration = try makeConfiguration(directory)
    configuration.flushTime = flushTime
    let client = try BusClient(configuration, logger: LinesOfLog().logger())
    do { try await body(client) } catch {
      await client.stop()
      await busd.end()
      throw error
    }
    await client.stop()
    await busd.end()
  }

  private static func numbers(_ state: WireBusd.State) -> [Int64] {
    state.events.compactMap { event in (try? event.json)?["n"].flatMap { Int64(jsonValue: $0) } }
  }

  @Test func `what is published is carried, and the receipt waits for busd's disk`() async throws {
    try await busd.start()
    try await withClient { client in
      try await client.publish("user_changed", ["n": 1]).stored()
      #expect(await busd.with { BusClientOverWireTests.numbers($0) } == [1])
    }
  }

  @Test func `what was published before busd is there comes to it once, in order`() async throws {
    try await withClient { client in
      for number in 0..<5000 { client.publish("user_changed", ["n": .integer(Int64(number))]) }
      try await busd.start()
      try await client.publish("user_changed", ["n": 5000]).stored(timeout: .seconds(30))
      #expect(await busd.with { BusClientOverWireTests.numbers($0) } == Array(0...5000))
    }
  }

  @Test func `a busd that stops and starts again gets everything once, in order`() async throws {
    try await busd.start()
    try await withClient { client in
      var last: Receipt?
      for round in 0..<5 {
        for number in 0..<400 { last = client.publish("user_changed", ["n": .integer(Int64(round * 400 + number))]) }
        await busd.stop()
        try await busd.start()
      }
      try await last?.stored(timeout: .seconds(30))
      #expect(await busd.with { BusClientOverWireTests.numbers($0) } == Array(0..<2000))
    }
  }

  @Test func `a client has not stopped before busd has read its goodbye`() async throws {
    try await busd.start()
    for number in 1...20 {
      let client = try BusClient(makeConfiguration(directory), logger: LinesOfLog().logger())
      try await client.publish("user_changed").stored()
      await client.stop()
      // Asked at once: who only has sent it has not been heard yet.
      #expect(await busd.with { $0.byeCount } == number)
    }
    await busd.end()
  }

  @Test func `a client stops though busd does not answer its goodbye`() async throws {
    try await busd.start()
    try await withClient { client in
      try await client.publish("user_changed").stored()
      await busd.with { $0.isMute = true }
      await client.stop()
    }
  }

  @Test func `a busd that forgot the session hears hello again, and then what was asked`() async throws {
    try await busd.start()
    try await withClient { client in
      try await client.publish("user_changed", ["n": 1]).stored()
      let hellos = await busd.with { state in
        state.sessions = []
        return state.helloCount
      }
      try await client.publish("user_changed", ["n": 2]).stored()
      #expect(await busd.with { $0.helloCount } == hellos + 1)
      #expect(try await client.ask("status")["head"] == 2)
    }
  }

  @Test(arguments: ["busy", "disk_full"])
  func `what busd refuses for a while goes again, and nothing is lost or doubled`(code: String) async throws {
    try await busd.start()
    try await withClient { client in
      await busd.with { state in
        let refusal = Refusal(code: code, message: "not now", retryAfter: .milliseconds(20))
        state.refusals = Array(repeating: refusal, count: 3)
      }
      for number in 0..<6000 { client.publish("user_changed", ["n": .integer(Int64(number))]) }
      try await client.publish("user_changed", ["n": 6000]).stored(timeout: .seconds(30))
      #expect(await busd.with { BusClientOverWireTests.numbers($0) } == Array(0...6000))
    }
  }

  @Test func `a busd that hears and does not answer is asked again`() async throws {
    try await busd.start()
    try await withClient { client in
      try await client.publish("user_changed", ["n": 1]).stored()
      let hellos = await busd.with { state in
        state.isMute = true
        return state.helloCount
      }
      let receipt = client.publish("user_changed", ["n": 2])
      #expect((try? await receipt.stored(timeout: .milliseconds(200))) == nil)
      await busd.with { $0.isMute = false }
      try await receipt.stored(timeout: .seconds(30))
      #expect(await busd.with { $0.helloCount } > hellos)
      #expect(await busd.with { BusClientOverWireTests.numbers($0) } == [1, 2])
    }
  }

  @Test func `the end carries what is left, says goodbye and leaves nothing behind`() async throws {
    try await busd.start()
    var configuration = try makeConfiguration(directory)
    configuration.flushTime = .seconds(30)
    let client = try BusClient(configuration, logger: LinesOfLog().logger())
    for number in 0..<3000 { client.publish("user_changed", ["n": .integer(Int64(number))]) }
    await client.stop()
    #expect(await busd.with { BusClientOverWireTests.numbers($0) } == Array(0..<3000))
    #expect(await busd.until { $0.byeCount == 1 })
    #expect(directory.names("outbox/shop").isEmpty)
    await busd.end()
  }

  @Test func `the outboxes of dead processes are carried under their own publishers and removed`() async throws {
    let shelf = OutboxShelf(try makeConfiguration(directory))
    var publishers: Set<PublisherID> = []
    for process in 0..<OutboxAdoption.limit + 3 {
      let dead = try shelf.make()
      publishers.insert(dead.publisher)
      for number in 0..<10 {
        _ = try dead.append(
          "left_behind", data: Array("{\"n\":\(process * 10 + number)}".utf8), context: BusContext(),
          source: "shop/here",
          now: Timestamp(microseconds: 1))
      }
    }
    try await busd.start()
    let expected = publishers
    try await withClient { client in
      #expect(await busd.until { $0.events.count == expected.count * 10 })
      let carried = await busd.with { Dictionary(grouping: $0.events, by: \.publisher) }
      #expect(Set(carried.keys) == expected)
      #expect(carried.values.allSatisfy { $0.map(\.publisherSequence) == Array(1...10) })
      // The last one goes with the answer to its carry: asked behind it, answered behind it.
      while directory.names("outbox/shop").count > 1 { _ = try await client.ask("status") }
    }
  }

  // MARK: Listening

  @Test func `a listener gets what is published, in order, each once, though live messages are lost`() async throws {
    try await busd.start()
    let random = Mutex(SeededRandom(seed: 42))
    await busd.with { $0.loses = { _ in random.withLock { $0.chance(30) } } }
    try await withClient { client in
      let seen = Task { () -> [Int64] in
        var seen: [Int64] = []
        for try await event in client.events(["user_*"], from: .beginning) {
          seen.append(try event["n"])
          if seen.count == 600 { break }
        }
        return seen
      }
      for batch in 0..<200 {
        await busd.publish(["user_changed", "order_placed", "user_changed", "user_gone"])
        if batch % 20 == 0 { #expect(await busd.until { _ in true }) }
      }
      let wanted = await busd.with { state in
        state.events.filter { $0.topic.text.hasPrefix("user_") }.map { Int64($0.offset.rawValue) }
      }
      let got = try await seen.value
      #expect(got == wanted)
    }
  }

  @Test func `a listener goes on where it was after busd starts again`() async throws {
    try await busd.start()
    await busd.publish(["a", "a"])
    try await withClient { client in
      var events = client.events(["a"], from: .beginning).makeAsyncIterator()
      for expected in UInt64(1)...2 { #expect(try await events.next()?.offset.rawValue == expected) }
      await busd.stop()
      await busd.publish(["a"])
      try await busd.start()
      #expect(try await events.next()?.offset.rawValue == 3)
      await busd.publish(["a"])
      #expect(try await events.next()?.offset.rawValue == 4)
    }
  }

  @Test func `a listener is told what is no longer kept`() async throws {
    try await busd.start()
    await busd.publish(Array(repeating: "a", count: 10))
    await busd.with { $0.firstKept = 8 }
    let missing = Mutex<[ClosedRange<UInt64>]>([])
    try await withClient { client in
      let sequence = client.events(["a"], from: .beginning) { range in missing.withLock { $0.append(range) } }
      var events = sequence.makeAsyncIterator()
      let first = try await events.next()
      #expect(first?.offset == 8)
      #expect(missing.withLock { $0 } == [1...7])
    }
  }

  @Test func `a listener gets an error when busd comes back with another log`() async throws {
    try await busd.start()
    await busd.publish(["a"])
    try await withClient { client in
      var events = client.events(["a"], from: .beginning).makeAsyncIterator()
      #expect(try await events.next()?.offset == 1)
      await busd.stop()
      await busd.with { state in
        state.log = LogID(high: 2, low: 2)
        state.events = []
      }
      try await busd.start()
      let error = await #expect(throws: BusError.self) { try await events.next() }
      #expect(error?.code == "log_changed")
    }
  }

  @Test func `jobs are asked for and answered in the order of the wishes`() async throws {
    try await busd.start()
    try await withClient { client in
      let jobs = (0..<3).map { _ in
        NewJob(
          id: client.nextJobID(), queue: QueueName(engine: "shop", name: .defaultQueue), worker: "Charge", inputs: [:],
          cause: BusContext.current.cause(source: "here", job: client.nextJobID()))
      }
      let outcomes = try await client.enqueue(jobs)
      #expect(outcomes == jobs.map { .enqueued($0.id) })
    }
  }
}
