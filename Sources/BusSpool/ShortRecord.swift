// A short record: an event that says only in what it differs from its leader, a whole record before it in the segment,
// of the same publisher and topic. It is a segment's form only: whoever reads the log gets the form of the wire. All
// numbers are little-endian; it begins, as every record of a segment, at a multiple of 4.
//
//   at size
//    0   1  magic, 0xB5
//    1   3  length of the tail in bytes
//    4   4  CRC-32C of the body, in the form of the wire: what is expanded is checked from end to end
//    8   3  offset, less the segment's base
//   11   3  offset, less `synced up to`: with the base both are known without the leader
//   14   2  bits 0-10: offset, less the leader's; bit 14: the tail has headers of its own; bit 15: the id is whole;
//           the others zero
//   16   4  recorded at, less the leader's
//   20   4  time at which it was published, less the leader's; signed
//   24   2  sequence within the topic, less the leader's
//   26   2  publisher's sequence, less the leader's
//   28   4  CRC-32C of bytes 0-27, and 32-35 with headers of its own, begun with the segment's salt
//   32      tail, then zeros up to the next multiple of 4
//
// The tail:
//        2  only with headers of its own: how many bytes of the leader's headers come before them
//        2  only with headers of its own: how many bytes they have
//        8  id: its second half, with the chance of the first half in the place of the two bits that are the same in all.
//           The rest of the first half is the time. Where the id was not made of that: all 16 bytes
//           its own headers, then the data
//
// What does not fit these widths is written whole.

internal import BusProtocol

/// A short record, but for its id, headers and data.
struct ShortRecord: Hashable, Sendable {
  /// The headers of one that has not just its leader's.
  struct Headers: Hashable, Sendable {
    /// How many bytes of its leader's headers come first.
    var sharedByteCount: Int
    /// How many bytes of its own follow.
    var ownByteCount: Int
  }

  static let byteCount = 32
  static let magic: UInt8 = 0xB5
  /// How far behind its leader it may be.
  static let maximumDistance = 0x7FF
  private static let ownHeadersFlag: UInt64 = 0x4000
  private static let wholeIDFlag: UInt64 = 0x8000
  private static let distanceMask: UInt64 = 0x7FF
  private static let maximumNumber: UInt64 = 0xFF_FFFF

  var tailByteCount: Int
  var bodyChecksum: UInt32
  var offset: Offset
  var syncedUpTo: Offset
  /// The offset of its leader.
  var leader: Offset
  /// Nil where the headers are its leader's.
  var headers: Headers?
  var hasWholeID: Bool
  /// These are differences from the leader.
  var recordedAt: UInt32
  var time: Int32
  var sequence: UInt16
  var publisherSequence: UInt16

  /// The bytes that it takes in the segment.
  var recordByteCount: Int { (ShortRecord.byteCount + tailByteCount + 3) & ~3 }

  /// Reads the one that begins at a byte; the tail is not looked at.
  init(_ bytes: borrowing RawSpan, at start: Int, of segment: SegmentHeader) throws(ProtocolError) {
    guard segment.hasShortRecords, start >= 0, bytes.byteCount - start >= ShortRecord.byteCount else {
      throw ProtocolError(.badRecord, "no short record can stand here")
    }
    let first = bytes.littleEndian(UInt32.self, at: start)
    let places = bytes.littleEndian(UInt64.self, at: start + 8)
    let flags = places >> 48
    let hasHeaders = flags & ShortRecord.ownHeadersFlag != 0
    guard UInt8(truncatingIfNeeded: first) == ShortRecord.magic,
      !hasHeaders || bytes.byteCount - start >= ShortRecord.byteCount + 4,
      bytes.littleEndian(UInt32.self, at: start + 28)
        == ShortRecord.checksum(bytes, at: start, hasHeaders: hasHeaders, salt: segment.salt)
    else { throw ProtocolError(.badRecord, "a short record's header does not match its checksum") }
    let number = segment.base.rawValue.addingReportingOverflow(places & ShortRecord.maximumNumber)
    let (unsynced, distance) = (places >> 24 & ShortRecord.maximumNumber, flags & ShortRecord.distanceMask)
    guard flags & 0x3800 == 0, !number.overflow, distance > 0, max(distance, unsynced) <= number.partialValue else {
      throw ProtocolError(.badRecord, "a short record has flags or numbers that this version does not know")
    }
    tailByteCount = Int(first >> 8)
    bodyChecksum = bytes.littleEndian(UInt32.self, at: start + 4)
    offset = Offset(number.partialValue)
    syncedUpTo = Offset(number.partialValue - unsynced)
    leader = Offset(number.partialValue - distance)
    if hasHeaders {
      headers = Headers(
        sharedByteCount: Int(bytes.littleEndian(UInt16.self, at: start + 32)),
        ownByteCount: Int(bytes.littleEndian(UInt16.self, at: start + 34)))
    }
    hasWholeID = flags & ShortRecord.wholeIDFlag != 0
    recordedAt = bytes.littleEndian(UInt32.self, at: start + 16)
    time = bytes.littleEndian(Int32.self, at: start + 20)
    sequence = bytes.littleEndian(UInt16.self, at: start + 24)
    publisherSequence = bytes.littleEndian(UInt16.self, at: start + 26)
  }

