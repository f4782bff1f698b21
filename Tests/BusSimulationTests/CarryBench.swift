import Bus
import BusProtocol
import BusSpool
import BusTopology
import Foundation
import Logging
import Synchronization

@testable import BusBroker
@testable import BusSimulation

/// A spool loop on a simulated disk with a session for `local` and for each with a key; all may publish `order_*`.
final class CarryBench {
  let timeline = Timeline(seed: 1)
  let disk: SimulatedDisk
  let reader: SpoolReader
  private let life: Life
  private let spoolLoop: SpoolLoop
  /// Why busd would have ended by now.
  private(set) var failure: BrokerError?

  /// - Parameters:
  ///   - disk: makes what an earlier bench left, for this one's life; an empty disk by default.
  ///   - keyed: who has a key beside `local`, in the order of the sessions from 2.
  ///   - limits: what the processes of each may take together.
  init(
    keyed: [Name] = [], limits: PrincipalLimits = PrincipalLimits(),
    disk make: (Life) -> SimulatedDisk = { SimulatedDisk(of: $0) }
  ) throws {
    let timeline = timeline
    life = Life(timeline)
    disk = make(life)
    // Nothing is left to others, so that only the commit finds the disk full.
    var options = SimulatedBusd.spoolOptions
    options.reserve = nil
    let spool = try Spool(
      directory: "/spool", options: options, disk: disk, now: timeline.wall, random: { timeline.random() })
    reader = spool.reader()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let access = Access(try CarryBench.settings(keyed, limits), isInsecure: false, counters: Counters(), logger: logger)
    for (number, principal) in ([KeyDirectory.local] + keyed).enumerated() {
      access.bind(SessionID(rawValue: UInt64(number + 1)), to: principal)
    }
    let configuration = BrokerConfiguration(
      endpoints: BrokerEndpoints(requests: "1", live: "2", intake: "3"), stateDirectory: "", processID: 1)
    spoolLoop = SpoolLoop(
      spool: spool,
      owners: try PublisherOwners(directory: "/spool", disk: disk) { spool.lastSequence(of: $0) != nil },
      recent: RecentEvents(), access: access, thread: Lane(life: life, longestTurn: 1),
      identifiers: IdentifierSource(random: { timeline.random() }),
      facts: BrokerFacts(configuration: configuration, log: spool.logID, startedAt: timeline.wall),
      now: { timeline.wall }, counters: Counters(), logger: logger)
  }

  private static func settings(_ keyed: [Name], _ limits: PrincipalLimits) throws -> AccessSettings {
    let directory = "\(try MemoryDirectory.path.get())/\(UUID())"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    for name in keyed {
      try KeyFile.create(.public, key: try KeyPair.generate().publicKey, at: "\(directory)/\(name).pub")
    }
    let rights: [Right: [RightPattern]] = [.publish: [RightPattern("order_*")].compactMap(\.self)]
    return try AccessSettings(
      reading: AccessDefinition(
        keyDirectory: directory,
        principals: ([KeyDirectory.local] + keyed).map { name in
          var principal = PrincipalDefinition(name: name, rights: rights)
          principal.limits = limits
          return principal
        }))
  }

  /// An outbox with an event of each of these topics.
  func outbox(_ topics: [Topic]) throws -> Outbox {
    let timeline = timeline
    let outbox = try Outbox(
      directory: "/outbox", publisher: PublisherID(high: 1, low: 2), maximumByteCount: 1 << 20, syncs: false,
      disk: SimulatedDisk(of: life), now: timeline.wall, random: { timeline.random() })
    for topic in topics {
      _ = try outbox.append(topic, data: Array("{}".utf8), context: BusContext(), source: "test", now: timeline.wall)
    }
    return outbox
  }

  /// Carries some of an outbox in a session; what it is refused with.
  @discardableResult
  func carry(_ outbox: Outbox, after: Offset = .zero, count: Int = 10, from session: UInt64 = 1) throws -> Refusal? {
    let chunk = try outbox.reader.read(after: after, maximumByteCount: 1 << 20, maximumCount: count) { _ in true }
    let message = Request.carry(
      request: 1, publisher: outbox.publisher, oldest: chunk.first.rawValue, records: chunk.bytes)
    let answers = Mutex<[SpoolTurn]>([])
    spoolLoop.submit([.message(SessionID(rawValue: session), frames: message.frames)]) { turn in
      answers.withLock { $0.append(turn) }
    }
    while answers.withLock({ $0.isEmpty }), timeline.step(until: timeline.now + 1_000_000) {}
    failure = answers.withLock { $0.first?.failure } ?? failure
    guard let letter = answers.withLock({ $0.first?.letters.first }) else { return nil }
    guard case .refused(_, let refusal) = try Reply(frames: letter.frames) else { return nil }
    return refusal
  }
}
