internal import BusProtocol

/// A record as it stands in a segment.
enum StoredRecord {
  case whole(RecordHeader)
  case short(ShortRecord)

  /// What it takes in the segment.
  var byteCount: Int {
    switch self {
    case .whole(let record): record.recordByteCount
    case .short(let record): record.recordByteCount
    }
  }

  var offset: Offset {
    switch self {
    case .whole(let record): record.offset
    case .short(let record): record.offset
    }
  }

  var syncedUpTo: Offset {
    switch self {
    case .whole(let record): record.syncedUpTo
    case .short(let record): record.syncedUpTo
    }
  }

  var isSeal: Bool {
    if case .whole(let record) = self { record.kind == .seal } else { false }
  }
}

/// Turns records from a segment's form into that of the wire. It is shown each whole one that is passed: a short one
/// can only be read when its leader was.
struct SegmentDecoder {
  private let segment: SegmentHeader
  private let mask: SaltMask
  private var leaders = Leaders()
  /// Where the leader of the short record is whose header was found last, and its parts.
  private var place = 0
  private var tail = ShortTail()

  init(_ segment: SegmentHeader) {
    self.segment = segment
    mask = SaltMask(salt: segment.salt)
  }

  /// The first bytes of the record that begins at a byte, checked.
  func record(_ bytes: borrowing RawSpan, at index: Int) throws(ProtocolError) -> StoredRecord {
    if segment.hasShortRecords, index < bytes.byteCount,
      bytes.littleEndian(UInt8.self, at: index) == ShortRecord.magic
    {
      return .short(try ShortRecord(bytes, at: index, of: segment))
    }
    return .whole(try RecordHeader(bytes, at: index, salt: segment.salt))
  }

  /// The header that a record has on the wire; all of it stands at the byte. Of this one ``topic(of:_:at:)`` and
  /// ``append(_:_:isChecked:from:at:to:)`` may be asked next.
  mutating func header(
    of record: StoredRecord, _ bytes: [UInt8], at index: Int
  ) throws(ProtocolError) -> RecordHeader {
    switch record {
    case .whole(let header): return header
    case .short(let short):
      guard let place = leaders.place(of: short.leader) else {
        throw ProtocolError(.badRecord, "the whole record that it leans on, \(short.leader), is not there")
      }
      self.place = place
      tail = try ShortTail(short, bytes.span.bytes, at: index, leader: leaders[place])
      return SegmentDecoder.header(of: short, tail, leader: leaders[place])
    }
  }

  private static func header(of short: ShortRecord, _ tail: ShortTail, leader: borrowing Leader) -> RecordHeader {
    let topicByteCount = leader.topicByteCount
    let headersByteCount = tail.sharedHeaders + tail.ownHeaders
    let recordedAt = leader.recordedAt &+ UInt64(short.recordedAt)
    return RecordHeader(
      kind: .event,
      bodyByteCount: RecordHeader.eventPrefixByteCount + topicByteCount + headersByteCount + tail.dataByteCount,
      bodyChecksum: short.bodyChecksum, offset: short.offset, syncedUpTo: short.syncedUpTo,
      sequence: leader.sequence &+ UInt64(short.sequence),
      recordedAt: Timestamp(microseconds: Int64(bitPattern: recordedAt)), topicByteCount: topicByteCount,
      headersByteCount: headersByteCount)
  }

  /// The topic of an event whose header was found.
  func topic(of record: StoredRecord, _ bytes: [UInt8], at index: Int) -> ArraySlice<UInt8> {
    switch record {
    case .whole(let header): Record.topicBytes(bytes, at: index, header: header)
    case .short: leaders[place].topic
    }
  }

  /// The number that its publisher gave to an event whose header was found; zero for none.
  func publisherSequence(of record: StoredRecord, _ bytes: [UInt8], at index: Int) -> UInt64 {
    switch record {
    case .whole: bytes.span.bytes.littleEndian(UInt64.self, at: index + Leader.publisherSequencePlace)
    case .short(let short): leaders[place].publisherSequence &+ UInt64(short.publisherSequence)
    }
  }

