internal import BusProtocol

/// Walks the records of a segment that are known to be there.
struct SegmentWalk {
  /// Where the next record begins.
  var position = SegmentHeader.byteCount
  /// Short records up to here are passed over: who does not want them needs no leader of theirs.
  var passed = Offset.zero

  private let segment: Segment
  private let path: String
  private var window: SegmentWindow
  private var decoder: SegmentDecoder
  private var record = StoredRecord.whole(RecordHeader(kind: .seal, bodyByteCount: 0, bodyChecksum: 0))
  private var header = RecordHeader(kind: .seal, bodyByteCount: 0, bodyChecksum: 0)
  private var isChecked = false
  private var start = 0
  private var index = 0

  init(_ segment: Segment, in directory: SpoolDirectory, byteCount: Int) throws(SpoolError) {
    self.segment = segment
    path = "\(directory.path)/\(segment.name)"
    let file = if let file = segment.file { file } else { try directory.open(segment.name, .read) }
    window = SegmentWindow(file, end: segment.end, byteCount: byteCount)
    decoder = SegmentDecoder(segment.header)
  }

  /// The next record's header in the form of the wire; nil at the end.
  mutating func next() throws(SpoolError) -> RecordHeader? {
    repeat {
      guard try find() else { return nil }
      position += record.byteCount
    } while isPassed
    do throws(ProtocolError) {
      header = try decoder.header(of: record, window.bytes, at: index)
    } catch {
      throw damage(error.message)
    }
    if case .whole = record { isChecked = decoder.pass(header, window.bytes, at: index) }
    return header
  }

  private var isPassed: Bool {
    if case .short(let short) = record { short.offset <= passed } else { false }
  }

  /// Finds all of the record at the position.
  private mutating func find() throws(SpoolError) -> Bool {
    guard position < segment.end else { return false }
    start = position
    guard let found = try window.index(of: position, upTo: RecordHeader.byteCount) else {
      throw damage("is cut short")
    }
    do throws(ProtocolError) {
      record = try decoder.record(window.bytes.span.bytes, at: found)
    } catch {
      throw damage(error.message)
    }
    // The topic stands in front of the body, but the caller may want all of it: one look for both.
    guard let whole = try window.index(of: position, byteCount: record.byteCount) else {
      throw damage("is cut short")
    }
    index = whole
    return true
  }

  /// The topic of the record that ``next()`` found.
  var topic: ArraySlice<UInt8> { decoder.topic(of: record, window.bytes, at: index) }

  /// Whether the event that ``next()`` found was numbered by an outbox.
  var isNumbered: Bool { decoder.publisherSequence(of: record, window.bytes, at: index) > 0 }

  /// Appends the record that ``next()`` found in the form of the wire.
  func append(to bytes: inout [UInt8]) throws(SpoolError) {
    do throws(ProtocolError) {
      try decoder.append(record, header, isChecked: isChecked, from: window.bytes, at: index, to: &bytes)
    } catch {
      throw damage(error.message)
    }
  }

  private func damage(_ why: String) -> SpoolError {
    SpoolError(
      .corrupt,
      "\(path) cannot be read at byte \(start): \(why), after \(header.offset); restore it, or see `bus spool verify`")
  }
}
