extension Record {
  /// What busd looks at in a record that comes in, without building the event.
  public struct Facts: Hashable, Sendable {
    /// The header as it came.
    public var header: RecordHeader
    /// Who numbered it.
    public var publisher: PublisherID
    /// Its number there.
    public var publisherSequence: UInt64

    /// What is known of a record by who wrote it.
    public init(header: RecordHeader, publisher: PublisherID, publisherSequence: UInt64) {
      self.header = header
      self.publisher = publisher
      self.publisherSequence = publisherSequence
    }
  }

  /// Checks the record that begins at a byte as strictly as ``event(_:at:salt:)``, at a fraction of the cost.
  ///
  /// What passes here can be read by everyone later: nothing that would stop a reader gets into the spool.
  public static func check(_ bytes: [UInt8], at start: Int) throws(ProtocolError) -> Facts {
    var checker = RecordChecker(bytes)
    return try checker.facts(at: start)
  }
}

/// Checks records of one stretch of bytes, each as strictly as ``Record/check(_:at:)``.
///
/// Neighbours mostly have topic and headers in common: the same bytes are looked into once.
package struct RecordChecker: Sendable {
  private let bytes: [UInt8]
  /// Where topic and headers begin that were found good last, where they part, and where they end.
  private var known = (topic: 0, headers: 0, data: 0)

  /// A checker of records in these bytes.
  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// What busd looks at in the record that begins at a byte.
  package mutating func facts(at start: Int) throws(ProtocolError) -> Record.Facts {
    let bytes = bytes
    let span = bytes.span.bytes
    let header = try RecordHeader(span, at: start)
    try Record.checkWhole(span, at: start, header: header)
    let body = start + RecordHeader.byteCount
    let topic = body + RecordHeader.eventPrefixByteCount
    let headers = topic + header.topicByteCount
    let data = headers + header.headersByteCount
    let isKnown = headers - topic == known.headers - known.topic && span.isSame(topic..<data, known.topic..<known.data)
    if !isKnown {
      try Record.checkTopic(bytes[topic..<headers])
      try EventHeaders.check(bytes[headers..<data])
      known = (topic, headers, data)
    }
    return Record.Facts(
      header: header,
      publisher: PublisherID(high: span.bigEndian(at: body + 16), low: span.bigEndian(at: body + 24)),
      publisherSequence: span.littleEndian(UInt64.self, at: body + 32))
  }
}
