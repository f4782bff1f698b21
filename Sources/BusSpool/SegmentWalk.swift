internal import BusProtocol

/// Walks the records of a segment that are known to be there.
struct SegmentWalk {
  /// Where the next record begins.
  var position = SegmentHeader.byteCount

  private let segment: Segment
  private let path: String
  private var window: SegmentWindow
  private var header = RecordHeader(kind: .seal, bodyByteCount: 0, bodyChecksum: 0)
  private var start = 0
  private var index = 0

  init(_ segment: Segment, in directory: SpoolDirectory, byteCount: Int) throws(SpoolError) {
    self.segment = segment
    path = "\(directory.path)/\(segment.name)"
    let file = if let file = segment.file { file } else { try directory.open(segment.name, .read) }
    window = SegmentWindow(file, end: segment.end, byteCount: byteCount)
  }

  /// The next record's header; nil at the end.
  mutating func next() throws(SpoolError) -> RecordHeader? {
    guard position < segment.end else { return nil }
    start = position
    guard let found = try window.index(of: position, byteCount: RecordHeader.byteCount) else {
      throw damage("is cut short")
    }
    do throws(ProtocolError) {
      header = try RecordHeader(window.bytes.span.bytes, at: found, salt: segment.header.salt)
    } catch {
      throw damage(error.message)
    }
    // The topic stands in front of the body, but the caller may want all of it: one look for both.
    guard let whole = try window.index(of: position, byteCount: header.recordByteCount) else {
      throw damage("is cut short")
    }
    index = whole
    position += header.recordByteCount
    return header
  }

  /// The topic of the record that ``next()`` found.
  var topic: ArraySlice<UInt8> { Record.topicBytes(window.bytes, at: index, header: header) }

  /// Appends the record that ``next()`` found in the form of the wire.
  func append(to bytes: inout [UInt8]) throws(SpoolError) {
    do throws(ProtocolError) {
      try Record.checkBody(window.bytes.span.bytes, at: index, header: header)
    } catch {
      throw damage(error.message)
    }
    let begin = bytes.count
    bytes.append(contentsOf: window.bytes[index..<index + header.recordByteCount])
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    segment.mask.toggle(&raw, at: begin)
    // No checksum covers the padding: it is what it has to be, whatever became of it on disk.
    for padding in begin + RecordHeader.byteCount + header.bodyByteCount..<begin + header.recordByteCount {
      raw.storeLittleEndian(UInt8(0), at: padding)
    }
  }

  private func damage(_ why: String) -> SpoolError {
    SpoolError(
      .corrupt,
      "\(path) cannot be read at byte \(start): \(why), after \(header.offset); restore it, or see `bus spool verify`")
  }
}
