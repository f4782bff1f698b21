import BusProtocol
import Testing

@testable import BusBroker

@Suite struct HeartbeatTests {
  let log = LogID(high: 1, low: 2)

  private func mark(_ through: UInt64) -> Mark {
    Mark(log: log, after: Offset(0), through: Offset(through), counts: ["user_changed": 3])
  }

  @Test func `the heartbeat comes more rarely while nothing is published, and within a second of what is`() {
    var heartbeat = Heartbeat(log: log, through: .zero)
    #expect(heartbeat.published(mark(3)) == nil, "the first one is due within a second anyway")
    #expect(heartbeat.sent() == .seconds(2))
    #expect(heartbeat.sent() == .seconds(2))
    #expect(heartbeat.published(mark(6)) == .seconds(1))
    #expect(heartbeat.published(mark(9)) == nil, "what comes on and on does not put it off")
  }

  @Test func `the heartbeat says where the last batch ended and counts nothing`() {
    var heartbeat = Heartbeat(log: log, through: Offset(3))
    #expect(heartbeat.message == .mark(Mark(log: log, after: Offset(3), through: Offset(3), counts: [:])))
    _ = heartbeat.published(mark(6))
    #expect(heartbeat.message == .mark(Mark(log: log, after: Offset(6), through: Offset(6), counts: [:])))
  }
}
