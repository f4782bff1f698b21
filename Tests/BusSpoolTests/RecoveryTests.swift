import BusProtocol
import Testing

@testable import BusSpool

struct RecoveryTests {
  /// A log of 40 small events in groups of four, and its one segment's bytes.
  private static func sealedLog(seals: Bool = true) throws -> (Bench, [UInt8]) {
    let bench = Bench()
    let spool = try bench.open()
    for first in stride(from: 1, through: 37, by: 4) {
      try spool.append(first...first + 3)
      try spool.commit()
    }
    if seals { try spool.seal(now: Bench.start) }
    spool.close()
    return (bench.with(bench.disk.afterKill()), try #require(bench.disk[Bench.path(1)]))
  }

  @Test func `every truncation without a witness gives a prefix`() throws {
    let (bench, bytes) = try RecoveryTests.sealedLog(seals: false)
    let starts = try StoredSegment(bytes).starts
    for length in SegmentHeader.byteCount...bytes.count {
      let disk = MemoryDisk()
      disk[Bench.path(1)] = Array(bytes.prefix(length))
      let spool = try bench.with(disk).open()
      let whole = starts.lastIndex { $0 <= length } ?? 0
      #expect(spool.durable == Offset(UInt64(whole)))
      #expect(spool.recovery.tornByteCount <= length - starts[whole])
      #expect(disk[Bench.path(1)]?.count == starts[whole])
    }
    for length in stride(from: 0, to: SegmentHeader.byteCount, by: 97) {
      let disk = MemoryDisk()
      disk[Bench.path(1)] = Array(bytes.prefix(length))
      #expect(refusal { _ = try bench.with(disk).open() }?.code == .corrupt)
    }
  }

  @Test func `every truncation of a sealed log that loses an event is refused`() throws {
    let (bench, bytes) = try RecoveryTests.sealedLog()
    let sealStart = bytes.count - RecordHeader.byteCount
    for length in stride(from: bytes.count, through: SegmentHeader.byteCount, by: -1) {
      bench.disk[Bench.path(1)] = Array(bytes.prefix(length))
      let refused = refusal { try bench.open().close() }
      #expect(refused?.code == (length >= sealStart ? nil : .corrupt))
      if refused == nil { bench.disk["/log/HEAD"] = HeadMark(log: try bench.open().logID, offset: Offset(40)).bytes }
    }
  }

  /// Exhaustive over the records: each of their bits, and none of the first page, which has a test of its own.
  @Test(arguments: 0..<8) func `every flipped bit of a sealed segment is named, or harms nothing`(bit: Int) throws {
    let (_, bytes) = try RecoveryTests.sealedLog()
    let stored = try StoredSegment(bytes)
    let disk = MemoryDisk()
    for position in SegmentHeader.byteCount..<bytes.count {
      var flipped = bytes
      flipped[position] ^= 1 << bit
      disk[Bench.path(1)] = flipped
      let file = try DiskFile(Bench.path(1), .read, on: disk)
      let scan = try SegmentScan(stored.header, file: file) { _, _, _ in }
      let record = (stored.starts.firstIndex { $0 > position } ?? 0) - 1
      let isCorrupt = if case .corrupt = scan.damage { true } else { false }
      if record == 40 {
        // The seal itself: no event is in it.
        #expect(scan.recordCount == 40 && !isCorrupt && scan.damage != nil)
      } else if scan.damage == nil {
        #expect(scan.recordCount == 40 && position >= stored.parts[record].contentEnd)
      } else {
        #expect(scan.recordCount == record && isCorrupt, "byte \(position) bit \(bit)")
      }
    }
  }

  @Test func `every flipped bit of the first page is refused or lies in its zeros`() throws {
    let (bench, bytes) = try RecoveryTests.sealedLog()
    for position in 0..<SegmentHeader.byteCount where position < 64 || position % 101 == 0 {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[position] ^= 1 << bit
        bench.disk[Bench.path(1)] = flipped
        #expect(refusal { try bench.open().close() }?.code == (position < 52 ? .corrupt : nil))
      }
    }
  }

  @Test func `damage is refused by name, place and offset, and nothing is changed`() throws {
    let (bench, bytes) = try RecoveryTests.sealedLog()
    let part = try StoredSegment(bytes).parts[19]
    let start = part.start
    var flipped = bytes
    flipped[part.contentEnd - 1] ^= 4
    bench.disk[Bench.path(1)] = flipped
    let refused = refusal { _ = try bench.open() }
    #expect(refused?.code == .corrupt)
    for part in ["00000000000000000001.seg", "byte \(start)", "#19"] {
      #expect(refused?.message.contains(part) == true, "\(part)")
    }
    #expect(bench.disk[Bench.path(1)] == flipped)
  }

