internal import BusProtocol

/// What stands behind the first bytes of a short record: where its parts begin, and how an id is put into eight bytes.
struct ShortTail {
  /// How many bytes of its leader's headers it has.
  let sharedHeaders: Int
  /// How many bytes of headers are its own.
  let ownHeaders: Int
  /// Where its own headers begin; its data stands behind them.
  let start: Int
  /// Where its data ends.
  let end: Int

  var dataByteCount: Int { end - start - ownHeaders }

  init() { (sharedHeaders, ownHeaders, start, end) = (0, 0, 0, 0) }

  /// Finds the parts of the record that begins at a byte, all of which is there; refuses what does not fit together.
  init(
    _ record: ShortRecord, _ bytes: borrowing RawSpan, at index: Int, leader: borrowing Leader
  ) throws(ProtocolError) {
    end = index + ShortRecord.byteCount + record.tailByteCount
    start = ShortTail.idPlace(of: record, at: index) + (record.hasWholeID ? 16 : 8)
    sharedHeaders = record.headers?.sharedByteCount ?? leader.headersByteCount
    ownHeaders = record.headers?.ownByteCount ?? 0
    guard end <= bytes.byteCount, start + ownHeaders <= end, sharedHeaders <= leader.headersByteCount,
      sharedHeaders + ownHeaders <= RecordHeader.maximumHeadersByteCount,
      end - start - ownHeaders <= RecordHeader.maximumDataByteCount
    else { throw ShortTail.misfit }
  }

  private static func idPlace(of record: ShortRecord, at index: Int) -> Int {
    index + ShortRecord.byteCount + (record.headers == nil ? 0 : 4)
  }

  private static var misfit: ProtocolError { ProtocolError(.badRecord, "a short record's lengths do not fit") }

  // MARK: Writing

  /// Writes the tail of a record in the form of the wire, and says in the short record how it is to be read: that is
  /// written later, over the first bytes at the same place.
  static func write(
    _ record: borrowing RawSpan, at start: Int, leader: borrowing Leader, to bytes: inout MutableRawSpan, at place: Int,
    noting short: inout ShortRecord
  ) {
    let headersByteCount = Int(record.littleEndian(UInt16.self, at: start + 52))
    let shared = leader.sharedHeaders(with: record, at: start)
    if shared < headersByteCount || shared < leader.headersByteCount {
      short.headers = ShortRecord.Headers(sharedByteCount: shared, ownByteCount: headersByteCount - shared)
    }
    var end = idPlace(of: short, at: place)
    if let id = packedID(record, at: start) {
      bytes.storeLittleEndian(id, at: end)
      end += 8
    } else {
      bytes.copy(record, from: start + RecordHeader.byteCount, byteCount: 16, to: end)
      short.hasWholeID = true
      end += 16
    }
    let rest = Leader.topicPlace + leader.topicByteCount + shared
    let bodyByteCount = Int(record.littleEndian(UInt32.self, at: start + 4))
    let count = RecordHeader.byteCount + bodyByteCount - rest
    bytes.copy(record, from: start + rest, byteCount: count, to: end)
    end += count
    short.tailByteCount = end - place - ShortRecord.byteCount
    while end & 3 != 0 {
      bytes.storeLittleEndian(UInt8(0), at: end)
      end += 1
    }
  }

  // MARK: Ids

  // The version and variant of a UUIDv7 are the same in all; its first half is the time and two bits of chance.
  private static let lowMask: UInt64 = 0x3FFF_FFFF_FFFF_FFFF

  /// The id of a record in the form of the wire, if it was made of the record's time; nil for any other.
  private static func packedID(_ record: borrowing RawSpan, at start: Int) -> UInt64? {
    let high = record.littleEndian(UInt64.self, at: start + RecordHeader.byteCount).byteSwapped
    let low = record.littleEndian(UInt64.self, at: start + RecordHeader.byteCount + 8).byteSwapped
    let time = record.littleEndian(Int64.self, at: start + Leader.timePlace)
    guard low & ~lowMask == 1 << 63, high & ~3 == EventID.stem(at: Timestamp(microseconds: time)) else { return nil }
    return low & lowMask | high << 62
  }

  /// Writes the id that a short record has over a record in the form of the wire.
  static func writeID(
    of short: ShortRecord, _ bytes: borrowing RawSpan, at index: Int, time: Timestamp, to record: inout MutableRawSpan,
    at start: Int
  ) {
    let (tail, place) = (idPlace(of: short, at: index), start + RecordHeader.byteCount)
    guard !short.hasWholeID else { return record.copy(bytes, from: tail, byteCount: 16, to: place) }
    let packed = bytes.littleEndian(UInt64.self, at: tail)
    record.storeLittleEndian((EventID.stem(at: time) | packed >> 62).byteSwapped, at: place)
    record.storeLittleEndian((packed & lowMask | 1 << 63).byteSwapped, at: place + 8)
  }
}

extension MutableRawSpan {
  /// Copies bytes to a place; both must have them.
  mutating func copy(_ bytes: borrowing RawSpan, from start: Int, byteCount count: Int, to place: Int) {
    let source = bytes.extracting(start..<start + count)
    precondition(place >= 0 && place + count <= byteCount, "bytes are copied to where there is room for them")
    source.withUnsafeBytes { from in
      withUnsafeMutableBytes { $0[place..<place + count].copyBytes(from: from) }
    }
  }
}
