import BusProtocol
import Testing

struct RetryPolicyTests {
  private func delays(_ policy: RetryPolicy, chance: Double = 1) -> [Duration?] {
    (1...policy.attempts).map { policy.delay(afterAttempt: $0, chance: chance) }
  }

  @Test func `TR9 exponential delays double up to the maximum and end with the attempts`() {
    let policy = RetryPolicy(attempts: 6, base: .seconds(2), maximum: .seconds(10), jitter: .none)
    #expect(delays(policy) == [.seconds(2), .seconds(4), .seconds(8), .seconds(10), .seconds(10), nil])
    #expect(policy.delay(afterAttempt: 100, chance: 0) == nil)
  }

  @Test func `TR9 fixed delays stay`() {
    let policy = RetryPolicy(attempts: 3, backoff: .fixed, base: .seconds(5), jitter: .none)
    #expect(delays(policy) == [.seconds(5), .seconds(5), nil])
    #expect(
      delays(RetryPolicy(attempts: 2, backoff: .fixed, base: .seconds(9), maximum: .seconds(3), jitter: .none))[0]
        == .seconds(3))
  }

  @Test func `TR9 full jitter is a part of the delay`() {
    let policy = RetryPolicy(attempts: 3, base: .seconds(2))
    #expect(policy.delay(afterAttempt: 1, chance: 0) == .zero)
    #expect(policy.delay(afterAttempt: 1, chance: 0.5) == .seconds(1))
    #expect(policy.delay(afterAttempt: 2, chance: 0.25) == .seconds(1))
    #expect(policy.delay(afterAttempt: 1, chance: 0.999_999_999) ?? .zero < .seconds(2))
  }

  @Test func `nothing that a policy or a chance can be traps`() throws {
    let ends: [Duration] = [
      .zero, .microseconds(1), .seconds(3600), .microseconds(Int64.max), .seconds(Int64.max), .seconds(Int64.min),
    ]
    for base in ends {
      for maximum in ends {
        for jitter in [RetryPolicy.Jitter.full, .none] {
          for backoff in [RetryPolicy.Backoff.fixed, .exponential] {
            let policy = RetryPolicy(attempts: .max, backoff: backoff, base: base, maximum: maximum, jitter: jitter)
            for attempt in [Int.min, -1, 0, 1, 2, 63, 64, 65, 1000, .max - 1] {
              for chance in [0, 0.5, 1 - 0x1p-53, 1, 2, -1, .nan, .infinity, -.infinity] as [Double] {
                let delay = try #require(policy.delay(afterAttempt: attempt, chance: chance))
                #expect(delay >= .zero && delay <= max(.zero, maximum))
              }
            }
            #expect(try RetryPolicy(json: policy.json).attempts == .max)
          }
        }
      }
    }
  }

  @Test func `a policy comes back from its JSON, and others are refused`() throws {
    let policy = RetryPolicy(attempts: 4, backoff: .fixed, base: .milliseconds(5), maximum: .seconds(7), jitter: .none)
    #expect(try RetryPolicy(json: policy.json) == policy)
    #expect(policy.json.text == #"{"attempts":4,"backoff":"fixed","base":5000,"max":7000000,"jitter":"none"}"#)
    let hostile = try RetryPolicy(json: parse(#"{"attempts":-5,"backoff":"fixed","base":-1,"max":-1,"jitter":"full"}"#))
    #expect(hostile == RetryPolicy(attempts: 1, backoff: .fixed, base: .zero, maximum: .zero))
    for text in ["null", "[]", "{}", #"{"attempts":1,"backoff":"linear","base":1,"max":1,"jitter":"full"}"#] {
      #expect(throws: ProtocolError.self) { try RetryPolicy(json: parse(text)) }
    }
  }
}
