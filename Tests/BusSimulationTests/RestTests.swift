import BusProtocol
import BusSpool
import Logging
import Synchronization
import Testing

@testable import BusBroker
@testable import BusSimulation

/// When the spool loop says that it is time to give memory back.
struct RestTests {
  @Test func `busd rests once behind many events, and not behind few`() throws {
    let timeline = Timeline(seed: 1)
    let life = Life(timeline)
    let rests = Mutex(0)
    var options = SimulatedBusd.spoolOptions
    options.reserve = nil
    let spool = try Spool(
      directory: "/spool", options: options, disk: SimulatedDisk(of: life), now: timeline.wall,
      random: { timeline.random() })
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let configuration = BrokerConfiguration(
      endpoints: BrokerEndpoints(requests: "1", live: "2", intake: "3"), stateDirectory: "", processID: 1)
    let access = Access(try AccessSettings(reading: nil), isInsecure: false, counters: Counters(), logger: logger)
    let loop = SpoolLoop(
      spool: spool,
      owners: try PublisherOwners(directory: "/spool", disk: SimulatedDisk(of: life)) { _ in false },
      recent: RecentEvents(), access: access, thread: Lane(life: life, longestTurn: 1),
      identifiers: IdentifierSource(random: { timeline.random() }),
      facts: BrokerFacts(configuration: configuration, log: spool.logID, startedAt: timeline.wall),
      now: { timeline.wall }, counters: Counters(), logger: logger, rested: { rests.withLock { $0 += 1 } })
    func publish(_ count: Int) {
      let frames = [Array("order_paid".utf8), Array("\"\(String(repeating: "x", count: 1000))\"".utf8)]
      loop.submit(Array(repeating: .plain(frames: frames), count: count)) { _ in }
    }
    func wait(milliseconds: Int64) {
      let end = timeline.now + milliseconds * 1000
      while timeline.step(until: end) {}
    }
    for _ in 0..<15 {
      publish(100)
      wait(milliseconds: 20)
      #expect(rests.withLock { $0 } == 0, "more comes")
    }
    wait(milliseconds: 1000)
    #expect(rests.withLock { $0 } == 1)
    publish(100)
    wait(milliseconds: 1000)
    #expect(rests.withLock { $0 } == 1, "there is nothing to give back that counts")
  }
}
