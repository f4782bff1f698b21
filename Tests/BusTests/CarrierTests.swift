import BusProtocol
import Testing

@testable import Bus

struct CarrierTests {
  private let start = ContinuousClock.now

  private func refusal(_ code: String, expected: UInt64? = nil, retryAfter: Duration? = nil) -> Refusal {
    Refusal(code: code, message: "", retryAfter: retryAfter, expected: expected)
  }

  /// A carrier whose first message, up to 10, busd has confirmed.
  private func confirmed() -> Carrier {
    var carrier = Carrier(acknowledged: .zero)
    carrier.didSend(through: 10)
    _ = carrier.carried(through: 10, generation: 0, now: start)
    return carrier
  }

  @Test func `an empty outbox sends nothing`() {
    var carrier = Carrier(acknowledged: 7)
    #expect(carrier.wantsToSend(head: 7, now: start) == false)
    #expect(carrier.wantsToSend(head: 8, now: start) == true)
  }

  @Test func `until busd confirms something one message goes, then a window full`() {
    var carrier = Carrier(acknowledged: .zero)
    #expect(carrier.wantsToSend(head: 1000, now: start) == true)
    carrier.didSend(through: 10)
    #expect(carrier.wantsToSend(head: 1000, now: start) == false)
    #expect(carrier.carried(through: 10, generation: 0, now: start) == true)
    var sent = 0
    while carrier.wantsToSend(head: 1000, now: start) {
      carrier.didSend(through: carrier.sent.next)
      sent += 1
    }
    #expect(sent == Carrier.window)
  }

  @Test func `an answer makes room for the next message, and is news once`() {
    var carrier = confirmed()
    for end in 11...26 { carrier.didSend(through: Offset(UInt64(end))) }
    #expect(carrier.wantsToSend(head: 100, now: start) == false)
    #expect(carrier.carried(through: 11, generation: 0, now: start) == true)
    #expect(carrier.wantsToSend(head: 100, now: start) == true)
    #expect(carrier.acknowledged == 11)
    #expect(carrier.carried(through: 11, generation: 0, now: start) == false)
  }

  @Test func `a gap goes back to what busd expects, at once`() {
    var carrier = confirmed()
    for end in [20, 30, 40] { carrier.didSend(through: Offset(UInt64(end))) }
    carrier.refused(refusal("gap", expected: 21), generation: 0, now: start)
    #expect(carrier.sent == 20)
    #expect(carrier.pausedUntil == nil)
    #expect(carrier.wantsToSend(head: 40, now: start) == true)
  }

  @Test func `answers from before a rewind change no more than what is on disk`() {
    var carrier = confirmed()
    for end in [20, 30, 40] { carrier.didSend(through: Offset(UInt64(end))) }
    carrier.refused(refusal("gap", expected: 11), generation: 0, now: start)
    carrier.refused(refusal("gap", expected: 11), generation: 0, now: start)
    #expect(carrier.generation == 1)
    carrier.didSend(through: 20)
    #expect(carrier.carried(through: 40, generation: 0, now: start) == true)
    #expect(carrier.acknowledged == 40)
    #expect(carrier.wantsToSend(head: 40, now: start) == false)
    #expect(carrier.wantsToSend(head: 50, now: start) == false, "the message of this generation is still unanswered")
  }

  @Test func `a hole that busd names twice without progress is tried again after a pause`() {
    var carrier = confirmed()
    carrier.didSend(through: 20)
    carrier.refused(refusal("gap", expected: 15), generation: 0, now: start)
    #expect(carrier.wantsToSend(head: 20, now: start) == true)
    carrier.didSend(through: 20)
    carrier.refused(refusal("gap", expected: 15), generation: 1, now: start)
    #expect(carrier.wantsToSend(head: 20, now: start) == false)
    #expect(carrier.wantsToSend(head: 20, now: start + Carrier.pause) == true)
  }

