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

  @Test func `EH9 chance shortens a delay by up to a fifth and never lengthens it`() {
    let policy = RestartPolicy.standard
    #expect(policy.delay(afterFailures: 1, chance: 1) == .milliseconds(400))
    #expect(policy.delay(afterFailures: 100, chance: 0) == .seconds(30))
    var chance = Chance(seed: 7)
    let parts = (0..<1000).map { _ in chance.part() }
    #expect(parts.allSatisfy { (0..<1).contains($0) })
    #expect(Set(parts).count == 1000)
  }

  @Test func `a policy that makes no sense is held within sense`() {
    let policy = RestartPolicy(
      base: .seconds(-1), factor: 0, maximum: .seconds(-1), settledAfter: .seconds(-1), spread: 7)
    #expect(policy.delay(afterFailures: 5) == .zero)
    #expect(policy.factor == 1)
  }
}