  /// Takes note of a whole record that is passed, all of which stands at the byte.
  ///
  /// - Returns: whether its body was checked, and is as it has to be.
  @discardableResult
  mutating func pass(_ record: RecordHeader, _ bytes: [UInt8], at index: Int) -> Bool {
    guard segment.hasShortRecords, record.kind == .event else { return false }
    guard record.recordByteCount <= Leaders.maximumRecordByteCount, isBodyWhole(record, bytes, at: index) else {
      leaders.forget(placeOf: record.offset)
      return false
    }
    leaders.take(bytes, at: index, byteCount: record.recordByteCount)
    return true
  }

  /// Takes a whole event for a leader whose header alone was checked: what is expanded from it has to be checked.
  mutating func lean(on record: RecordHeader, _ bytes: [UInt8], at index: Int) {
    guard segment.hasShortRecords, record.kind == .event, record.recordByteCount <= Leaders.maximumRecordByteCount
    else { return }
    leaders.take(bytes, at: index, byteCount: record.recordByteCount)
  }

  /// Forgets what was passed: no record behind a place where a search may begin names a leader before it.
  mutating func forgetLeaders() { leaders.forgetAll() }

  /// Whether the body is there as its checksum says.
  func isBodyWhole(_ record: RecordHeader, _ bytes: [UInt8], at index: Int) -> Bool {
    do throws(ProtocolError) { try Record.checkBody(bytes.span.bytes, at: index, header: record) } catch {
      return false
    }
    return true
  }

  /// Appends a record in the form of the wire; refuses a body that is not as its checksum says, and appends nothing.
  ///
  /// - Parameters:
  ///   - header: what was found to be its header.
  ///   - isChecked: whether the body of a whole one was checked before.
  func append(
    _ record: StoredRecord, _ header: RecordHeader, isChecked: Bool = false, from bytes: [UInt8], at index: Int,
    to output: inout [UInt8]
  ) throws(ProtocolError) {
    switch record {
    case .whole:
      if !isChecked { try Record.checkBody(bytes.span.bytes, at: index, header: header) }
      let begin = output.count
      output.append(contentsOf: bytes[index..<index + header.recordByteCount])
      var span = output.mutableSpan
      var raw = span.mutableBytes
      mask.toggle(&raw, at: begin)
      // No checksum covers the padding: it is what it has to be, whatever became of it on disk.
      for padding in begin + RecordHeader.byteCount + header.bodyByteCount..<begin + header.recordByteCount {
        raw.storeLittleEndian(UInt8(0), at: padding)
      }
    case .short(let short): try expand(short, header, from: bytes, at: index, to: &output)
    }
  }

  private func expand(
    _ short: ShortRecord, _ header: RecordHeader, from bytes: [UInt8], at index: Int, to output: inout [UInt8]
  ) throws(ProtocolError) {
    let begin = output.count
    output.append(
      contentsOf: leaders[place].bytes[..<(Leader.topicPlace + header.topicByteCount + tail.sharedHeaders)])
    output.append(contentsOf: bytes[tail.start..<tail.end])
    for _ in RecordHeader.byteCount + header.bodyByteCount..<header.recordByteCount { output.append(0) }
    write(short, header, bytes.span.bytes, at: index, leader: leaders[place], over: &output, at: begin)
    do throws(ProtocolError) { try Record.checkBody(output.span.bytes, at: begin, header: header) } catch {
      output.removeSubrange(begin...)
      throw error
    }
  }

  /// Writes what a short record differs in over the bytes of its leader.
  private func write(
    _ short: ShortRecord, _ header: RecordHeader, _ input: borrowing RawSpan, at index: Int,
    leader: borrowing Leader, over output: inout [UInt8], at begin: Int
  ) {
    let time = leader.time &+ UInt64(bitPattern: Int64(short.time))
    let publisherSequence = leader.publisherSequence &+ UInt64(short.publisherSequence)
    var span = output.mutableSpan
    var raw = span.mutableBytes
    header.write(to: &raw, at: begin)
    ShortTail.writeID(
      of: short, input, at: index, time: Timestamp(microseconds: Int64(bitPattern: time)), to: &raw, at: begin)
    raw.storeLittleEndian(publisherSequence, at: begin + Leader.publisherSequencePlace)
    raw.storeLittleEndian(time, at: begin + Leader.timePlace)
  }
}
