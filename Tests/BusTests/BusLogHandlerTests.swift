import BusProtocol
import BusSpool
import Logging
import Testing

@testable import Bus

struct BusLogHandlerTests {
  private let directory: TemporaryDirectory
  private let client: BusClient

  init() throws {
    directory = try TemporaryDirectory()
    client = try BusClient(try makeConfiguration(directory), logger: LinesOfLog().logger())
  }

  private func logger(_ label: String) -> Logger {
    let client = client
    return Logger(label: label) { BusLogHandler(label: $0, client: client) }
  }

  private func published() async throws -> [Event] {
    await client.stop()
    let shelf = OutboxShelf(try makeConfiguration(directory))
    return try shelf.orphans(limit: 9, logger: LinesOfLog().logger()).found.flatMap { outbox in
      try Record.events(
        try outbox.reader.read(after: .zero, maximumByteCount: 1 << 26, maximumCount: 1 << 20) { _ in true }.bytes)
    }
  }

  @Test func `a line becomes an event with message, level, label, metadata and place`() async throws {
    var logger = logger("shop")
    logger[metadataKey: "user.id"] = "42"
    logger.warning("no stock", metadata: ["item.id": "7"])
    let event = try #require(try await published().first)
    #expect(event.topic == "log_warning")
    let data = try event.json
    #expect(data["message"] == "no stock")
    #expect(data["level"] == "warning")
    #expect(data["label"] == "shop")
    #expect(data["metadata"] == ["item.id": "7", "user.id": "42"])
    #expect(data["file"] != nil && data["line"] != nil)
  }

  @Test func `lines below the level are left out`() async throws {
    let logger = logger("shop")
    logger.debug("quiet")
    logger.info("loud")
    #expect(try await published().map(\.topic) == ["log_info"])
  }

  @Test func `a label that only begins like the bus's own is published`() async throws {
    for label in ["business", "bus_stop", "busy.api"] { logger(label).info("a line") }
    #expect(try await published().count == 3)
  }

  @Test func `the bus's own lines make no events`() async throws {
    for label in ["bus", "bus.follow"] { logger(label).error("a line") }
    #expect(try await published().isEmpty)
  }

  @Test func `a client whose own logger publishes does not feed itself`() async throws {
    let noisy = try BusClient(try makeConfiguration(directory, service: "noisy"), logger: logger("shop"))
    let tooLarge: JSONObject = ["text": .string(String(repeating: "x", count: RecordHeader.maximumDataByteCount))]
    for _ in 1...8 { noisy.publish("user_changed", tooLarge) }
    #expect(noisy.refusedEventCount == 8)
    await noisy.stop()
    #expect(try await published().isEmpty)
  }

  @Test func `a line that cannot be published is no line about that`() async throws {
    let logger = logger("shop")
    logger.info("\(String(repeating: "x", count: RecordHeader.maximumDataByteCount))")
    #expect(client.refusedEventCount == 1)
    #expect(try await published().isEmpty)
  }
}
