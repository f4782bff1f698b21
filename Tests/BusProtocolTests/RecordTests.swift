import BusProtocol
import Testing

/// Records that the protocol article prints; whoever changes their bytes changes the protocol.
enum RecordVector {
  static let full = hex(
    """
    4255533168000000fb0b047cea0f47ae9fcf0200000000000000000000000000
    0c00000000000000485a46e5aa49060001000c0023000000019c132c5bbb7722
    8123456789abcdef019c1310e4007000bedcba98765432100700000000000000
    405446e5aa490600757365725f6368616e676564010d006163636f756e742f77
    65622d33041000019c132c5bbb77228123456789abcdef7b226964223a34327d
    """)
  static let small = hex(
    """
    4255533135000000d3228080ab61eae700000000000000000000000000000000
    0000000000000000405446e5aa4906000100010000000000019c132c5bbb7722
    8123456789abcdef000000000000000000000000000000000000000000000000
    405446e5aa490600616e756c6c000000
    """)

  static func fullEvent() throws -> Event {
    var event = Event(
      id: try EventID("01KG9JRPXVEWH828T5CY4TQKFF"), topic: "user_changed", data: Array(#"{"id":42}"#.utf8),
      time: try Timestamp("2026-01-31T08:30:00.123456Z"), publisher: try PublisherID("01KG9H1S00E00BXQ5TK1V58CGG"),
      publisherSequence: 7,
      headers: EventHeaders(
        source: "account/web-3", correlation: try CorrelationID("01KG9JRPXVEWH828T5CY4TQKFF")))
    event.offset = Offset(184_223)
    event.sequence = 12
    event.recordedAt = try Timestamp("2026-01-31T08:30:00.125Z")
    return event
  }

  static func smallEvent() throws -> Event {
    Event(
      id: try EventID("01KG9JRPXVEWH828T5CY4TQKFF"), topic: "a", data: Array("null".utf8),
      time: try Timestamp("2026-01-31T08:30:00.123456Z"))
  }
}

struct RecordTests {
  private func record(_ event: Event, salt: UInt32 = 0) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try Record.append(event, to: &bytes, salt: salt)
    return bytes
  }

  private func header(_ bytes: [UInt8], at start: Int = 0, salt: UInt32 = 0) throws -> RecordHeader {
    try RecordHeader(bytes.span.bytes, at: start, salt: salt)
  }

  @Test func `the test vectors are written and read`() throws {
    #expect(try record(RecordVector.fullEvent()) == RecordVector.full)
    #expect(try record(RecordVector.smallEvent()) == RecordVector.small)
    #expect(try Record.event(RecordVector.full) == RecordVector.fullEvent())
    #expect(try Record.event(RecordVector.small) == RecordVector.smallEvent())
  }

  @Test func `any event comes back from its record, whatever stands around it`() throws {
    var chance = Chance(3)
    for _ in 0..<500 {
      let event = try chance.event()
      let salt = UInt32(truncatingIfNeeded: chance.next())
      let before = chance.below(3) * 8
      var bytes = chance.bytes(before)
      try Record.append(event, to: &bytes, salt: salt)
      #expect((bytes.count - before) % 8 == 0)
      #expect(try header(bytes, at: before, salt: salt).recordByteCount == bytes.count - before)
      bytes += chance.bytes(chance.below(20))
      #expect(try Record.event(bytes, at: before, salt: salt) == event)
    }
  }

  @Test func `records one behind the other are read in order, seals passed over`() throws {
    var chance = Chance(4)
    var bytes: [UInt8] = []
    var events: [Event] = []
    for _ in 0..<50 {
      events.append(try chance.event())
      try Record.append(events[events.count - 1], to: &bytes)
      if chance.yes() { bytes += seal(Offset(9)) }
    }
    #expect(try Record.events(bytes) == events)
    #expect(try Record.events([]) == [])
    for cut in 1..<200 where cut % 8 != 0 {
      #expect(throws: ProtocolError.self) { try Record.events(bytes.dropLast(cut)) }
    }
  }

