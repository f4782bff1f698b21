import BusProtocol
import Testing

@testable import BusBroker

struct FanOutTests {
  let log = LogID(high: 1, low: 2)

  private func records(_ topics: [String], from first: UInt64 = 1, dataByteCount: Int = 10) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for (index, topic) in topics.enumerated() {
      var event = Event(
        id: EventID(high: 0, low: first + UInt64(index)), topic: try Topic(topic),
        data: [UInt8](repeating: 32, count: dataByteCount), time: Timestamp(microseconds: 5))
      event.offset = Offset(first + UInt64(index))
      try Record.append(event, to: &bytes)
    }
    return bytes
  }

  @Test func `runs of one topic go together, in the order of the spool, and a mark closes the batch`() throws {
    var fanOut = FanOut(log: log, through: .zero)
    let messages = fanOut.messages(of: try records(["a", "a", "b", "a"]), through: Offset(4))
    var shape: [String] = []
    for message in messages {
      switch message {
      case .events(let topic, let records):
        shape.append("\(String(decoding: topic, as: UTF8.self))\(try Record.events(records).map(\.offset.rawValue))")
      case .mark(let mark):
        shape.append("mark \(mark.after)-\(mark.through) a\(mark.counts["a"] ?? 0) b\(mark.counts["b"] ?? 0)")
      }
    }
    #expect(shape == ["a[1, 2]", "b[3]", "a[4]", "mark #0-#4 a3 b1"])
    #expect(fanOut.through == Offset(4))
  }

  @Test func `a long run is split, so that what waits for a slow listener is bounded`() throws {
    var fanOut = FanOut(log: log, through: .zero)
    let bytes = try records(Array(repeating: "a", count: 40), dataByteCount: 1000)
    let messages = fanOut.messages(of: bytes, through: Offset(40))
    var joined: [UInt8] = []
    for case .events(_, let records) in messages {
      #expect(records.count <= FanOut.maximumRunByteCount)
      joined += records
    }
    #expect(joined == bytes)
  }

  @Test func `a record longer than a run goes alone`() throws {
    var fanOut = FanOut(log: log, through: .zero)
    let bytes = try records(["a", "a"], dataByteCount: 20_000)
    #expect(fanOut.messages(of: bytes, through: Offset(2)).count == 3)
  }
}
