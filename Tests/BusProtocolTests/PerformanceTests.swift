import BusProtocol
import Testing

/// What the formats cost, printed by a release build; nothing is asserted, because machines differ.
struct PerformanceTests {
  private static let isRelease: Bool = {
    var isRelease = true
    assert({ isRelease = false }() == ())
    return isRelease
  }()

  static let tenFields: JSONValue = [
    "id": 184_223, "account": "acme-42", "email": "somebody@example.com", "changed": ["name", "email", "locale"],
    "before": ["name": "Some Body", "locale": "de"], "active": true, "score": 0.75, "retries": 0,
    "note": "moved from the old system", "parent": nil,
  ]

  private static func event() throws -> Event {
    var event = try RecordVector.fullEvent()
    event.data = tenFields.bytes
    return event
  }

  /// The best of five rounds, per call.
  private func measure(_ what: String, times: Int = 50_000, _ body: () throws -> Int) rethrows {
    var best = Duration.seconds(3600)
    var sum = 0
    for _ in 0..<5 {
      best = try min(best, ContinuousClock().measure { for _ in 0..<times { sum &+= try body() } })
    }
    let nanoseconds = Double(best.components.attoseconds) / 1e9 / Double(times)
    print("BusProtocol \(what): \(Int(nanoseconds.rounded())) ns (\(sum & 1))")
  }

  @Test(.enabled(if: isRelease)) func `records and JSON`() throws {
    let event = try PerformanceTests.event()
    var bytes: [UInt8] = []
    try measure("record encode, \(event.data.count) bytes of data") {
      bytes.removeAll(keepingCapacity: true)
      try Record.append(event, to: &bytes)
      return bytes.count
    }
    try measure("record check") { Int(try Record.check(bytes, at: 0).publisherSequence) }
    try measure("record decode") { try Record.event(bytes).data.count }
    let json = PerformanceTests.tenFields.bytes
    var written: [UInt8] = []
    measure("JSON write, \(json.count) bytes") {
      written.removeAll(keepingCapacity: true)
      JSONWriter.append(PerformanceTests.tenFields, to: &written)
      return written.count
    }
    try measure("JSON parse") { try JSONParser.parse(json) == .null ? 0 : 1 }
    var source = IdentifierSource { 0x0123_4567_89AB_CDEF }
    measure("id") { Int(truncatingIfNeeded: (source.next(at: event.time) as EventID).low) }
    measure("id as text") { event.id.description.utf8.count }
    measure("time as text") { event.time.description.utf8.count }
    try measure("time parse") { Int(try Timestamp("2026-01-31T08:30:00.123456Z").microseconds & 1) }
    let filter = TopicFilter(["order_*", "user_*"])
    let topic = Array("user_changed".utf8)[...]
    measure("filter of two patterns") { filter.wants(topic) ? 1 : 0 }
    try measure("request of a job, there and back", times: 10_000) {
      try Request(frames: Request.enqueue(request: 1, jobs: [Samples.wish]).frames) == .bye ? 0 : 1
    }
  }

  @Test(.enabled(if: isRelease)) func `checksums`() {
    let megabyte = [UInt8](repeating: 0xA5, count: 1 << 20)
    let small = [UInt8](repeating: 0xA5, count: 116)
    measure("CRC-32C of 116 bytes") { Int(Checksum.crc32c(small.span.bytes)) }
    measure("CRC-32C of 1 MiB", times: 200) { Int(Checksum.crc32c(megabyte.span.bytes)) }
  }
}