  @Test func `damage before the last group is told from a torn end without any seal`() throws {
    let (bench, bytes) = try RecoveryTests.sealedLog(seals: false)
    let parts = try StoredSegment(bytes).parts
    for record in 0..<40 {
      var flipped = bytes
      flipped[parts[record].contentEnd - 1] ^= 1
      let disk = MemoryDisk()
      disk[Bench.path(1)] = flipped
      // The last four were one group: nothing says that it came to its end.
      #expect(refusal { _ = try bench.with(disk).open() }?.code == (record < 36 ? .corrupt : nil), "record \(record)")
    }
  }

  @Test func `a seal that is broken under a later event is damage, not the end`() throws {
    let (bench, bytes) = try RecoveryTests.sealedLog()
    let seal = bytes.count - RecordHeader.byteCount
    let spool = try bench.open()
    try spool.append(41...41)
    try spool.commit()
    spool.close()
    bench.disk["/log/HEAD"] = nil
    bench.disk[Bench.path(1)]?[seal + 20] ^= 1
    #expect(refusal { _ = try bench.open() }?.code == .corrupt)
  }

  @Test func `old bytes of another segment behind the end are not taken for records`() throws {
    let (bench, bytes) = try RecoveryTests.sealedLog(seals: false)
    let starts = try StoredSegment(bytes).starts
    // The same events under another salt: as a file system hands out blocks again.
    let other = Bench()
    let spool = try Spool(
      directory: "/log", options: other.options, disk: other.disk, now: Bench.start, random: Chance.source(8))
    for first in stride(from: 1, through: 37, by: 4) {
      try spool.append(first...first + 3)
      try spool.commit()
    }
    let stale = try #require(other.disk[Bench.path(1)])
    #expect(stale.count == bytes.count)
    for (count, cut) in starts.enumerated() {
      let disk = MemoryDisk()
      disk[Bench.path(1)] = Array(bytes[..<cut] + stale[cut...])
      #expect(try bench.with(disk).open().durable == Offset(UInt64(count)))
    }
  }

