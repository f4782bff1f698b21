import BusProtocol
import BusTopology
import Testing

@testable import BusBroker

/// What one process may send of what all have.
struct QuotaDeskTests {
  private let start = ContinuousClock.now
  private let one = QuotaDesk.Sender.session(SessionID(rawValue: 1))
  private let other = QuotaDesk.Sender.session(SessionID(rawValue: 2))

  private func desk(events: RateLimit? = nil, bytes: Int64? = nil) -> QuotaDesk {
    var limits = LimitsDefinition()
    limits.events = events
    limits.bytes = bytes.map { ByteCount(bytes: $0) }
    return QuotaDesk(limits)
  }

  @Test func `without limits nobody waits, and nothing is remembered`() {
    var desk = desk()
    desk.charge(one, events: .max, bytes: .max, now: start)
    #expect(desk.wait(of: one, now: start) == nil)
    #expect(desk.senderCount == 0)
  }

  @Test func `I28 who sent more than the burst waits until it is paid, and nobody else does`() {
    var desk = desk(events: RateLimit(100, per: .second, burst: 10))
    #expect(desk.wait(of: one, now: start) == nil)
    desk.charge(one, events: 10, bytes: 0, now: start)
    #expect(desk.wait(of: one, now: start) == nil, "the burst is free")
    desk.charge(one, events: 1, bytes: 0, now: start)
    #expect(desk.wait(of: one, now: start) == .milliseconds(10))
    #expect(desk.wait(of: one, now: start + .milliseconds(9)) == .milliseconds(1))
    #expect(desk.wait(of: one, now: start + .milliseconds(10)) == nil)
    #expect(desk.wait(of: other, now: start) == nil)
    #expect(desk.wait(of: .plain, now: start) == nil)
  }

  @Test func `a batch larger than the burst goes as a whole, and is owed`() {
    var desk = desk(events: RateLimit(100, per: .second, burst: 10))
    desk.charge(one, events: 2000, bytes: 0, now: start)
    #expect(desk.wait(of: one, now: start) == .milliseconds(19_900))
    #expect(desk.wait(of: one, now: start + .seconds(20)) == nil)
  }

  @Test func `bytes count beside events, and the longer wait is told, at most a minute`() {
    var desk = desk(events: RateLimit(1000, per: .second, burst: 1), bytes: 1000)
    desk.charge(one, events: 1, bytes: 600, now: start)
    #expect(desk.wait(of: one, now: start) == .milliseconds(500))
    desk.charge(one, events: 1, bytes: 1_000_000, now: start)
    #expect(desk.wait(of: one, now: start) == .seconds(60))
  }

  @Test func `in the long run nobody is above the rate, and who always sends reaches it`() {
    var desk = desk(events: RateLimit(1000, per: .second))
    var (now, sent) = (start, 0)
    while now < start + .seconds(60) {
      if let wait = desk.wait(of: one, now: now) {
        now += wait
      } else {
        desk.charge(one, events: 37, bytes: 0, now: now)
        sent += 37
      }
    }
    #expect((60_000...60_000 + 100 + 37).contains(sent), "\(sent)")
  }

  @Test func `a rest saves up no more than the burst`() {
    var desk = desk(events: RateLimit(100, per: .second, burst: 10))
    desk.charge(one, events: 1, bytes: 0, now: start)
    let later = start + .seconds(3600)
    desk.charge(one, events: 11, bytes: 0, now: later)
    #expect(desk.wait(of: one, now: later) == .milliseconds(10))
  }

  @Test func `who owes nothing is forgotten, so that sessions that come and go leave nothing behind`() {
    var desk = desk(events: RateLimit(1_000_000, per: .second))
    for number in 0..<100_000 {
      let sender = QuotaDesk.Sender.session(SessionID(rawValue: UInt64(number)))
      desk.charge(sender, events: 1, bytes: 0, now: start + .milliseconds(number))
    }
    #expect(desk.senderCount <= QuotaDesk.smallestPruneCount)
  }
}
