import BusProtocol
import Testing

/// Records that someone made on purpose: every checksum is right, the content is not.
struct RecordForgeryTests {
  /// A record of these parts with right checksums.
  private func forge(
    topic: [UInt8] = Array("a".utf8), headers: [UInt8] = [], data: [UInt8] = [], topicByteCount: Int? = nil,
    headersByteCount: Int? = nil, bodyByteCount: Int? = nil, change: (inout [UInt8]) -> Void = { _ in }
  ) -> [UInt8] {
    let body = [UInt8](repeating: 1, count: RecordHeader.eventPrefixByteCount) + topic + headers + data
    var bytes = [UInt8](repeating: 0, count: RecordHeader.byteCount) + body
    while bytes.count % 8 != 0 { bytes.append(0) }
    let header = RecordHeader(
      kind: .event, bodyByteCount: bodyByteCount ?? body.count, bodyChecksum: Checksum.crc32c(body.span.bytes),
      topicByteCount: topicByteCount ?? topic.count, headersByteCount: headersByteCount ?? headers.count)
    do {
      var span = bytes.mutableSpan
      var raw = span.mutableBytes
      header.write(to: &raw)
    }
    change(&bytes)
    seal(&bytes)
    return bytes
  }

  /// Makes the header's checksum right.
  private func seal(_ bytes: inout [UInt8]) {
    let first = Checksum.crc32c(bytes.span.bytes.extracting(0..<8))
    let checksum = Checksum.crc32c(bytes.span.bytes.extracting(12..<56), seed: first)
    for index in 0..<4 { bytes[8 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(index))) }
  }

  private func expectRefused(_ bytes: [UInt8], _ why: Comment) {
    #expect(throws: ProtocolError.self, why) { try Record.event(bytes) }
    #expect(throws: ProtocolError.self, why) { try Record.check(bytes, at: 0) }
    #expect(throws: ProtocolError.self, why) { try Record.events(bytes) }
    // Nor is it taken for the like of one that stands before it.
    let honest = forge(data: [7])
    var checker = RecordChecker(honest + bytes)
    #expect(throws: Never.self, why) { try checker.facts(at: 0) }
    #expect(throws: ProtocolError.self, why) { try checker.facts(at: honest.count) }
  }

  @Test func `the same bytes parted elsewhere are looked into again`() {
    // A topic of two letters and a header; then one of a letter, whose headers begin with the other.
    let headers = header(1, [98, 98])
    let honest = forge(topic: [97, 98], headers: headers)
    let forged = forge(topic: [97], headers: [98] + headers)
    var checker = RecordChecker(honest + forged)
    #expect(throws: Never.self) { try checker.facts(at: 0) }
    #expect(throws: ProtocolError.self) { try checker.facts(at: honest.count) }
    #expect(throws: Never.self, "what was refused is not known for good") { try checker.facts(at: 0) }
  }

  private func header(_ key: UInt8, _ value: [UInt8]) -> [UInt8] {
    [key, UInt8(value.count & 255), UInt8(value.count >> 8)] + value
  }

  @Test func `an honest forgery is read`() throws {
    #expect(try Record.event(forge(data: [7])).data == [7])
  }

  @Test func `lengths that do not fit are refused`() {
    expectRefused(forge(topicByteCount: 0), "no topic")
    expectRefused(forge(topicByteCount: 2), "topic longer than the body")
    expectRefused(forge(topic: Array(repeating: 97, count: 201)), "topic above the limit")
    expectRefused(forge(headersByteCount: 1), "headers longer than the body")
    expectRefused(forge(data: [0, 0], topicByteCount: 2, headersByteCount: 65_535), "headers above the limit")
    expectRefused(forge(bodyByteCount: 48), "body without room for the topic")
    expectRefused(forge(bodyByteCount: Int(UInt32.max)), "body of 4 GiB")
    expectRefused(forge(bodyByteCount: RecordHeader.maximumBodyByteCount), "body longer than the bytes")
    expectRefused(forge(bodyByteCount: 0), "no body")
  }

  @Test func `flags, kinds and magic of another version are refused`() {
    expectRefused(forge { $0[48] = 0 }, "kind 0")
    expectRefused(forge { $0[48] = 3 }, "kind 3")
    expectRefused(forge { $0[49] = 1 }, "a flag")
    expectRefused(forge { $0[54] = 1 }, "reserved")
    expectRefused(forge { $0[0] = 0x43 }, "magic")
    #expect(throws: ProtocolError.self) { try Record.event(forge { $0[48] = 2 }) }
  }

  @Test(arguments: [[], [0], [255], Array("a b".utf8), Array("~mark".utf8), Array("a/b".utf8), Array("é".utf8)])
  func `a topic of other bytes is refused`(topic: [UInt8]) { expectRefused(forge(topic: topic), "\(topic)") }

  @Test func `headers that are cut or of another form are refused`() {
    let whole = header(1, Array("account".utf8)) + header(5, Array(#"{"a":1}"#.utf8))
    for count in 1..<whole.count where count != 10 {
      expectRefused(forge(headers: Array(whole.prefix(count))), "cut at \(count)")
    }
    expectRefused(forge(headers: header(1, [0xFF])), "source is no UTF-8")
    expectRefused(forge(headers: header(2, Array(repeating: 1, count: 24))), "short trace")
    expectRefused(forge(headers: header(2, Array(repeating: 0, count: 25))), "trace of zero")
    expectRefused(forge(headers: header(3, [1] + Array(repeating: 1, count: 15))), "short cause")
    expectRefused(forge(headers: header(3, [3] + Array(repeating: 1, count: 16))), "cause of another kind")
    expectRefused(forge(headers: header(3, [])), "no cause")
    expectRefused(forge(headers: header(4, [1])), "short correlation")
    expectRefused(forge(headers: header(5, Array("[]".utf8))), "context is no object")
    expectRefused(forge(headers: header(5, Array("{".utf8))), "context is no JSON")
    let deep = String(repeating: #"{"a":"#, count: 17) + "1" + String(repeating: "}", count: 17)
    expectRefused(forge(headers: header(5, Array(deep.utf8))), "context too deep")
    expectRefused(forge(headers: header(6, [0xC0, 0x80])), "content type is no UTF-8")
  }

  @Test func `headers of a later version are passed over`() throws {
    let event = try Record.event(forge(headers: header(200, [1, 2]) + header(1, Array("x".utf8)) + header(0, [])))
    #expect(event.headers == EventHeaders(source: "x"))
  }

  @Test func `random bytes with right checksums never trap`() {
    var chance = Chance(5)
    var read = 0
    for _ in 0..<3000 {
      let bytes = forge(
        topic: Array("a".utf8), headers: chance.bytes(chance.below(40)), data: chance.bytes(chance.below(9)),
        topicByteCount: chance.yes() ? nil : chance.below(300), headersByteCount: chance.yes() ? nil : chance.below(80))
      let event = try? Record.event(bytes)
      #expect((event != nil) == ((try? Record.check(bytes, at: 0)) != nil))
      if event != nil { read += 1 }
    }
    #expect(read > 0)
  }
}
