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
    let header = try RecordHeader(bytes.span.bytes, at: start)
    let topic = try checkEvent(bytes, at: start, header: header)
    if header.headersByteCount > 0 {
      try EventHeaders.check(bytes[topic.endIndex..<topic.endIndex + header.headersByteCount])
    }
    let body = bytes.span.bytes.extracting(start + RecordHeader.byteCount..<start + header.recordByteCount)
    return Facts(
      header: header, publisher: PublisherID(high: body.bigEndian(at: 16), low: body.bigEndian(at: 24)),
      publisherSequence: body.littleEndian(UInt64.self, at: 32))
  }
}
