import BusProtocol
import BusSpool
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import Bus

/// A client of a test: its own directory, and no busd unless one is there.
func makeConfiguration(_ directory: TemporaryDirectory, service: String = "shop") throws -> BusConfiguration {
  var configuration = try BusConfiguration(
    environment: ["BUS_STATE_DIR": directory.path, "BUS_RUNTIME_DIR": directory.path, "BUS_SERVICE": service])
  configuration.endpoint = "ipc://\(directory.path)/requests"
  configuration.flushTime = .zero
  return configuration
}

/// Logs nothing but what a test asks for.
final class LinesOfLog: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }

  func logger(label: String = "bus") -> Logger { Logger(label: label) { _ in Handler(lines: self) } }

  private struct Handler: LogHandler {
    let lines: LinesOfLog
    var logLevel: Logger.Level = .debug
    var metadata: Logger.Metadata = [:]
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
    func log(event: LogEvent) { lines.lines.withLock { $0.append("\(event.level) \(event.message)") } }
  }
}

private struct UserChanged: BusEvent, Equatable {
  static let topic: Topic = "user_changed"
  let id: Int64
  let name: String
}

struct BusClientTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func makeClient(_ logger: Logger = LinesOfLog().logger()) throws -> BusClient {
    try BusClient(try makeConfiguration(directory), logger: logger)
  }

  /// What the outboxes of the service hold, as the process that comes next finds it.
  private func left() throws -> [Event] {
    let shelf = OutboxShelf(try makeConfiguration(directory))
    return try shelf.orphans(limit: 100, logger: LinesOfLog().logger()).found.flatMap { outbox in
      try Record.events(
        try outbox.reader.read(after: .zero, maximumByteCount: 1 << 26, maximumCount: 1 << 20) { _ in true }.bytes)
    }
  }

  @Test func `S1-1 without any busd publish returns at once, and the event is in the outbox`() async throws {
    let client = try makeClient()
    let clock = ContinuousClock()
    var slowest = Duration.zero
    for number in Int64(0)..<200 {
      slowest = max(slowest, clock.measure { client.publish("user_changed", ["id": .integer(number)]) })
    }
    // The bar is 5 ms; a whole machine may stand still for longer while other tests run.
    #expect(slowest < .milliseconds(500))
    await client.stop()
    #expect(try left().count == 200)
    #expect(client.refusedEventCount == 0)
  }

  @Test func `P1 what a process published before it was killed is there for the next one`() throws {
    let outbox = try OutboxShelf(try makeConfiguration(directory)).make()
    for number in 0..<1000 {
      _ = try outbox.append(
        "user_changed", data: Array("{\"id\":\(number)}".utf8), context: BusContext(), source: "shop/here",
        now: Timestamp(microseconds: 1))
    }
    // Read by another opener while nothing was closed or synced: all that a killed process leaves is its files.
    let files = directory.names("outbox/shop/\(outbox.publisher)")
    let copy = "\(directory.path)/outbox/shop/\(PublisherID(high: 1, low: 1))"
    try copyFiles(files, from: outbox.directory, to: copy)
    #expect(try left().map(\.publisherSequence) == Array(1...1000))
  }

  @Test func `an event has its data, topic, time, source and chain`() async throws {
    var configuration = try makeConfiguration(directory)
    configuration.now = { Timestamp(microseconds: 1_700_000_000_000_000) }
    let client = try BusClient(configuration, logger: LinesOfLog().logger())
    let receipt = BusContext.with(["tenant": 7]) { client.publish("user_changed", ["id": 9_007_199_254_740_993]) }
    await client.stop()
    let event = try #require(try left().first)
    #expect(event.id == receipt.id)
    #expect(event.topic == "user_changed")
    #expect(event.data == Array(#"{"id":9007199254740993}"#.utf8))
    #expect(event.time == Timestamp(microseconds: 1_700_000_000_000_000))
    #expect(event.headers.source == configuration.source)
    #expect(event.headers.context == ["tenant": 7])
    #expect(event.correlation == CorrelationID(high: receipt.id.high, low: receipt.id.low))
  }

  @Test func `an event of a type of its own is written as its members, and read again`() async throws {
    let client = try makeClient()
    client.publish(UserChanged(id: .max, name: "Ada"))
    await client.stop()
    let event = try #require(try left().first)
    #expect(event.topic == UserChanged.topic)
    #expect(try UserChanged(event) == UserChanged(id: .max, name: "Ada"))
  }

  @Test func `what cannot be kept is counted, logged once a burst, and thrown by the receipt`() async throws {
    let lines = LinesOfLog()
    let client = try makeClient(lines.logger())
    let tooLarge: JSONObject = ["text": .string(String(repeating: "x", count: RecordHeader.maximumDataByteCount))]
    for _ in 1...5 { client.publish("user_changed", tooLarge) }
    #expect(client.refusedEventCount == 5)
    #expect(lines.all.filter { $0 == "error an event was not published" }.count == 3, "at 1, 2 and 4")
    await #expect(throws: BusError.self) { try await client.publish("user_changed", tooLarge).stored() }
    await client.stop()
  }

  @Test func `waiting for busd's disk ends by time, by cancellation or with the client, and says which`() async throws {
    let client = try makeClient()
    let receipt = client.publish("user_changed")
    // Two waiters of one event: the patience of the one does not end the other's.
    async let patient = wait(receipt, .seconds(600))
    #expect(await wait(receipt, .milliseconds(1)) == "timeout")
    let cancelled = Task { await wait(receipt, .seconds(600)) }
    cancelled.cancel()
    #expect(await cancelled.value == "cancelled")
    await client.stop()
    #expect(await patient == "stopped")
    #expect(await wait(receipt, .seconds(600)) == "stopped")
  }

  private func wait(_ receipt: Receipt, _ timeout: Duration) async -> String {
    do { try await receipt.stored(timeout: timeout) } catch { return error.code }
    return "stored"
  }

  @Test func `a question ends by its time, and at once when its task is cancelled`() async throws {
    let client = try makeClient()
    let late = await #expect(throws: BusError.self) { _ = try await client.ask("status", timeout: .milliseconds(1)) }
    #expect(late?.code == "unreachable")
    let asking = Task { try await client.ask("status", timeout: .seconds(86_400)) }
    asking.cancel()
    let cancelled = await #expect(throws: BusError.self) { _ = try await asking.value }
    #expect(cancelled?.code == "cancelled")
    await client.stop()
  }

  @Test func `a listener without a busd ends when its task is cancelled`() async throws {
    let client = try makeClient()
    let listening = Task { () -> Int in
      var count = 0
      for try await _ in client.events(["*"]) { count += 1 }
      return count
    }
    await Task.yield()
    listening.cancel()
    #expect(try await listening.value == 0)
    await client.stop()
  }

  @Test func `a client that has stopped refuses, and can be stopped again`() async throws {
    let client = try makeClient()
    await client.stop()
    await client.stop()
    client.publish("user_changed")
    #expect(client.refusedEventCount == 1)
    await #expect(throws: BusError.self) { _ = try await client.ask("status") }
  }

  @Test func `run ends with its task, and leaves what busd did not take to the next process`() async throws {
    let client = try makeClient()
    client.publish("user_changed")
    let running = Task { try await client.run() }
    running.cancel()
    try await running.value
    #expect(try left().count == 1)
  }

  @Test func `the global function publishes through the task's client`() async throws {
    let client = try makeClient()
    let receipt = BusClient.$current.withValue(client) { publish("user_changed", ["id": 42]) }
    await client.stop()
    #expect(try left().map(\.id) == [try #require(receipt).id])
  }
}
