import BusProtocol
import BusSpool
import Logging
import Testing

@testable import Bus

struct OutboxTests {
  private let directory: TemporaryDirectory
  private let publisher = PublisherID(high: 3, low: 9)
  private let now = Timestamp(microseconds: 1_700_000_000_000_000)

  init() throws { directory = try TemporaryDirectory() }

  private func open(limit: Int = 256 << 20) throws -> Outbox {
    try Outbox(
      directory: "\(directory.path)/outbox", publisher: publisher, maximumByteCount: limit, syncs: false, now: now,
      random: { .random(in: .min ... .max) })
  }

  private func append(_ outbox: Outbox, _ topic: Topic = "user_changed", byteCount: Int = 2) throws -> UInt64 {
    let data = Array("\"".utf8) + [UInt8](repeating: 120, count: max(0, byteCount - 2)) + Array("\"".utf8)
    return try outbox.append(topic, data: data, context: BusContext(), source: "shop/here", now: now).sequence
  }

  private func events(_ outbox: Outbox) throws -> [Event] {
    let chunk = try outbox.reader.read(after: .zero, maximumByteCount: 64 << 20, maximumCount: 1 << 20) { _ in true }
    return try Record.events(chunk.bytes)
  }

  @Test func `events are numbered from one by their publisher`() throws {
    let outbox = try open()
    for expected in UInt64(1)...5 { #expect(try append(outbox) == expected) }
    let kept = try events(outbox)
    #expect(kept.map(\.publisherSequence) == [1, 2, 3, 4, 5])
    #expect(kept.allSatisfy { $0.publisher == publisher && $0.topic == "user_changed" && $0.time == now })
    #expect(Set(kept.map(\.id)).count == 5)
  }

  @Test func `an outbox that was never closed has everything when it is opened again, and numbers on`() throws {
    do {
      let outbox = try open()
      for _ in 1...100 { _ = try append(outbox) }
    }
    let reopened = try open()
    #expect(try events(reopened).map(\.publisherSequence) == Array(1...100))
    #expect(!reopened.isEmpty)
    #expect(try append(reopened) == 101)
  }

  @Test func `an outbox belongs to one process at a time`() throws {
    let outbox = try open()
    #expect(throws: SpoolError.self) { try open() }
    try outbox.close()
    _ = try open()
  }

  @Test func `one whose events are all on busd's disk leaves nothing behind when it is closed`() throws {
    let outbox = try open()
    for _ in 1...10 { _ = try append(outbox) }
    try outbox.forget(through: 10)
    #expect(outbox.isEmpty)
    try outbox.close()
    #expect(directory.names("").isEmpty)
  }

  @Test func `one that still has events keeps them when it is closed`() throws {
    let outbox = try open()
    for _ in 1...10 { _ = try append(outbox) }
    try outbox.forget(through: 9)
    try outbox.close()
    try outbox.close()
    #expect(try events(try open()).last?.publisherSequence == 10)
  }

  @Test func `a closed outbox takes nothing more`() throws {
    let outbox = try open()
    try outbox.close()
    let error = #expect(throws: SpoolError.self) { try append(outbox) }
    #expect(error?.code == .closed)
  }

  @Test func `a full outbox refuses, keeps what it has, and takes again what busd made room for`() throws {
    let outbox = try open(limit: 4 << 20)
    var last: UInt64 = 0
    let error = #expect(throws: SpoolError.self) {
      for _ in 1...100 { last = try append(outbox, byteCount: 100_000) }
    }
    #expect(error?.code == .full)
    #expect(last > 10)
    #expect(try events(outbox).count == Int(last))
    try outbox.forget(through: Offset(last))
    #expect(try append(outbox, byteCount: 100_000) == last + 1)
  }

  @Test func `an event that is too large is refused, and the next one gets its number`() throws {
    let outbox = try open()
    #expect(throws: SpoolError.self) { try append(outbox, byteCount: RecordHeader.maximumDataByteCount + 1) }
    #expect(try append(outbox) == 1)
  }

  // MARK: The shelf

  private func shelf() throws -> OutboxShelf {
    var configuration = try BusConfiguration(
      environment: ["BUS_STATE_DIR": directory.path, "BUS_SERVICE": "shop"])
    configuration.maximumOutboxByteCount = 16 << 20
    return OutboxShelf(configuration)
  }

  private let logger = Logger(label: "bus.test")

  @Test func `what a dead process left is found with its publisher; the outbox of a living one is not`() throws {
    let shelf = try shelf()
    let living = try shelf.make()
    _ = try append(living)
    let publisher: PublisherID
    do {
      let dead = try shelf.make()
      publisher = dead.publisher
      _ = try append(dead)
    }
    let (found, isMoreLeft) = shelf.orphans(limit: 8, logger: logger)
    #expect(found.map(\.publisher) == [publisher])
    #expect(!isMoreLeft)
    #expect(try events(found[0]).count == 1)
    #expect(shelf.orphans(limit: 8, logger: logger).found.isEmpty, "it is taken now")
  }

  @Test func `an empty outbox that a dead process left is removed`() throws {
    let shelf = try shelf()
    do { _ = try shelf.make() }
    #expect(directory.names("outbox/shop").count == 1)
    #expect(shelf.orphans(limit: 8, logger: logger).found.isEmpty)
    #expect(directory.names("outbox/shop").isEmpty)
  }

  @Test func `no more outboxes are adopted at a time than the limit`() throws {
    let shelf = try shelf()
    for _ in 1...5 { _ = try append(try shelf.make()) }
    let (found, isMoreLeft) = shelf.orphans(limit: 3, logger: logger)
    #expect(found.count == 3)
    #expect(isMoreLeft)
    let (rest, isStillMoreLeft) = shelf.orphans(limit: 3, logger: logger)
    #expect(rest.count == 2)
    #expect(!isStillMoreLeft)
  }

  @Test func `services keep to their own outboxes`() throws {
    do { _ = try append(try shelf().make()) }
    let other = OutboxShelf(
      try BusConfiguration(environment: ["BUS_STATE_DIR": directory.path, "BUS_SERVICE": "billing"]))
    #expect(other.orphans(limit: 8, logger: logger).found.isEmpty)
  }
}
