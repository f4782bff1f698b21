/// An event in its bytes: how it is written once and read at each edge.
public enum Record {
  /// Appends the whole record of an event to `bytes`, header stamped with the event's own offset and sequence.
  ///
  /// Refuses what ``event(_:at:salt:)`` would not read: data or headers above their limits. Then nothing is appended.
  @discardableResult
  public static func append(
    _ event: Event, to bytes: inout [UInt8], salt: UInt32 = 0
  ) throws(ProtocolError) -> RecordHeader {
    let start = bytes.count
    let header = try appendUnstamped(event, to: &bytes)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    header.write(to: &raw, at: start, salt: salt)
    return header
  }

  /// The same with room for the header, which the caller changes and writes.
  package static func appendUnstamped(_ event: Event, to bytes: inout [UInt8]) throws(ProtocolError) -> RecordHeader {
    guard event.data.count <= RecordHeader.maximumDataByteCount else {
      throw ProtocolError(
        .tooLarge,
        "event \(event.topic) has \(event.data.count) bytes of data, the limit is \(RecordHeader.maximumDataByteCount): "
          + "publish an id and keep the rest where its truth is")
    }
    let start = bytes.count
    do {
      return try appendChecked(event, to: &bytes)
    } catch {
      bytes.removeSubrange(start...)
      throw error
    }
  }

  private static func appendChecked(_ event: Event, to bytes: inout [UInt8]) throws(ProtocolError) -> RecordHeader {
    let start = bytes.count
    let body = start + RecordHeader.byteCount
    event.appendPrefix(behind: RecordHeader.byteCount, to: &bytes)
    let headers = bytes.count
    try event.headers.append(to: &bytes)
    let headersByteCount = bytes.count - headers
    guard headersByteCount <= RecordHeader.maximumHeadersByteCount else {
      throw ProtocolError(
        .tooLarge,
        "event \(event.topic) has \(headersByteCount) bytes of headers, the limit is "
          + "\(RecordHeader.maximumHeadersByteCount): carry less context")
    }
    bytes.append(contentsOf: event.data)
    let header = RecordHeader(
      kind: .event, bodyByteCount: bytes.count - body,
      bodyChecksum: Checksum.crc32c(bytes.span.bytes.extracting(body..<bytes.count)), offset: event.offset,
      sequence: event.sequence, recordedAt: event.recordedAt, topicByteCount: event.topic.text.utf8.count,
      headersByteCount: headersByteCount)
    bytes.append(contentsOf: repeatElement(0, count: header.recordByteCount - (bytes.count - start)))
    return header
  }

  /// Reads the event of the record that begins at a byte; checks header, body, padding, lengths, topic and headers.
  public static func event(_ bytes: [UInt8], at start: Int = 0, salt: UInt32 = 0) throws(ProtocolError) -> Event {
    let header = try RecordHeader(bytes.span.bytes, at: start, salt: salt)
    var reader = EventReader(bytes, salt: salt)
    return try reader.event(at: start, header)
  }

  /// Reads the events of records that stand one behind the other, all of the bytes; seals are passed over.
  public static func events(_ bytes: [UInt8], salt: UInt32 = 0) throws(ProtocolError) -> [Event] {
    var reader = EventReader(bytes, salt: salt)
    var events: [Event] = []
    events.reserveCapacity(reader.likelyCount)
    while let event = try reader.next() { events.append(event) }
    return events
  }

  /// Checks that a body is there, whole and as its checksum says. The padding behind it is not looked at.
  public static func checkBody(
    _ bytes: borrowing RawSpan, at start: Int, header: RecordHeader
  ) throws(ProtocolError) {
    guard start >= 0, bytes.byteCount - start >= header.recordByteCount else {
      throw ProtocolError(
        .badRecord,
        "a record of \(header.recordByteCount) bytes at byte \(start) of \(bytes.byteCount) is cut short")
    }
    let body = start + RecordHeader.byteCount
    let found = Checksum.crc32c(bytes.extracting(body..<body + header.bodyByteCount))
    guard found == header.bodyChecksum else {
      throw ProtocolError(.badRecord, "the body of record \(header.offset) does not match its checksum")
    }
  }

  /// The topic's bytes of the record that begins at a byte; header and body have been checked there.
  public static func topicBytes(_ bytes: [UInt8], at start: Int, header: RecordHeader) -> ArraySlice<UInt8> {
    let topic = start + RecordHeader.byteCount + RecordHeader.eventPrefixByteCount
    return bytes[topic..<topic + header.topicByteCount]
  }

  /// Whether the event of the record that begins at a byte, and was checked before, has a signature.
  package static func isSigned(_ bytes: [UInt8], at start: Int) -> Bool {
    let topic = topicBytes(bytes, at: start)
    let headers = Int(bytes.span.bytes.littleEndian(UInt16.self, at: start + 52))
    return headers > EventSignature.byteCount
      && EventHeaders.hasSignature(bytes[topic.endIndex..<topic.endIndex + headers])
  }

  /// The topic's bytes of the event's record that begins at a byte and was checked before.
  package static func topicBytes(_ bytes: [UInt8], at start: Int) -> ArraySlice<UInt8> {
    bytes[topicPlace(bytes.span.bytes, at: start)]
  }

  /// Where the topic stands of the event's record that begins at a byte and was checked before.
  package static func topicPlace(_ bytes: borrowing RawSpan, at start: Int) -> Range<Int> {
    let topic = start + RecordHeader.byteCount + RecordHeader.eventPrefixByteCount
    return topic..<topic + Int(bytes.littleEndian(UInt16.self, at: start + 50))
  }

  /// Checks that a record is an event's, with its body as its checksum says and nothing behind it.
  static func checkWhole(_ bytes: borrowing RawSpan, at start: Int, header: RecordHeader) throws(ProtocolError) {
    guard header.kind == .event else { throw ProtocolError(.badRecord, "the record is a seal, not an event") }
    try checkBody(bytes, at: start, header: header)
    // No checksum covers the padding, and nobody may hide anything there.
    for padding in start + RecordHeader.byteCount + header.bodyByteCount..<start + header.recordByteCount {
      guard bytes.littleEndian(UInt8.self, at: padding) == 0 else {
        throw ProtocolError(.badRecord, "the padding of record \(header.offset) is not zero")
      }
    }
  }

  /// The topic that its bytes spell.
  static func topic(_ bytes: ArraySlice<UInt8>) throws(ProtocolError) -> Topic {
    try checkTopic(bytes)
    return Topic(unchecked: String(decoding: bytes, as: UTF8.self))
  }

  static func checkTopic(_ bytes: ArraySlice<UInt8>) throws(ProtocolError) {
    guard Name.isValid(bytes) else {
      throw Name.refusal(of: String(decoding: bytes, as: UTF8.self), what: "topic")
    }
  }
}

extension Event {
  /// Appends the part of its body that stands before the headers, behind room for a record's header or for none.
  func appendPrefix(behind byteCount: Int = 0, to bytes: inout [UInt8]) {
    // In one piece: each that is appended costs as much as all of them.
    var words = InlineArray<13, UInt64>(repeating: 0)
    words[7] = id.high.bigEndian
    words[8] = id.low.bigEndian
    words[9] = publisher.high.bigEndian
    words[10] = publisher.low.bigEndian
    words[11] = publisherSequence.littleEndian
    words[12] = UInt64(bitPattern: time.microseconds).littleEndian
    words.span.bytes.withUnsafeBytes {
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[(RecordHeader.byteCount - byteCount)...]))
    }
    bytes.append(text: topic.text)
  }
}
