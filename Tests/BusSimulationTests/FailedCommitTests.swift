import Bus
import BusProtocol
import BusSpool
import BusTopology
import Logging
import Synchronization
import Testing

@testable import BusBroker
@testable import BusSimulation

/// What the spool loop does with a batch that came while its disk was full, and comes again.
struct FailedCommitTests {
  @Test func `I31 a batch that ends with a denied event and was not stored is stored when it comes again`() throws {
    let bench = try Bench()
    bench.disk.change { $0.isFull = true }
    #expect(try bench.carry(request: 1)?.code == "disk_full")
    #expect(bench.reader.durable == .zero)
    bench.disk.change { $0.isFull = false }
    let refusal = try bench.carry(request: 2)
    #expect(refusal?.code == "denied")
    #expect(refusal?.denied == [2])
    #expect(refusal?.expected == 3)
    #expect(bench.reader.durable == Offset(1))
    // And once only: now it is a repeat.
    #expect(try bench.carry(request: 3)?.denied == [2])
    #expect(bench.reader.durable == Offset(1))
  }

  @Test func `I31 what comes of a session that has ended hides nothing of what comes again`() throws {
    let bench = try Bench()
    #expect(try bench.carry(request: 1, from: SessionID(rawValue: 2)) != nil)
    #expect(try bench.carry(request: 2)?.denied == [2])
    #expect(bench.reader.durable == Offset(1))
  }
}

/// A spool loop on a simulated disk, and an outbox with an event that may be published and one that may not.
private struct Bench {
  let timeline = Timeline(seed: 1)
  let disk: SimulatedDisk
  let reader: SpoolReader
  private let loop: SpoolLoop
  private let outbox: Outbox
  private let session = SessionID(rawValue: 1)

  init() throws {
    let timeline = timeline
    let life = Life(timeline)
    disk = SimulatedDisk(of: life)
    let publisher = PublisherID(at: timeline.wall, random: (1, 2))
    outbox = try Outbox(
      directory: "/outbox", publisher: publisher, maximumByteCount: 1 << 20, syncs: false,
      disk: SimulatedDisk(of: life),
      now: timeline.wall, random: { timeline.random() })
    for topic: Topic in ["order_paid", "secret"] {
      _ = try outbox.append(topic, data: Array("{}".utf8), context: BusContext(), source: "test", now: timeline.wall)
    }
    // Nothing is left to others, so that only the commit finds the disk full.
    var options = SimulatedBusd.spoolOptions
    options.reserve = nil
    let spool = try Spool(
      directory: "/spool", options: options, disk: disk, now: timeline.wall,
      random: { timeline.random() })
    reader = spool.reader()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let rules = AccessDefinition(
      principals: [
        PrincipalDefinition(name: KeyDirectory.local, rights: [.publish: [RightPattern("order_*")].compactMap(\.self)])
      ])
    let access = Access(
      try AccessSettings(reading: rules), isInsecure: false, counters: Counters(), logger: logger)
    access.bind(session, to: KeyDirectory.local)
    let configuration = BrokerConfiguration(
      endpoints: BrokerEndpoints(requests: "1", live: "2", intake: "3"), stateDirectory: "", processID: 1)
    let facts = BrokerFacts(configuration: configuration, log: spool.logID, startedAt: timeline.wall)
    loop = SpoolLoop(
      spool: spool, recent: RecentEvents(), access: access, thread: Lane(life: life, longestTurn: 1),
      identifiers: IdentifierSource(random: { timeline.random() }), facts: facts, now: { timeline.wall },
      counters: Counters(), logger: logger)
  }

  /// Carries the outbox as it is; what it is refused with.
  func carry(request: UInt64, from session: SessionID = SessionID(rawValue: 1)) throws -> Refusal? {
    let chunk = try outbox.reader.read(after: .zero, maximumByteCount: 1 << 20, maximumCount: 10) { _ in true }
    let message = Request.carry(request: request, publisher: outbox.publisher, oldest: 1, records: chunk.bytes)
    let answers = Mutex<[SpoolTurn]>([])
    loop.submit([.message(session, frames: message.frames)]) { turn in answers.withLock { $0.append(turn) } }
    while answers.withLock({ $0.isEmpty }), timeline.step(until: timeline.now + 1_000_000) {}
    guard let letter = answers.withLock({ $0.first?.letters.first }) else { return nil }
    guard case .refused(_, let refusal) = try Reply(frames: letter.frames) else { return nil }
    return refusal
  }
}
