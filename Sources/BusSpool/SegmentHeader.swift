// A segment: one page that says whose it is, then records, one behind the other from byte 4096: whole ones (BusProtocol's
// table, stamped with the segment's salt) and short ones (ShortRecord's). All numbers are little-endian.
//
//   at size
//    0   8  magic, "BUSSEG02": the version of this table; in "BUSSEG01" there are no short records
//    8   4  CRC-32C of bytes 12-51
//   12   4  salt: the records' headers begin their checksums with it; never zero, another in each segment
//   16   8  log id, first half
//   24   8  log id, second half
//   32   8  base: the offset of the first record, and the file's name
//   40   8  created at: microseconds since 1970
//   48   4  zero
//   52      zeros up to 4096
//
// Behind the last record stand zeros or nothing. A record is valid when its checksums are right and its offset is the
// last one's and one more; a seal is valid when it has the last one's. What is valid is a prefix. Where it ends before
// the file does, a valid header further on that says `synced up to` at or past the end proves damage: what is missing
// was on disk once. Without such a proof the rest is a group that was never finished, and is cut away.

internal import BusProtocol

/// The first page of a segment.
struct SegmentHeader: Hashable, Sendable {
  /// Where the records begin: a page, so that writing them never touches the header's.
  static let byteCount = 4096
  private static let magic: UInt64 = 0x3230_4745_5353_5542
  private static let magicOfWholeRecords: UInt64 = 0x3130_4745_5353_5542
  private static let checkedBytes = 12..<52

  var log: LogID
  var salt: UInt32
  var base: Offset
  var createdAt: Timestamp
  /// Whether records may be short.
  var hasShortRecords: Bool

  init(log: LogID, salt: UInt32, base: Offset, createdAt: Timestamp, hasShortRecords: Bool = true) {
    self.hasShortRecords = hasShortRecords
    self.log = log
    self.salt = salt
    self.base = base
    self.createdAt = createdAt
  }

  /// Reads the page; nil when it is short, of another version, or damaged.
  init?(_ page: borrowing RawSpan) {
    guard page.byteCount >= SegmentHeader.byteCount else { return nil }
    let magic = page.littleEndian(UInt64.self, at: 0)
    hasShortRecords = magic == SegmentHeader.magic
    guard hasShortRecords || magic == SegmentHeader.magicOfWholeRecords,
      page.littleEndian(UInt64.self, at: 32) > 0,
      page.littleEndian(UInt32.self, at: 8) == Checksum.crc32c(page.extracting(SegmentHeader.checkedBytes))
    else { return nil }
    salt = page.littleEndian(UInt32.self, at: 12)
    log = LogID(high: page.littleEndian(UInt64.self, at: 16), low: page.littleEndian(UInt64.self, at: 24))
    base = Offset(page.littleEndian(UInt64.self, at: 32))
    createdAt = Timestamp(microseconds: Int64(bitPattern: page.littleEndian(UInt64.self, at: 40)))
  }

  /// The page.
  var bytes: [UInt8] {
    var page = [UInt8](repeating: 0, count: SegmentHeader.byteCount)
    var span = page.mutableSpan
    var raw = span.mutableBytes
    raw.storeLittleEndian(hasShortRecords ? SegmentHeader.magic : SegmentHeader.magicOfWholeRecords, at: 0)
    raw.storeLittleEndian(salt, at: 12)
    raw.storeLittleEndian(log.high, at: 16)
    raw.storeLittleEndian(log.low, at: 24)
    raw.storeLittleEndian(base.rawValue, at: 32)
    raw.storeLittleEndian(UInt64(bitPattern: createdAt.microseconds), at: 40)
    raw.storeLittleEndian(Checksum.crc32c(raw.bytes.extracting(SegmentHeader.checkedBytes)), at: 8)
    return page
  }
}
