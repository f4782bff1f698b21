import BusProtocol
import BusSpool
import Testing

/// Figures, printed and not judged: run with `-c release`. In debug a few events, so that the code stays alive.
@Suite(.serialized) struct SpoolSpeedTests {
  #if DEBUG
    private static let groups = 20
  #else
    private static let groups = 2000
  #endif

  @Test(arguments: [1, 100, 1000], [true, false]) func `appends a second`(size: Int, isSynced: Bool) throws {
    let directory = try TemporaryDirectory()
    let options = isSynced ? SpoolOptions(reserve: nil) : .outbox(maximumByteCount: 1 << 30, syncs: false)
    let spool = try Spool(directory: directory.path, options: options, now: Bench.start, random: Chance.source(1))
    var event = Bench.event(1, byteCount: 92)
    let groups = isSynced || size > 1 ? SpoolSpeedTests.groups : SpoolSpeedTests.groups * 100
    let clock = ContinuousClock()
    let time = try clock.measure {
      for group in 0..<groups {
        for number in 0..<size {
          event.publisherSequence = UInt64(group * size + number + 1)
          _ = try spool.append(event, now: Bench.start)
        }
        if isSynced { try spool.commit() } else { try spool.commitWithoutSync() }
      }
    }
    let rate = Double(groups * size) / (time / .seconds(1))
    let cost = (time / .microseconds(1)) / Double(groups * size)
    print("spool, groups of \(size), \(isSynced ? "synced" : "written"): \(Int(rate)) events/s, \(cost) µs an event")
  }
}
