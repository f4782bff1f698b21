extension Record {
  /// What busd looks at in a record that comes in, without building the event.
  public struct Facts: Hashable, Sendable {
    /// The header as it came.
    public var header: RecordHeader
    /// Who numbered it.
    public var publisher: PublisherID
    /// Its number there.
    public var publisherSequence: UInt64
  }

  /// Checks the record that begins at a byte as strictly as ``event(_:at:salt:)``, at a fraction of the cost.
  ///
  /// What passes here can be read by everyone later: nothing that would stop a reader gets into the spool.
  public static func check(_ bytes: [UInt8], at start: Int) throws(ProtocolError) -> Facts {
    let header = try RecordHeader(bytes.span.bytes, at: start)
    guard header.kind == .event else { throw ProtocolError(.badRecord, "the record is a seal, not an event") }
    try checkBody(bytes.span.bytes, at: start, header: header)
    let topic = topicBytes(bytes, at: start, header: header)
    guard Name.isValid(topic) else {
      throw Name.refusal(of: String(decoding: topic, as: UTF8.self), what: "topic")
    }
    if header.headersByteCount > 0 {
      _ = try EventHeaders(bytes[topic.endIndex..<topic.endIndex + header.headersByteCount])
    }
    let body = bytes.span.bytes.extracting(start + RecordHeader.byteCount..<start + header.recordByteCount)
    return Facts(
      header: header,
      publisher: PublisherID(
        high: body.littleEndian(UInt64.self, at: 16).byteSwapped,
        low: body.littleEndian(UInt64.self, at: 24).byteSwapped),
      publisherSequence: body.littleEndian(UInt64.self, at: 32))
  }
}
