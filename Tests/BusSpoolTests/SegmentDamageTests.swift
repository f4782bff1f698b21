import BusProtocol
import Testing

@testable import BusSpool

/// A segment of 64 events, damaged in every way, and opened: what is read is what was written, and nothing that was
/// acknowledged is missed in silence.
struct SegmentDamageTests {
  /// The damaged file, and what is true of it.
  private struct Original {
    let bench: Bench
    let bytes: [UInt8]
    let events: [Event]
    let stored: StoredSegment
    var starts: [Int] { stored.starts }

    /// 64 events, four to a group, sealed and closed or killed at work: twelve leaders and short records of each kind.
    init(sealed: Bool = true) throws {
      let made = Bench()
      let spool = try made.open()
      for first in stride(from: 1, through: 61, by: 4) {
        for number in first...first + 3 {
          let headers = number % 7 == 0 ? EventHeaders(source: "bench/\(number)") : EventHeaders()
          let event = Bench.event(number, byteCount: first % 5, headers: headers)
          _ = try spool.append(event, now: Bench.start + .milliseconds(number))
        }
        try spool.commit()
      }
      if sealed { try spool.seal(now: Bench.start) }
      events = try spool.events()
      spool.close()
      let killed = made.with(made.disk.afterKill())
      let bytes = try #require(killed.disk[Bench.path(1)])
      (bench, self.bytes, stored) = (killed, bytes, try StoredSegment(bytes))
      #expect(stored.shortCount == 52)
    }

    /// Opens the log with these bytes in its segment. Hands out how many events it has, each one checked against what
    /// was written; nil when it was refused as damaged.
    func open(_ changed: [UInt8], head: [UInt8]? = nil, sourceLocation: SourceLocation = #_sourceLocation) throws
      -> Int?
    {
      let disk = MemoryDisk()
      disk[Bench.path(1)] = changed
      disk["/log/HEAD"] = head
      let spool: Spool
      do { spool = try bench.with(disk).open() } catch {
        #expect(error.code == .corrupt, sourceLocation: sourceLocation)
        #expect(disk[Bench.path(1)] == changed, "a refusal changes nothing", sourceLocation: sourceLocation)
        return nil
      }
      let found = try spool.events()
      #expect(found == Array(events.prefix(found.count)), sourceLocation: sourceLocation)
      #expect(spool.next == Offset(UInt64(found.count + 1)), sourceLocation: sourceLocation)
      return found.count
    }
  }

  /// All bits of the 64 records, whole and short ones, and of the seal.
  @Test(arguments: 0..<8, 0..<4)
  func `I6 every flipped bit of 64 sealed events is refused, or all 64 are read`(bit: Int, part: Int) throws {
    let original = try Original()
    let seal = original.bytes.count - RecordHeader.byteCount
    for position in SegmentHeader.byteCount..<original.bytes.count where position % 4 == part {
      var changed = original.bytes
      changed[position] ^= 1 << bit
      let count = try original.open(changed)
      #expect(count == nil || count == 64, "byte \(position) bit \(bit)")
      // A seal has no event in it: without it all of them are there, and the next seal makes up for it.
      if position >= seal { #expect(count == 64, "byte \(position) bit \(bit)") }
    }
  }

  /// Killed at work: the last group may be one that nobody was told of, all before are proved by what follows them.
  @Test(arguments: 0..<8)
  func `I6 a flipped bit of an unsealed log loses at most the last group`(bit: Int) throws {
    let original = try Original(sealed: false)
    for position in stride(from: SegmentHeader.byteCount + bit, to: original.bytes.count, by: 7) {
      var changed = original.bytes
      changed[position] ^= 1 << bit
      let count = try original.open(changed)
      let record = original.starts.lastIndex { $0 <= position } ?? 0
      #expect(
        count == nil ? record < 60 : count == 64 || count == record && record >= 60, "byte \(position) bit \(bit)")
    }
  }

  /// Each length, with and without the mark of the last seal.
  @Test func `I6 every truncation gives a prefix, and with HEAD none that lacks an event`() throws {
    let original = try Original()
    let head = original.bench.disk["/log/HEAD"]
    let seal = original.bytes.count - RecordHeader.byteCount
    for length in SegmentHeader.byteCount...original.bytes.count {
      let cut = Array(original.bytes.prefix(length))
      let whole = original.starts.lastIndex { $0 <= length } ?? 0
      #expect(try original.open(cut) == min(64, whole), "\(length) bytes")
      #expect(try original.open(cut, head: head) == (length >= seal ? 64 : nil), "\(length) bytes")
    }
  }

  /// What a recycled file, or a block that the file system hands out again, holds behind the end: the same log's own
  /// older records under another salt, at every cut between two records and at every fourth byte.
  @Test func `I6 a stale tail is never taken for records`() throws {
    let original = try Original(sealed: false)
    let stale = original.stored.resalted(original.bytes, original.stored.header.salt ^ 0x5A5A_0001)
    for cut in stride(from: SegmentHeader.byteCount, through: original.bytes.count, by: 4) {
      let whole = original.starts.lastIndex { $0 <= cut } ?? 0
      let count = try original.open(Array(original.bytes[..<cut] + stale[cut...]))
      // Behind its header's checksum the old record has the same bytes: then it is the event that was written.
      let checked = whole < 64 && original.stored.parts[whole].isShort ? ShortRecord.byteCount : 12
      let isSame = cut - original.starts[whole] >= checked
      #expect(count == whole || count == whole + 1 && isSame, "cut at byte \(cut)")
    }
  }

  @Test(arguments: 1...4) func `I6 random overwrites of a sealed log are refused, or harm nothing`(seed: UInt64) throws
  {
    let original = try Original()
    var chance = Chance(seed)
    for _ in 0..<2000 {
      var changed = original.bytes
      for _ in 0..<Int.random(in: 1...4, using: &chance) {
        let start = Int.random(in: SegmentHeader.byteCount..<changed.count, using: &chance)
        let end = min(changed.count, start + Int.random(in: 1...1200, using: &chance))
        let isZero = Bool.random(using: &chance)
        for position in start..<end { changed[position] = isZero ? 0 : UInt8.random(in: 0...255, using: &chance) }
      }
      // The mark of the seal proves all 64, whatever became of the file.
      let count = try original.open(changed, head: original.bench.disk["/log/HEAD"])
      #expect(count == nil || count == 64)
    }
  }

  @Test(arguments: 1...4) func `I6 swapped, repeated and moved records are refused`(seed: UInt64) throws {
    let original = try Original()
    var chance = Chance(seed)
    let starts = original.starts
    for _ in 0..<500 {
      let (from, to) = (Int.random(in: 0..<64, using: &chance), Int.random(in: 0..<64, using: &chance))
      var changed = original.bytes
      let record = Array(original.bytes[starts[from]..<starts[from + 1]])
      switch Int.random(in: 0..<3, using: &chance) {
      case 0: changed.insert(contentsOf: record, at: starts[to])
      case 1: changed.removeSubrange(starts[from]..<starts[from + 1])
      default: changed.replaceSubrange(starts[to]..<min(starts[to] + record.count, changed.count), with: record)
      }
      let count = try original.open(changed, head: original.bench.disk["/log/HEAD"])
      #expect(count == nil || changed == original.bytes || count == 64 && to == 64, "\(from) to \(to)")
    }
  }
}
