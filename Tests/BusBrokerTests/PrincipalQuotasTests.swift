import BusProtocol
import BusTopology
import Testing

@testable import BusBroker

/// What all processes of one principal may send together.
struct PrincipalQuotasTests {
  let start = ContinuousClock.now

  @Test func `processes of a principal share its limits, and another principal has its own`() throws {
    var quotas = PrincipalQuotas()
    let limits = PrincipalLimits(events: RateLimit(10, per: .second, burst: 1))
    quotas.charge("account", limits, events: 5, bytes: 100, now: start)
    let wait = try #require(quotas.wait(of: "account", limits, now: start))
    #expect(wait > .milliseconds(300) && wait <= .milliseconds(500))
    #expect(quotas.wait(of: "search", limits, now: start) == nil)
    #expect(quotas.wait(of: "account", limits, now: start + .milliseconds(500)) == nil)
  }

  @Test func `in the long run nobody is above the rate, in events and in bytes`() throws {
    var quotas = PrincipalQuotas()
    let limits = PrincipalLimits(events: RateLimit(100, per: .second), bytes: ByteCount(bytes: 1000))
    var (sent, now) = (0, start)
    while now < start + .seconds(10) {
      if let wait = quotas.wait(of: "account", limits, now: now) {
        now += wait
      } else {
        quotas.charge("account", limits, events: 1, bytes: 100, now: now)
        sent += 1
      }
    }
    #expect((95...115).contains(sent), "10 a second of 100 bytes: \(sent)")
  }

  @Test func `other limits begin anew, and without limits nothing is kept`() throws {
    var quotas = PrincipalQuotas()
    let small = PrincipalLimits(events: RateLimit(1, per: .second))
    quotas.charge("account", small, events: 100, bytes: 0, now: start)
    #expect(quotas.wait(of: "account", small, now: start) != nil)
    let large = PrincipalLimits(events: RateLimit(1000, per: .second))
    #expect(quotas.wait(of: "account", large, now: start) == nil)
    quotas.charge("account", PrincipalLimits(sessions: 3), events: 100, bytes: 0, now: start)
    #expect(quotas.wait(of: "account", PrincipalLimits(sessions: 3), now: start) == nil)
  }
}