  @Test func `random overwrites never yield an event that was not written`() throws {
    let (bench, bytes) = try RecoveryTests.sealedLog()
    var chance = Chance(3)
    let stored = try StoredSegment(bytes)
    for _ in 0..<2000 {
      var changed = bytes
      let start = Int.random(in: SegmentHeader.byteCount..<bytes.count, using: &chance)
      let end = min(bytes.count, start + Int.random(in: 1...600, using: &chance))
      for position in start..<end { changed[position] = UInt8.random(in: 0...255, using: &chance) }
      bench.disk[Bench.path(1)] = changed
      let file = try DiskFile(Bench.path(1), .read, on: bench.disk)
      let scan = try SegmentScan(stored.header, file: file) { record, held, at in
        let original = stored.parts[Int(record.offset.rawValue) - 1]
        #expect(
          held[at + RecordHeader.byteCount + record.bodyByteCount - 1] == bytes[original.contentEnd - 1])
      }
      #expect(scan.recordCount == 40 || scan.damage != nil)
    }
  }

  @Test(arguments: 1...24) func `a power cut loses nothing that was acknowledged`(seed: UInt64) throws {
    var chance = Chance(seed)
    let bench = Bench()
    let spool = try bench.open()
    var number = 0
    for _ in 0..<Int.random(in: 1...30, using: &chance) {
      let count = Int.random(in: 1...5, using: &chance)
      try spool.append(number + 1...number + count, byteCount: Int.random(in: 0...40_000, using: &chance))
      number += count
      try spool.commit()
      if Int.random(in: 0..<4, using: &chance) == 0 { try spool.seal(now: Bench.start) }
    }
    let acknowledged = spool.durable
    // The last group was written when the power went, not synced, and not acknowledged.
    try spool.append(number + 1...number + 9, byteCount: 700)
    try spool.commitWithoutSync()
    let keep = UInt64.random(in: 1...4, using: &chance)
    let cut = bench.disk.afterPowerCut { chance.next() % 4 < keep }
    let found = try bench.with(cut).open()
    #expect(found.durable >= acknowledged)
    #expect(try found.events().numbers == Array(1...Int(found.durable.rawValue)))
    #expect(try found.append(1...1) == found.durable.next)
  }

  @Test(arguments: 1...12) func `an outbox opens after a power cut with a prefix`(seed: UInt64) throws {
    var chance = Chance(seed)
    var bench = Bench()
    bench.options.tracksState = false
    let spool = try bench.open()
    for number in 1...Int.random(in: 5...30, using: &chance) {
      try spool.append(number...number, byteCount: 100_000)
      try spool.commitWithoutSync()
    }
    let found = try bench.with(bench.disk.afterPowerCut { chance.next() % 4 < 2 }).open()
    #expect(try found.events().numbers == Array((1...30).prefix(Int(found.durable.rawValue))))
    #expect(found.durable >= Offset((spool.head.rawValue - 1) / 10 * 10))
  }

  @Test func `a killed writer leaves what it wrote at every moment`() throws {
    let bench = Bench()
    let spool = try bench.open()
    for number in 1...25 {
      try spool.append(number...number, byteCount: 100_000)
      try spool.commit()
      let other = try bench.with(bench.disk.afterKill()).open()
      #expect(other.durable == Offset(UInt64(number)) && other.logID == spool.logID)
      #expect(other.state.lastSequence(of: "topic_1") == spool.state.lastSequence(of: "topic_1"))
    }
  }

  /// 32 events in four segments.
  private func longLog() throws -> Bench {
    let bench = Bench()
    let spool = try bench.open()
    for number in 1...32 {
      try spool.append(number...number, byteCount: 100_000)
      try spool.commit()
    }
    try spool.seal(now: Bench.start)
    spool.close()
    return bench
  }

  @Test func `missing and damaged side files are made again`() throws {
    for kind in ["idx", "state"] {
      for isDamaged in [false, true] {
        let bench = try longLog()
        for base: UInt64 in [1, 11, 21, 31] where bench.disk[Bench.path(base, kind)] != nil {
          if isDamaged {
            bench.disk[Bench.path(base, kind)]?[40] ^= 1
          } else {
            bench.disk[Bench.path(base, kind)] = nil
          }
        }
        let spool = try bench.open()
        #expect(spool.recovery.rebuiltIndexCount == 3)
        #expect(try spool.events().numbers == Array(1...32))
        #expect(
          spool.state.lastSequence(of: "topic_1") == 8
            && spool.state.lastSequence(of: PublisherID(high: 1, low: 0)) == 10)
        if kind == "idx" { #expect(bench.disk[Bench.path(11, kind)] != nil) }
      }
    }
  }

  @Test func `a damaged HEAD is passed over, another log's is refused`() throws {
    let bench = try longLog()
    bench.disk["/log/HEAD"]?[33] ^= 1
    #expect(try bench.open().durable == Offset(32))
    bench.disk["/log/HEAD"] = HeadMark(log: LogID(high: 1, low: 1), offset: Offset(1)).bytes
    #expect(refusal { _ = try bench.open() }?.code == .corrupt)
  }

  @Test func `missing, renamed and copied segments are refused`() throws {
    let changes: [(String, (MemoryDisk) -> Void)] = [
      ("in the middle", { $0[Bench.path(11)] = nil }), ("at the end", { $0[Bench.path(31)] = nil }),
      ("all", { for base: UInt64 in [1, 11, 21, 31] { $0[Bench.path(base)] = nil } }),
      ("copied", { $0[Bench.path(33)] = $0[Bench.path(21)] }),
      ("renamed", { ($0[Bench.path(12)], $0[Bench.path(11)]) = ($0[Bench.path(11)], nil) }),
      ("cut", { $0[Bench.path(11)]?.removeLast(8) }),
    ]
    for (name, change) in changes {
      let bench = try longLog()
      change(bench.disk)
      let refused = refusal { _ = try bench.open() }
      #expect(refused?.code == .corrupt, "\(name)")
      if name == "in the middle" { #expect(refused?.message.contains("#11 to #20 are missing") == true) }
    }
  }

  @Test func `what a crash left over is removed`() throws {
    let bench = try longLog()
    for name in [Bench.path(33, "seg.tmp"), Bench.path(33, "state"), Bench.path(33, "idx.tmp")] {
      bench.disk[name] = [1, 2]
    }
    #expect(try bench.open().recovery.leftoverCount == 3)
    #expect(bench.disk[Bench.path(33, "state")] == nil)
  }
}
