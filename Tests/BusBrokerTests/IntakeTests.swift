import BusProtocol
import Testing

@testable import BusBroker

struct IntakeTests {
  let publisher = PublisherID(high: 7, low: 7)

  private func batch(_ sequences: ClosedRange<UInt64>, publisher: PublisherID? = nil) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for sequence in sequences {
      try Record.append(
        Event(
          id: EventID(high: 1, low: sequence), topic: "user_changed", data: Array("{}".utf8),
          time: Timestamp(microseconds: 1), publisher: publisher ?? self.publisher, publisherSequence: sequence),
        to: &bytes)
    }
    return bytes
  }

  private func decide(_ sequences: ClosedRange<UInt64>, last: UInt64?, oldest: UInt64 = 1) throws -> Intake.Decision {
    Intake.decide(try Intake.records(batch(sequences), of: publisher), last: last, oldest: oldest)
  }

  private func accepted(_ decision: Intake.Decision) -> [UInt64]? {
    guard case .accept(let records) = decision else { return nil }
    return records.map(\.sequence)
  }

  @Test func `what follows the last sequence is taken`() throws {
    #expect(accepted(try decide(4...6, last: 3)) == [4, 5, 6])
  }

  @Test func `I3 repeats are dropped, also in the middle of a batch`() throws {
    #expect(accepted(try decide(1...3, last: 3)) == [])
    #expect(accepted(try decide(2...5, last: 3)) == [4, 5])
  }

  @Test func `a hole is refused with the sequence that is expected`() throws {
    #expect(try decide(6...7, last: 3) == .gap(expected: 4))
  }

  @Test func `a hole that the outbox cannot fill any more is no hole`() throws {
    #expect(accepted(try decide(6...7, last: 3, oldest: 6)) == [6, 7])
    #expect(try decide(8...9, last: 3, oldest: 6) == .gap(expected: 6))
  }

  @Test func `an unknown publisher may begin anywhere`() throws {
    #expect(accepted(try decide(900...901, last: nil)) == [900, 901])
  }

  @Test func `a batch of another publisher, or with a jump inside, is refused whole`() throws {
    #expect(throws: ProtocolError.self) {
      try Intake.records(try batch(1...2, publisher: PublisherID(high: 1, low: 1)), of: publisher)
    }
    let jump = try batch(1...2) + batch(4...4)
    #expect(throws: ProtocolError.self) { try Intake.records(jump, of: publisher) }
  }

  @Test func `a batch cut at any byte is refused whole`() throws {
    let bytes = try batch(1...3)
    let ends = try Intake.records(bytes, of: publisher).map { $0.start + $0.facts.header.recordByteCount } + [0]
    for count in 0..<bytes.count where !ends.contains(count) {
      #expect(throws: ProtocolError.self, "cut at \(count)") {
        try Intake.records(Array(bytes[..<count]), of: publisher)
      }
    }
  }

  @Test func `the events of late are remembered up to the capacity`() {
    var recent = RecentEvents()
    for number in 0..<UInt64(RecentEvents.capacity + 10) {
      recent.insert(EventID(high: 0, low: number), at: Offset(number + 1))
    }
    #expect(recent[EventID(high: 0, low: 9)] == nil)
    #expect(recent[EventID(high: 0, low: 10)] == Offset(11))
  }
}
