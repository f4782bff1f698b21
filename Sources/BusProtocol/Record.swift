/// An event in its bytes: how it is written once and read at each edge.
public enum Record {
  /// Appends the whole record of an event to `bytes`, header stamped with the event's own offset and sequence.
  ///
  /// Refuses data or headers above their limits; then nothing is appended.
  public static func append(_ event: Event, to bytes: inout [UInt8], salt: UInt32 = 0) throws(ProtocolError) {
    guard event.data.count <= RecordHeader.maximumDataByteCount else {
      throw ProtocolError(
        .tooLarge,
        "event \(event.topic) has \(event.data.count) bytes of data, the limit is "
          + "\(RecordHeader.maximumDataByteCount): publish an id and keep the rest where its truth is")
    }
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: RecordHeader.byteCount))
    let body = bytes.count
    append(big: event.id.high, to: &bytes)
    append(big: event.id.low, to: &bytes)
    append(big: event.publisher.high, to: &bytes)
    append(big: event.publisher.low, to: &bytes)
    append(little: event.publisherSequence, to: &bytes)
    append(little: UInt64(bitPattern: event.time.microseconds), to: &bytes)
    bytes.append(contentsOf: event.topic.text.utf8)
    let headers = bytes.count
    event.headers.append(to: &bytes)
    let headersByteCount = bytes.count - headers
    guard headersByteCount <= RecordHeader.maximumHeadersByteCount else {
      bytes.removeSubrange(start...)
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
    while (bytes.count - start) & 7 != 0 { bytes.append(0) }
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    header.write(to: &raw, at: start, salt: salt)
  }

  /// Reads the event of the record that begins at a byte; checks header, body, lengths, topic and headers.
  public static func event(_ bytes: [UInt8], at start: Int = 0, salt: UInt32 = 0) throws(ProtocolError) -> Event {
    let header = try RecordHeader(bytes.span.bytes, at: start, salt: salt)
    return try event(bytes, at: start, header: header)
  }

  /// Reads the events of records that stand one behind the other, all of the bytes.
  public static func events(_ bytes: [UInt8], salt: UInt32 = 0) throws(ProtocolError) -> [Event] {
    var events: [Event] = []
    var position = 0
    while position < bytes.count {
      let header = try RecordHeader(bytes.span.bytes, at: position, salt: salt)
      if header.kind == .event { events.append(try event(bytes, at: position, header: header)) }
      position += header.recordByteCount
    }
    return events
  }

  /// Checks that a body is there, whole and as its checksum says.
  public static func checkBody(
    _ bytes: borrowing RawSpan, at start: Int, header: RecordHeader
  ) throws(ProtocolError) {
    guard bytes.byteCount - start >= header.recordByteCount else {
      throw ProtocolError(
        .badRecord, "a record is cut short at \(bytes.byteCount - start) of \(header.recordByteCount) bytes")
    }
    let body = start + RecordHeader.byteCount
    let found = Checksum.crc32c(bytes.extracting(body..<body + header.bodyByteCount))
    guard found == header.bodyChecksum else {
      throw ProtocolError(.badRecord, "the body of record \(header.offset) does not match its checksum")
    }
  }

  /// The topic's bytes of the record that begins at a byte; the header has been read from there.
  public static func topicBytes(_ bytes: [UInt8], at start: Int, header: RecordHeader) -> ArraySlice<UInt8> {
    let topic = start + RecordHeader.byteCount + RecordHeader.eventPrefixByteCount
    return bytes[topic..<topic + header.topicByteCount]
  }

  private static func event(
    _ bytes: [UInt8], at start: Int, header: RecordHeader
  ) throws(ProtocolError) -> Event {
    guard header.kind == .event else { throw ProtocolError(.badRecord, "the record is a seal, not an event") }
    try checkBody(bytes.span.bytes, at: start, header: header)
    let body = bytes[(start + RecordHeader.byteCount)...].prefix(header.bodyByteCount)
    let topicBytes = topicBytes(bytes, at: start, header: header)
    guard Name.isValid(topicBytes) else {
      throw Name.refusal(of: String(decoding: topicBytes, as: UTF8.self), what: "topic")
    }
    let headers = topicBytes.endIndex..<topicBytes.endIndex + header.headersByteCount
    let span = bytes.span.bytes
    var event = Event(
      id: try EventID(body.prefix(16)), topic: Topic(unchecked: String(decoding: topicBytes, as: UTF8.self)),
      data: Array(body.suffix(from: headers.upperBound)),
      time: Timestamp(
        microseconds: Int64(bitPattern: span.littleEndian(UInt64.self, at: body.startIndex + 40))),
      publisher: try PublisherID(body.dropFirst(16).prefix(16)),
      publisherSequence: span.littleEndian(UInt64.self, at: body.startIndex + 32),
      headers: try EventHeaders(bytes[headers]))
    event.offset = header.offset
    event.sequence = header.sequence
    event.recordedAt = header.recordedAt
    return event
  }

  private static func append(little value: UInt64, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  private static func append(big value: UInt64, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }
}
