internal import BusProtocol
internal import BusSpool

// An input of the targets `segment` and `outbox`:
//
//   at size
//    0   1  bits: 1 checksums are made right, 2 a second segment, 4 HEAD, 8 the first one's index, 16 the last one's state
//    1   2  bytes of the first segment
//    3   2  bytes of the second one
//    5      the segments, each the 40 bytes of its page that are not always the same, then its records; then, behind
//           two bytes that say how many, each of the side files

/// The files of a log, out of the bytes of an input.
struct FuzzLog {
  /// Whose log it is.
  enum Kind { case spool, outbox }

  static let directory = "/log"
  private static let fieldCount = 40
  private static let magics: [(bit: UInt8, magic: String)] = [(4, "BUSHED01"), (8, "BUSIDX01"), (16, "BUSSTA01")]

  private(set) var files: [String: [UInt8]] = [:]
  private(set) var segmentCount = 0

  init(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    let flags = try required(rest.popFirst())
    let lengths = [try FuzzLog.number(&rest), try FuzzLog.number(&rest)]
    var bases: [UInt64] = []
    for length in lengths.prefix(flags & 2 == 0 ? 1 : 2) {
      let segment = rest.prefix(length)
      rest = rest.dropFirst(length)
      bases.append(add(segment: segment, repairing: flags & 1 == 1))
    }
    for (bit, magic) in FuzzLog.magics where flags & bit != 0 {
      let length = (try? FuzzLog.number(&rest)) ?? 0
      var side = Array(rest.prefix(length))
      rest = rest.dropFirst(length)
      if flags & 1 == 1 {
        side = Array(magic.utf8) + [UInt8](repeating: 0, count: 8) + side
        Forgery.repairSideFile(&side)
      }
      switch bit {
      case 4: files["\(FuzzLog.directory)/HEAD"] = side
      case 8: files[FuzzLog.path(bases.first ?? 1, "idx")] = side
      default: files[FuzzLog.path(bases.last ?? 1, "state")] = side
      }
    }
  }

  private mutating func add(segment: ArraySlice<UInt8>, repairing: Bool) -> UInt64 {
    let fields = Array(segment.prefix(FuzzLog.fieldCount))
    var bytes = Forgery.page(fields[...]) + segment.dropFirst(FuzzLog.fieldCount)
    if repairing {
      Forgery.repairRecords(&bytes, from: 4096, salt: bytes.span.bytes.littleEndian(UInt32.self, at: 12))
    }
    let base = bytes.span.bytes.littleEndian(UInt64.self, at: 32)
    files[FuzzLog.path(base, "seg")] = bytes
    segmentCount += 1
    return base
  }

  private static func number(_ bytes: inout ArraySlice<UInt8>) throws -> Int {
    guard let low = bytes.popFirst(), let high = bytes.popFirst() else { return Int(try required(UInt8?.none)) }
    return Int(low) | Int(high) << 8
  }

  private static func path(_ base: UInt64, _ kind: String) -> String {
    let digits = String(base)
    return "\(directory)/\(String(repeating: "0", count: 20 - digits.count))\(digits).\(kind)"
  }

  static func open(_ disk: FuzzDisk, _ kind: Kind, directory: String = FuzzLog.directory) throws(SpoolError) -> Spool {
    var options =
      kind == .spool
      ? SpoolOptions(segmentByteCount: 1 << 20, preallocates: false, reserve: nil)
      : SpoolOptions.outbox(maximumByteCount: 8 << 20, syncs: false)
    options.preallocates = false
    return try Spool(directory: directory, options: options, disk: disk, now: FuzzSeeds.time) { 0x1234_5678_9ABC }
  }
}

extension FuzzLog {
  /// A log of one segment with a short record, and one of two with all side files.
  static func seeds(of kind: Kind) throws -> [[UInt8]] {
    let events = try FuzzSeeds.events
    let (first, short) = try split(try written(events + events.suffix(1), kind))
    let one = input([first + short], bits: 1, sides: [])
    // A short record says how far it is from its segment's beginning: this log has none.
    let disk = try written(events, kind)
    let (fields, records) = try split(disk)
    let whole = try required(disk[path(1, "seg")])
    var two = fields
    let (cut, next) = try FuzzLog.middle(of: records, salt: whole.span.bytes.littleEndian(UInt32.self, at: 12))
    two.replaceSubrange(20..<28, with: withUnsafeBytes(of: next.littleEndian) { Array($0) })
    // Which side files there are is known once such a log was opened.
    let segments = [fields + records[..<cut], two + records[cut...]]
    let parts = FuzzDisk(try FuzzLog(input(segments, bits: 3, sides: [])).files)
    try open(parts, kind).close()
    let sides = [disk["\(directory)/HEAD"], parts[path(1, "idx")], parts[path(next, "state")]]
    let bits = zip(magics, sides).reduce(UInt8(3)) { $1.1 == nil ? $0 : $0 | $1.0.bit }
    return [one, input(segments, bits: bits, sides: sides.compactMap(\.self).map { Array($0.dropFirst(16)) })]
  }

  private static func written(_ events: [Event], _ kind: Kind) throws -> FuzzDisk {
    let disk = FuzzDisk()
    let spool = try open(disk, kind)
    for event in events {
      _ = try spool.append(event, now: FuzzSeeds.time)
      _ = try spool.commit()
    }
    try spool.seal(now: FuzzSeeds.time)
    spool.close()
    return disk
  }

  /// What its page holds that is not always the same, and its records.
  private static func split(_ disk: FuzzDisk) throws -> (fields: [UInt8], records: [UInt8]) {
    let segment = try required(disk[path(1, "seg")])
    return (Array(segment[12..<12 + fieldCount]), Array(segment[4096...]))
  }

  private static func input(_ segments: [[UInt8]], bits: UInt8, sides: [[UInt8]]) -> [UInt8] {
    func number(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8 & 255)] }
    let lengths = number(segments[0].count) + number(segments.count > 1 ? segments[1].count : 0)
    return [bits] + lengths + segments.flatMap(\.self) + sides.flatMap { number($0.count) + $0 }
  }

  /// Where the second event begins, and its offset.
  private static func middle(of records: [UInt8], salt: UInt32) throws -> (Int, UInt64) {
    let first = try RecordHeader(records.span.bytes, at: 0, salt: salt)
    return (first.recordByteCount, first.offset.rawValue + 1)
  }
}
