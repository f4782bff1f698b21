import BusProtocol
import Logging
import Synchronization
import Testing

@testable import Bus

private final class Diary: Sendable {
  private let written = Mutex<[Int]>([])
  var lines: [Int] { written.withLock { $0 } }
  func write(_ line: Int) { written.withLock { $0.append(line) } }
}

private struct Broken: Error {}

private struct Index: Worker {
  static let engine: Name? = "search"
  let userID: Int
  func work(_ run: Run<Diary>) async throws {
    guard userID > 0 else { throw Broken() }
    run.services.write(userID)
  }
}

private struct Stranger: Worker {
  static let engine: Name? = "elsewhere"
  func work(_ run: Run<Void>) async throws {}
}

/// Clients without a busd, one of which has an outbox that takes nothing any more.
struct FallbackTests {
  private let directory: TemporaryDirectory
  private let log = LinesOfLog()
  private let diary = Diary()
  private let inline = InlineBus()

  init() async throws {
    directory = try TemporaryDirectory()
    let diary = diary
    try await inline.add(
      Engine("search", services: diary, configuration: try makeConfiguration(directory), logger: log.logger()) {
        Subscription("user_*") { event in Index(userID: try event["id"]) }
      })
  }

  private func client(_ fallbacks: [Fallback]) throws -> BusClient {
    var configuration = try makeConfiguration(directory)
    configuration.fallbacks = fallbacks
    return try BusClient(configuration, logger: log.logger())
  }

  private func fullClient(_ fallbacks: [Fallback]) throws -> BusClient {
    var configuration = try makeConfiguration(directory)
    configuration.fallbacks = fallbacks
    configuration.maximumOutboxByteCount = 16 << 20
    let client = try BusClient(configuration, logger: log.logger())
    // Shorter than what comes then: that one does not fit any more.
    for _ in 0..<200 where client.publish("filler", bytes: filling(id: 0), fallbacks: []).taker == .outbox {}
    return client
  }

  @Test func `S3-10 while the outbox has room it takes everything, whatever the fallbacks are`() async throws {
    let client = try client([.inline(inline), .discard])
    #expect(client.publish("user_changed", ["id": 1]).taker == .outbox)
    await client.stop()
    #expect(diary.lines.isEmpty)
    #expect(client.discardedCount == 0)
  }

  @Test func `S3-10 S3-11 when the outbox is full the engines of this process take the event`() async throws {
    let client = try fullClient([.inline(inline), .discard])
    let receipt = client.publish("user_changed", bytes: filling(id: 7))
    #expect(receipt.taker == .inline)
    try await receipt.stored()
    #expect(diary.lines == [7])
    // The work is done also where nobody awaits it.
    client.publish("user_changed", bytes: filling(id: 8))
    await client.stop()
    #expect(diary.lines == [7, 8])
  }

  @Test func `S3-10 the next one takes what no engine here wants, counted and said in the log`() async throws {
    let client = try fullClient([.inline(inline), .discard])
    let receipt = client.publish("order_placed", bytes: filling(id: 1))
    #expect(receipt.taker == .discarded)
    let error = await #expect(throws: BusError.self) { try await receipt.stored() }
    #expect(error?.code == "full")
    #expect(client.discardedCount == 1)
    #expect(log.all.contains("warning an event was discarded"))
    await client.stop()
  }

  @Test func `S3-10 a call may have its own fallbacks, also none`() async throws {
    let client = try fullClient([.discard])
    let refused = client.refusedEventCount
    #expect(client.publish("user_changed", bytes: filling(id: 1), fallbacks: []).taker == .refused)
    #expect(client.publish("user_changed", bytes: filling(id: 2), fallbacks: [.inline(inline)]).taker == .inline)
    #expect(client.refusedEventCount == refused + 1)
    #expect(client.discardedCount == 0)
    try await inline.drain()
    await client.stop()
  }

  @Test func `an event that is too large is refused, not discarded`() async throws {
    let client = try client([.inline(inline), .discard])
    let data = [UInt8](repeating: UInt8(ascii: "1"), count: RecordHeader.maximumDataByteCount + 1)
    #expect(client.publish("user_changed", bytes: data).taker == .refused)
    await client.stop()
  }

  @Test func `S3-10 a job that busd did not take runs here, and its failure is thrown`() async throws {
    let client = try client([.inline(inline), .discard])
    let outcome = try await client.enqueue(Index(userID: 3), timeout: .milliseconds(20))
    guard case .ran = outcome else {
      Issue.record("the job did not run here: \(outcome)")
      return
    }
    #expect(diary.lines == [3])
    let error = await #expect(throws: BusError.self) {
      try await client.enqueue(Index(userID: -1), timeout: .milliseconds(20))
    }
    #expect(error?.code == "job_failed")
    await client.stop()
  }

  @Test func `S3-10 a job that cannot run here, or not now, goes to the next one`() async throws {
    let client = try client([.inline(inline), .discard])
    guard case .dropped(_, let reason) = try await client.enqueue(Stranger(), timeout: .milliseconds(20)),
      case .dropped = try await client.enqueue(Index(userID: 1), in: .seconds(60), timeout: .milliseconds(20))
    else {
      Issue.record("a job was not dropped")
      return
    }
    #expect(reason.hasPrefix("cannot reach busd"))
    #expect(client.discardedCount == 2)
    #expect(diary.lines.isEmpty)
    await client.stop()
  }

  @Test func `S3-10 without a fallback an enqueue throws`() async throws {
    let client = try client([.discard])
    let error = await #expect(throws: BusError.self) {
      try await client.enqueue(Index(userID: 1), timeout: .milliseconds(20), fallbacks: [])
    }
    #expect(error?.code == "unreachable")
    await client.stop()
  }

  private func filling(id: Int) -> [UInt8] {
    JSONValue.object(["id": id.jsonValue, "text": .string(String(repeating: "x", count: 240_000))]).bytes
  }
}