  /// What a record in the form of the wire differs in from a leader, but for the tail; nil where a number does not fit.
  init?(_ bytes: borrowing RawSpan, at start: Int, leader: borrowing Leader, base: Offset) {
    func difference(at place: Int, from number: UInt64) -> UInt64 {
      bytes.littleEndian(UInt64.self, at: start + place) &- number
    }
    let offset = bytes.littleEndian(UInt64.self, at: start + 16)
    let syncedUpTo = bytes.littleEndian(UInt64.self, at: start + 24)
    let time = Int64(bitPattern: difference(at: Leader.timePlace, from: leader.time))
    guard offset &- base.rawValue <= ShortRecord.maximumNumber, offset &- syncedUpTo <= ShortRecord.maximumNumber,
      offset > leader.offset.rawValue, offset - leader.offset.rawValue <= ShortRecord.maximumDistance,
      let recordedAt = UInt32(exactly: difference(at: Leader.recordedAtPlace, from: leader.recordedAt)),
      let time = Int32(exactly: time),
      let sequence = UInt16(exactly: difference(at: Leader.sequencePlace, from: leader.sequence)),
      let publisherSequence = UInt16(
        exactly: difference(at: Leader.publisherSequencePlace, from: leader.publisherSequence))
    else { return nil }
    tailByteCount = 0
    bodyChecksum = bytes.littleEndian(UInt32.self, at: start + 12)
    (self.offset, self.syncedUpTo, self.leader) = (Offset(offset), Offset(syncedUpTo), leader.offset)
    hasWholeID = false
    (self.recordedAt, self.time) = (recordedAt, time)
    (self.sequence, self.publisherSequence) = (sequence, publisherSequence)
  }

  private static func checksum(_ bytes: borrowing RawSpan, at start: Int, hasHeaders: Bool, salt: UInt32) -> UInt32 {
    let first = Checksum.crc32c(bytes.extracting(start..<start + 28), seed: salt)
    return hasHeaders ? Checksum.crc32c(bytes.extracting(start + 32..<start + 36), seed: first) : first
  }

  /// Writes the first 32 bytes over what stands at `start`, and behind them the lengths of headers of its own.
  func write(to bytes: inout MutableRawSpan, at start: Int, of segment: SegmentHeader) {
    var places = offset.rawValue - segment.base.rawValue | (offset.rawValue - syncedUpTo.rawValue) << 24
    places |= (offset.rawValue - leader.rawValue) << 48
    if headers != nil { places |= ShortRecord.ownHeadersFlag << 48 }
    if hasWholeID { places |= ShortRecord.wholeIDFlag << 48 }
    bytes.storeLittleEndian(UInt32(ShortRecord.magic) | UInt32(tailByteCount) << 8, at: start)
    bytes.storeLittleEndian(bodyChecksum, at: start + 4)
    bytes.storeLittleEndian(places, at: start + 8)
    bytes.storeLittleEndian(recordedAt, at: start + 16)
    bytes.storeLittleEndian(time, at: start + 20)
    bytes.storeLittleEndian(sequence, at: start + 24)
    bytes.storeLittleEndian(publisherSequence, at: start + 26)
    if let headers {
      bytes.storeLittleEndian(UInt16(headers.sharedByteCount), at: start + 32)
      bytes.storeLittleEndian(UInt16(headers.ownByteCount), at: start + 34)
    }
    let checksum = ShortRecord.checksum(bytes.bytes, at: start, hasHeaders: headers != nil, salt: segment.salt)
    bytes.storeLittleEndian(checksum, at: start + 28)
  }
}
