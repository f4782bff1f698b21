/// Reads the events of records that stand one behind the other, one at a time, as strictly as
/// ``Record/event(_:at:salt:)``. Seals are passed over.
///
/// Neighbours mostly have topic and headers in common: the same bytes are read once, and their values shared.
package struct EventReader: Sendable {
  /// A value, and where in the bytes it was read from.
  private struct Known<Value: Sendable>: Sendable {
    var place: Range<Int>
    var value: Value
  }

  private let bytes: [UInt8]
  private let salt: UInt32
  private var position = 0
  private var topic: Known<Topic>?
  private var headers = Known(place: 0..<0, value: EventHeaders())

  /// A reader of all of the bytes.
  package init(_ bytes: [UInt8], salt: UInt32 = 0) {
    self.bytes = bytes
    self.salt = salt
  }

  /// The next event; nil at the end of the bytes. What cannot be read is refused again at each call.
  package mutating func next() throws(ProtocolError) -> Event? {
    while position < bytes.count {
      let header = try RecordHeader(bytes.span.bytes, at: position, salt: salt)
      let start = position
      guard header.kind == .event else {
        position += header.recordByteCount
        continue
      }
      let event = try event(at: start, header)
      position = start + header.recordByteCount
      return event
    }
    return nil
  }

  /// How many events there are, were all of them as long as the first.
  package var likelyCount: Int {
    guard bytes.count >= RecordHeader.byteCount else { return 0 }
    let first = RecordHeader.recordByteCount(bytes.span.bytes, at: 0)
    return bytes.count / max(first, RecordHeader.byteCount + RecordHeader.eventPrefixByteCount) + 1
  }

  /// The event of a record whose header was read.
  mutating func event(at start: Int, _ header: RecordHeader) throws(ProtocolError) -> Event {
    try Record.checkWhole(bytes.span.bytes, at: start, header: header)
    let body = start + RecordHeader.byteCount
    let topicStart = body + RecordHeader.eventPrefixByteCount
    let headersStart = topicStart + header.topicByteCount
    let dataStart = headersStart + header.headersByteCount
    let topic = try topic(at: topicStart..<headersStart)
    let headers = try headers(at: headersStart..<dataStart)
    let span = bytes.span.bytes
    var event = Event(
      id: EventID(high: span.bigEndian(at: body), low: span.bigEndian(at: body + 8)),
      topic: topic, data: Array(bytes[dataStart..<body + header.bodyByteCount]),
      time: Timestamp(microseconds: Int64(bitPattern: span.littleEndian(UInt64.self, at: body + 40))),
      publisher: PublisherID(high: span.bigEndian(at: body + 16), low: span.bigEndian(at: body + 24)),
      publisherSequence: span.littleEndian(UInt64.self, at: body + 32),
      headers: headers)
    event.offset = header.offset
    event.sequence = header.sequence
    event.recordedAt = header.recordedAt
    if let signature = headers.signature {
      // Of this record, even where its headers are those of the one before.
      event.headers.signature = EventSignature(
        signer: signature.signer, bytes: signature.bytes,
        content: EventSignature.content(
          signature.signer, beforeHeaders: bytes[body..<headersStart],
          headers: bytes[headersStart..<dataStart - signature.headerByteCount]))
    }
    return event
  }

  private mutating func topic(at place: Range<Int>) throws(ProtocolError) -> Topic {
    if let topic, bytes.span.bytes.isSame(topic.place, place) { return topic.value }
    let value = try Record.topic(bytes[place])
    topic = Known(place: place, value: value)
    return value
  }

  private mutating func headers(at place: Range<Int>) throws(ProtocolError) -> EventHeaders {
    if bytes.span.bytes.isSame(headers.place, place) { return headers.value }
    headers = Known(place: place, value: try EventHeaders(bytes[place]))
    return headers.value
  }
}
