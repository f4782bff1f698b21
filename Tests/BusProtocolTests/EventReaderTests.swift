import Testing

@testable import BusProtocol

/// Reading many records: what neighbours share is read once, and nothing is taken for what it is not.
struct EventReaderTests {
  private func event(_ number: Int, _ chance: inout Chance) throws -> Event {
    let topics: [Topic] = ["user_changed", "user_removed", "a"]
    let headers = [
      EventHeaders(), EventHeaders(source: "account/web-3"), EventHeaders(source: "account/web-4"),
      EventHeaders(source: "account/web-3", context: ["tenant": 7]), EventHeaders(contentType: "text/plain; a=b"),
    ]
    var event = Event(
      id: EventID(high: 1, low: UInt64(number)), topic: topics[chance.below(3)], data: chance.bytes(chance.below(40)),
      time: Timestamp(microseconds: Int64(number)), publisher: PublisherID(high: 2, low: UInt64(chance.below(2))),
      publisherSequence: UInt64(number), headers: headers[chance.below(5)])
    event.offset = Offset(UInt64(number))
    return event
  }

  @Test func `each of many events is what it is alone, whatever stands before it`() throws {
    var chance = Chance(5)
    for _ in 0..<50 {
      var (bytes, events) = ([UInt8](), [Event]())
      for number in 1...40 {
        events.append(try event(number, &chance))
        try Record.append(events[number - 1], to: &bytes)
      }
      #expect(try Record.events(bytes) == events)
      var (checker, place) = (RecordChecker(bytes), 0)
      while place < bytes.count {
        let facts = try checker.facts(at: place)
        #expect(try facts == Record.check(bytes, at: place))
        place += facts.header.recordByteCount
      }
    }
  }

  @Test func `stretches are the same where all their bytes are`() {
    func isSame(_ bytes: [UInt8], _ left: Range<Int>, _ right: Range<Int>) -> Bool {
      bytes.span.bytes.isSame(left, right)
    }
    var chance = Chance(7)
    for count in 0...40 {
      let stretch = chance.bytes(count)
      let bytes = chance.bytes(3) + stretch + chance.bytes(5) + stretch
      let (left, right) = (3..<3 + count, 8 + count..<8 + 2 * count)
      #expect(isSame(bytes, left, right))
      #expect(count == 0 || !isSame(bytes, left, right.dropLast()))
      for place in right {
        var other = bytes
        other[place] ^= 1
        #expect(!isSame(other, left, right), "\(place) of \(count)")
      }
    }
  }

  @Test func `a record that cannot be read is refused each time, behind those that can`() throws {
    var chance = Chance(6)
    var bytes: [UInt8] = []
    for number in 1...3 { try Record.append(event(number, &chance), to: &bytes) }
    let whole = bytes.count
    try Record.append(event(4, &chance), to: &bytes)
    for bit in whole * 8..<bytes.count * 8 {
      var turned = bytes
      turned[bit / 8] ^= 1 << UInt8(bit % 8)
      var reader = EventReader(turned)
      for number in 1...3 { #expect(try reader.next()?.publisherSequence == UInt64(number)) }
      for _ in 1...2 { #expect(throws: ProtocolError.self, "bit \(bit)") { try reader.next() } }
    }
  }

  @Test func `topics and headers that are none are refused also beside equal ones`() throws {
    for place in ["topic", "headers"] {
      var bytes: [UInt8] = []
      for _ in 1...2 { bytes += try forged(place) }
      var reader = EventReader(bytes)
      for _ in 1...2 { #expect(throws: ProtocolError.self, "\(place)") { try reader.next() } }
    }
  }

  /// A record whose checksums are right, and whose topic or headers are wrong.
  private func forged(_ place: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    let event = Event(
      id: EventID(high: 0, low: 1), topic: "abc", data: [123, 125], time: Timestamp(microseconds: 1),
      headers: EventHeaders(source: "abc"))
    var header = try Record.append(event, to: &bytes)
    let topic = RecordHeader.byteCount + RecordHeader.eventPrefixByteCount
    bytes[place == "topic" ? topic + 1 : topic + 3 + 3] = 0xFF
    header.bodyChecksum = Checksum.crc32c(
      bytes.span.bytes.extracting(RecordHeader.byteCount..<RecordHeader.byteCount + header.bodyByteCount))
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    header.write(to: &raw)
    return bytes
  }
}
