// The record: one form for outbox, wire, disk and live frame. All numbers are little-endian. A record is a header of
// 56 bytes, a body, and zeros up to the next multiple of 8.
//
//   at size
//    0   4  magic, 0x31535542 ("BUS1"): the version of this table
//    4   4  length of the body in bytes
//    8   4  CRC-32C of the header, bytes 0-7 and 12-55, begun with the holder's salt
//   12   4  CRC-32C of the body
//   16   8  offset: place in this holder's log, 1, 2, 3 … (in an outbox the publisher's sequence)
//   24   8  synced up to: every offset up to here was on disk before this record was written
//   32   8  sequence of the event within its topic: 1, 2, 3 … (zero until busd gives it)
//   40   8  recorded at: microseconds since 1970, never less than the record before
//   48   1  kind: 1 event, 2 seal
//   49   1  flags: zero; a reader refuses what it does not know
//   50   2  length of the topic in bytes, 1 to 200 (zero in a seal)
//   52   2  length of the headers in bytes, at most 8192
//   54   2  zero
//
// The body of an event:
//    0  16  id
//   16  16  publisher: who numbered it
//   32   8  publisher's sequence: the second record with the same two is a repeat (zero: not numbered)
//   40   8  time at which it was published, microseconds since 1970
//   48      topic, then headers, then data (opaque; JSON unless a header says otherwise)
//
// A header is its key (1 byte), the length of its value (2 bytes) and the value; keys are in EventHeaders.
// A seal has no body and the offset of the last event: it says that this event and all before are on disk.
//
// The body travels unchanged from the publisher to the last reader, so its checksum is made once. The header is
// stamped anew by whoever holds the record. A segment's salt keeps old bytes in a file from being taken for records;
// on the wire the salt is zero.

/// The first 56 bytes of a record.
public struct RecordHeader: Hashable, Sendable {
  /// What a record says.
  public enum Kind: UInt8, Sendable {
    /// Something happened.
    case event = 1
    /// All before is on disk.
    case seal = 2
  }

  /// The bytes of a header.
  public static let byteCount = 56
  /// The first four bytes.
  public static let magic: UInt32 = 0x3153_5542
  /// The part of an event's body before its topic.
  public static let eventPrefixByteCount = 48
  /// The most bytes of data in one event.
  public static let maximumDataByteCount = 1 << 20
  /// The most bytes of headers in one event.
  public static let maximumHeadersByteCount = 8192
  /// The longest body there can be.
  public static let maximumBodyByteCount =
    eventPrefixByteCount + Name.maximumLength + maximumHeadersByteCount + maximumDataByteCount

  /// What the record says.
  public var kind: Kind
  /// Length of the body in bytes.
  public var bodyByteCount: Int
  /// CRC-32C of the body.
  public var bodyChecksum: UInt32
  /// Place in the holder's log.
  public var offset: Offset
  /// Every offset up to here was on disk before the record was written.
  public var syncedUpTo: Offset
  /// Place among the events of its topic.
  public var sequence: UInt64
  /// When the holder wrote it.
  public var recordedAt: Timestamp
  /// Length of the topic in bytes.
  public var topicByteCount: Int
  /// Length of the headers in bytes.
  public var headersByteCount: Int

  /// A header of a body that stands elsewhere.
  public init(
    kind: Kind, bodyByteCount: Int, bodyChecksum: UInt32, offset: Offset = .zero, syncedUpTo: Offset = .zero,
    sequence: UInt64 = 0, recordedAt: Timestamp = Timestamp(microseconds: 0), topicByteCount: Int = 0,
    headersByteCount: Int = 0
  ) {
    self.kind = kind
    self.bodyByteCount = bodyByteCount
    self.bodyChecksum = bodyChecksum
    self.offset = offset
    self.syncedUpTo = syncedUpTo
    self.sequence = sequence
    self.recordedAt = recordedAt
    self.topicByteCount = topicByteCount
    self.headersByteCount = headersByteCount
  }

  /// The bytes of the whole record with its padding.
  public var recordByteCount: Int { RecordHeader.recordByteCount(bodyByteCount: bodyByteCount) }

  /// The bytes of a record with a body of this length.
  public static func recordByteCount(bodyByteCount: Int) -> Int { (byteCount + bodyByteCount + 7) & ~7 }

  /// The bytes of the record that begins at a byte and was checked before.
  package static func recordByteCount(_ bytes: borrowing RawSpan, at start: Int) -> Int {
    recordByteCount(bodyByteCount: Int(bytes.littleEndian(UInt32.self, at: start + 4)))
  }