  private func seal(_ offset: Offset) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xAA, count: RecordHeader.byteCount)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    RecordHeader(kind: .seal, bodyByteCount: 0, bodyChecksum: 0, offset: offset).write(to: &raw)
    return bytes
  }

  @Test func `a seal is no event`() throws {
    let bytes = seal(Offset(5))
    #expect(try header(bytes).kind == .seal)
    #expect(try header(bytes).offset == Offset(5))
    #expect(throws: ProtocolError.self) { try Record.event(bytes) }
    #expect(throws: ProtocolError.self) { try Record.check(bytes, at: 0) }
  }

  @Test func `each truncation is refused`() throws {
    for vector in [RecordVector.full, RecordVector.small] {
      for count in 0..<vector.count {
        let cut = Array(vector.prefix(count))
        #expect(throws: ProtocolError.self) { try Record.event(cut) }
        #expect(throws: ProtocolError.self) { try Record.check(cut, at: 0) }
        if count > 0 { #expect(throws: ProtocolError.self) { try Record.events(cut) } }
      }
    }
  }

  @Test func `each flipped bit is refused, also in the padding`() throws {
    for vector in [RecordVector.full, RecordVector.small] {
      for bit in 0..<vector.count * 8 {
        var flipped = vector
        flipped[bit / 8] ^= 1 << UInt8(bit % 8)
        #expect(throws: ProtocolError.self, "bit \(bit)") { try Record.event(flipped) }
        #expect(throws: ProtocolError.self, "bit \(bit)") { try Record.check(flipped, at: 0) }
      }
    }
  }

  @Test func `another salt is another log`() throws {
    let bytes = try record(RecordVector.fullEvent(), salt: 7)
    #expect(try Record.event(bytes, salt: 7) == RecordVector.fullEvent())
    #expect(throws: ProtocolError.self) { try Record.event(bytes, salt: 8) }
  }

  @Test func `places outside the bytes are refused`() {
    let bytes = RecordVector.full
    for start in [Int.min, -8, -1, 1, 8, 104, 159, 160, 161, 1 << 40, Int.max] {
      #expect(throws: ProtocolError.self) { try Record.event(bytes, at: start) }
      #expect(throws: ProtocolError.self) { try Record.check(bytes, at: start) }
    }
  }

  @Test func `the check says what the event says`() throws {
    let facts = try Record.check(RecordVector.full, at: 0)
    #expect(try facts.publisher == RecordVector.fullEvent().publisher)
    #expect(facts.publisherSequence == 7)
    #expect(facts.header.offset == Offset(184_223))
    #expect(Array(Record.topicBytes(RecordVector.full, at: 0, header: facts.header)) == Array("user_changed".utf8))
  }

  @Test func `limits are refused and leave the bytes as they were`() throws {
    var event = try RecordVector.smallEvent()
    event.data = [UInt8](repeating: 32, count: RecordHeader.maximumDataByteCount)
    #expect(try Record.event(record(event)) == event)
    event.data.append(32)
    expectTooLarge(event)
    event.data = []
    // Key and length of the header take three bytes.
    event.headers.source = String(repeating: "x", count: RecordHeader.maximumHeadersByteCount - 3)
    #expect(try Record.event(record(event)) == event)
    event.headers.source?.append("x")
    expectTooLarge(event)
    // Longer than its two bytes of length can say: must not be left out in silence.
    event.headers.source = nil
    event.headers.context = ["note": .string(String(repeating: "x", count: 70_000))]
    expectTooLarge(event)
  }

  @Test func `a context is at most sixteen levels deep`() throws {
    var event = try RecordVector.smallEvent()
    event.headers.context = nested(16)
    #expect(try Record.event(record(event)) == event)
    event.headers.context = nested(17)
    expectTooLarge(event)
  }

  @Test func `an event has at most 64 headers, and its context at most 64 values`() throws {
    var event = try RecordVector.smallEvent()
    var context = JSONObject()
    for number in 1...64 { context["v\(number)"] = number.jsonValue }
    event.headers.context = context
    #expect(try Record.event(record(event)) == event)
    context["one too many"] = 65
    event.headers.context = context
    expectTooLarge(event)
    // Headers of a newer publisher: key, length, value.
    let header: [UInt8] = [200, 1, 0, 7]
    let full = [[UInt8]](repeating: header, count: 64).flatMap(\.self)
    #expect(throws: Never.self) { try EventHeaders(full[...]) }
    let error = #expect(throws: ProtocolError.self) { try EventHeaders((full + header)[...]) }
    #expect(error?.code == .tooLarge)
  }

  private func nested(_ levels: Int) -> JSONObject {
    (1..<levels).reduce(["a": 1] as JSONObject) { inner, _ in ["a": .object(inner)] }
  }

  private func expectTooLarge(_ event: Event) {
    var bytes: [UInt8] = [1, 2, 3]
    let error = #expect(throws: ProtocolError.self) { try Record.append(event, to: &bytes) }
    #expect(error?.code == .tooLarge)
    #expect(bytes == [1, 2, 3])
  }
}
