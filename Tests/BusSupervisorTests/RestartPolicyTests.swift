import Testing

@testable import BusSupervisor

struct RestartPolicyTests {
  @Test func `a settled process waits for nothing`() {
    #expect(RestartPolicy.standard.delay(afterFailures: 0) == .zero)
  }

  @Test func `each failure waits half as much again, up to the longest`() {
    let policy = RestartPolicy.standard
    let delays = (1...13).map { policy.delay(afterFailures: $0) / .milliseconds(1) }
    #expect(delays[0] == 500)
    #expect(delays[1] == 750)
    #expect(delays[2] == 1125)
    #expect(delays[10] > 28_000 && delays[10] < 30_000)
    #expect(delays[11] == 30_000)
    #expect(delays[12] == 30_000)
    #expect(policy.delay(afterFailures: .max) == .seconds(30))
  }

  @Test func `a policy that makes no sense is held within sense`() {
    let policy = RestartPolicy(base: .seconds(-1), factor: 0, maximum: .seconds(-1), settledAfter: .seconds(-1))
    #expect(policy.delay(afterFailures: 5) == .zero)
    #expect(policy.factor == 1)
  }
}