  /// Reads the header that begins at a byte; the body is not looked at.
  ///
  /// Refuses what is cut short, has another magic or checksum, unknown flags, or lengths that do not fit each other.
  public init(_ bytes: borrowing RawSpan, at start: Int = 0, salt: UInt32 = 0) throws(ProtocolError) {
    guard start >= 0, bytes.byteCount - start >= RecordHeader.byteCount else {
      throw ProtocolError(
        .badRecord, "no header of a record stands at byte \(start) of \(bytes.byteCount): it is cut short")
    }
    guard bytes.littleEndian(UInt32.self, at: start) == RecordHeader.magic else {
      throw ProtocolError(.badRecord, "no record begins here: its first bytes are not BUS1")
    }
    guard bytes.littleEndian(UInt32.self, at: start + 8) == RecordHeader.checksum(bytes, at: start, salt: salt) else {
      throw ProtocolError(.badRecord, "a record's header does not match its checksum")
    }
    guard let kind = Kind(rawValue: bytes.littleEndian(UInt8.self, at: start + 48)) else {
      throw ProtocolError(.badRecord, "a record is of a kind that this version does not know")
    }
    guard bytes.littleEndian(UInt8.self, at: start + 49) == 0, bytes.littleEndian(UInt16.self, at: start + 54) == 0
    else {
      throw ProtocolError(.badRecord, "a record has flags that this version does not know")
    }
    self.kind = kind
    bodyByteCount = Int(bytes.littleEndian(UInt32.self, at: start + 4))
    bodyChecksum = bytes.littleEndian(UInt32.self, at: start + 12)
    offset = Offset(bytes.littleEndian(UInt64.self, at: start + 16))
    syncedUpTo = Offset(bytes.littleEndian(UInt64.self, at: start + 24))
    sequence = bytes.littleEndian(UInt64.self, at: start + 32)
    recordedAt = Timestamp(microseconds: Int64(bitPattern: bytes.littleEndian(UInt64.self, at: start + 40)))
    topicByteCount = Int(bytes.littleEndian(UInt16.self, at: start + 50))
    headersByteCount = Int(bytes.littleEndian(UInt16.self, at: start + 52))
    try checkLengths()
  }

  private func checkLengths() throws(ProtocolError) {
    switch kind {
    case .seal:
      guard bodyByteCount == 0, topicByteCount == 0, headersByteCount == 0 else {
        throw ProtocolError(.badRecord, "a seal has a body")
      }
    case .event:
      let before = RecordHeader.eventPrefixByteCount + topicByteCount + headersByteCount
      guard bodyByteCount <= RecordHeader.maximumBodyByteCount, bodyByteCount >= before,
        (1...Name.maximumLength).contains(topicByteCount),
        headersByteCount <= RecordHeader.maximumHeadersByteCount
      else {
        throw ProtocolError(
          .badRecord, "a record's lengths do not fit: body \(bodyByteCount), before data \(before)")
      }
    }
  }

  /// Writes the 56 bytes over what stands at `start`, with the checksum begun with the salt.
  public func write(to bytes: inout MutableRawSpan, at start: Int = 0, salt: UInt32 = 0) {
    bytes.storeLittleEndian(RecordHeader.magic, at: start)
    bytes.storeLittleEndian(UInt32(bodyByteCount), at: start + 4)
    bytes.storeLittleEndian(bodyChecksum, at: start + 12)
    bytes.storeLittleEndian(offset.rawValue, at: start + 16)
    bytes.storeLittleEndian(syncedUpTo.rawValue, at: start + 24)
    bytes.storeLittleEndian(sequence, at: start + 32)
    bytes.storeLittleEndian(UInt64(bitPattern: recordedAt.microseconds), at: start + 40)
    bytes.storeLittleEndian(UInt16(kind.rawValue), at: start + 48)
    bytes.storeLittleEndian(UInt16(topicByteCount), at: start + 50)
    bytes.storeLittleEndian(UInt32(headersByteCount), at: start + 52)
    bytes.storeLittleEndian(RecordHeader.checksum(bytes.bytes, at: start, salt: salt), at: start + 8)
  }

  private static func checksum(_ bytes: borrowing RawSpan, at start: Int, salt: UInt32) -> UInt32 {
    let first = Checksum.crc32c(bytes.extracting(start..<start + 8), seed: salt)
    return Checksum.crc32c(bytes.extracting(start + 12..<start + byteCount), seed: first)
  }
}

extension RawSpan {
  /// A number at a byte; the caller has checked that it is there (and a wrong place traps, it is never read).
  @inlinable package func littleEndian<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at start: Int) -> T {
    T(littleEndian: unsafeLoadUnaligned(fromByteOffset: start, as: T.self))
  }
}

extension RawSpan {
  /// A number at a byte, its highest byte first: the halves of ids.
  func bigEndian(at start: Int) -> UInt64 { littleEndian(UInt64.self, at: start).byteSwapped }

  /// Whether two stretches hold the same bytes; the caller has checked that they are there, and a wrong place traps.
  package func isSame(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
    let count = left.count
    guard count == right.count else { return false }
    let (left, right) = (extracting(left), extracting(right))
    return left.withUnsafeBytes { left in
      right.withUnsafeBytes { right in
        func word(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> UInt64 {
          bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
        }
        guard count >= 8 else {
          for place in 0..<count where left[place] != right[place] { return false }
          return true
        }
        for place in stride(from: 0, to: count - 8, by: 8) where word(left, place) != word(right, place) {
          return false
        }
        // The last word may cover some of the one before.
        return word(left, count - 8) == word(right, count - 8)
      }
    }
  }
}

extension MutableRawSpan {
  /// Writes a number at a byte.
  @inlinable package mutating func storeLittleEndian<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at start: Int)
  {
    storeBytes(of: value.littleEndian, toByteOffset: start, as: T.self)
  }
}
