import BusProtocol
import BusStore
import Testing

@Suite struct RateMeterTests {
  private let start = Timestamp(microseconds: 1_700_000_000_000_000)

  private func rate(_ text: String) throws -> RateLimit { try RateLimit(text) }

  @Test(arguments: ["200/s", "10/m", "7/s burst 7", "3/s burst 1", "1000000/s", "1/d", "1000/h burst 1"])
  func `no span as long as the rate's sees more than count and burst, and greed gets the whole rate`(
    _ text: String
  ) throws {
    let rate = try rate(text)
    var (meter, now, starts) = (RateMeter(), start, [Timestamp]())
    while starts.count < min(3 * rate.count, 2000) {
      let available = meter.available(rate, at: now)
      #expect((0...rate.burst).contains(available))
      for _ in 0..<available { starts.append(now) }
      meter.start(rate, count: available, at: now)
      let opening = try #require(meter.opening(rate, at: now))
      #expect(available == 0 || opening > now)
      now = max(now, opening)
    }
    for (index, first) in starts.enumerated() where index + rate.count + rate.burst < starts.count {
      #expect(starts[index + rate.count + rate.burst] - first >= rate.per.duration, "\(text)")
    }
    let expected = rate.per.duration.inMicroseconds * Int64(starts.count - rate.burst) / Int64(rate.count)
    let taken = (now - start).inMicroseconds
    #expect(taken <= expected + expected / 100 + rate.per.duration.inMicroseconds / Int64(rate.count) + 2000, "\(text)")
  }

  @Test func `a rest gives a burst and no more`() throws {
    let rate = try rate("100/s burst 5")
    var meter = RateMeter()
    meter.start(rate, count: 5, at: start)
    #expect(meter.available(rate, at: start) == 0)
    #expect(meter.available(rate, at: start + .milliseconds(9)) == 0)
    #expect(meter.available(rate, at: start + .milliseconds(10)) == 1)
    #expect(meter.available(rate, at: start + .seconds(99)) == 5)
    #expect(meter.opening(rate, for: 5, at: start) == start + .milliseconds(50))
    #expect(meter.opening(rate, for: 6, at: start) == nil)
  }

  @Test(arguments: [Int64.min, -1, 0, 1, .max])
  func `no moment overflows`(_ microseconds: Int64) throws {
    let now = Timestamp(microseconds: microseconds)
    for rate in [try rate("1000000/d"), try rate("1/d"), try rate("1000000/s burst 1000000")] {
      for restedAt in [Int64.min, 0, .max] {
        var meter = RateMeter(restedAt: restedAt)
        meter.start(rate, count: meter.available(rate, at: now), at: now)
        _ = meter.opening(rate, at: now)
      }
    }
  }

  @Test(
    arguments: [
      "", "/", "1", "1/", "/s", "0/s", "-1/s", "+1/s", "1/x", "1/ss", "1 /s", "1/s burst", "1/s burst 0", "1/s burst 2",
      "1/s  burst 1", "1000001/s", "99999999999999999999/s", "1/s burst 1 ", "١/s",
    ])
  func `what is no rate is refused`(_ text: String) {
    #expect(throws: ProtocolError.self) { try RateLimit(text) }
  }

  @Test(arguments: ["200/s", "10/m burst 5", "1/d", "10/s burst 1", "9/s burst 9"])
  func `a rate reads back as it was written`(_ text: String) throws {
    #expect(try rate(text) == rate(rate(text).description))
    #expect(try rate("10/s burst 1").description == "10/s")
  }
}