  @Test(arguments: ["busy", "disk_full", "spool"])
  func `what busd cannot take now goes again when it says, from the last acknowledgement`(code: String) {
    var carrier = confirmed()
    for end in [20, 30] { carrier.didSend(through: Offset(UInt64(end))) }
    carrier.refused(refusal(code, retryAfter: .seconds(3)), generation: 0, now: start)
    #expect(carrier.sent == 10)
    #expect(carrier.wantsToSend(head: 30, now: start + .seconds(2.9)) == false)
    #expect(carrier.wantsToSend(head: 30, now: start + .seconds(3)) == true)
  }

  @Test func `a rewind never goes forward over what busd has not confirmed`() {
    var carrier = confirmed()
    carrier.didSend(through: 20)
    carrier.refused(refusal("gap", expected: 5000), generation: 0, now: start)
    #expect(carrier.sent == 20)
    #expect(carrier.acknowledged == 10)
  }

  @Test func `a busd that lost what it had gets it again from where it says`() {
    var carrier = Carrier(acknowledged: 50)
    carrier.didSend(through: 60)
    carrier.refused(refusal("gap", expected: 31), generation: 0, now: start)
    #expect(carrier.sent == 30)
    carrier.didSend(through: 40)
    #expect(carrier.carried(through: 40, generation: 1, now: start) == false)
    #expect(carrier.acknowledged == 50)
    #expect(carrier.wantsToSend(head: 60, now: start) == true)
  }

  @Test func `what was sent and answered without being confirmed goes again`() {
    var carrier = confirmed()
    carrier.didSend(through: 20)
    #expect(carrier.carried(through: 15, generation: 0, now: start) == true)
    #expect(carrier.sent == 15)
    #expect(carrier.wantsToSend(head: 20, now: start) == false)
    #expect(carrier.wantsToSend(head: 20, now: start + Carrier.pause) == true)
  }

  @Test func `with any refusals and losses busd ends with every event once, in order`() {
    for seed in UInt64(1)...300 { CarrierRun(seed: seed).run() }
  }
}

/// A carrier against a busd that refuses at random and counts as busd does.
private struct CarrierRun {
  private struct Message {
    var range: ClosedRange<UInt64>
    var generation: Int
  }

  let seed: UInt64

  func run() {
    var random = SeededRandom(seed: seed)
    var now = ContinuousClock.now
    var carrier = Carrier(acknowledged: .zero)
    var wire: [Message] = []
    // What busd has; nil before it knows the publisher, when it takes any message for the beginning.
    var stored: UInt64?
    var lost = false
    let head = UInt64.random(in: 50...400, using: &random)
    var turns = 0
    while carrier.acknowledged.rawValue < head, turns < 20_000 {
      turns += 1
      now += .milliseconds(100)
      while carrier.wantsToSend(head: Offset(head), now: now) {
        let first = carrier.sent.rawValue + 1
        let last = min(head, first + UInt64.random(in: 0...9, using: &random))
        carrier.didSend(through: Offset(last))
        wire.append(Message(range: first...last, generation: carrier.generation))
      }
      guard !wire.isEmpty else { continue }
      let message = wire.removeFirst()
      if turns < 10_000, random.chance(15) {
        carrier.refused(Refusal(code: "busy", message: ""), generation: message.generation, now: now)
      } else if let last = stored, message.range.lowerBound > last + 1 {
        let refusal = Refusal(code: "gap", message: "", expected: last + 1)
        carrier.refused(refusal, generation: message.generation, now: now)
      } else {
        lost = lost || (stored == nil && message.range.lowerBound > 1)
        stored = max(stored ?? 0, message.range.upperBound)
        _ = carrier.carried(through: Offset(message.range.upperBound), generation: message.generation, now: now)
      }
    }
    #expect(!lost, "seed \(seed): the first message that busd took was not the first event")
    #expect(stored == head, "seed \(seed): busd has \(stored ?? 0) of \(head)")
  }
}
