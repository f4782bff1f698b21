import BusProtocol
import Testing

@testable import BusSpool

struct SpoolRepairTests {
  /// 32 events in four segments, of which the last has two.
  private func log() throws -> Bench {
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

  /// Repairs, opens the copy, and compares: each event is the one that was written, or says that it is lost.
  private func repaired(_ bench: Bench, sourceLocation: SourceLocation = #_sourceLocation) throws -> (
    SpoolRepair, [Event]
  ) {
    let before = bench.disk.contents(in: "/log")
    let repair = try SpoolRepair(
      of: "/log", to: "/copy", disk: bench.disk, now: Bench.start, random: Chance.source(5))
    var after = bench.disk.contents(in: "/log")
    after["lock"] = before["lock"]
    #expect(after == before, "the log itself is not changed", sourceLocation: sourceLocation)
    #expect(
      try SpoolVerification(directory: "/copy", disk: bench.disk).problems.isEmpty, sourceLocation: sourceLocation)
    let spool = try Spool(
      directory: "/copy", options: bench.options, disk: bench.disk, now: Bench.start, random: Chance.source(9))
    defer { spool.close() }
    let events = try spool.events()
    let lost = repair.lost.flatMap { Array($0.lowerBound.rawValue...$0.upperBound.rawValue) }
    for event in events {
      let number = Int(event.offset.rawValue)
      if lost.contains(event.offset.rawValue) {
        #expect(event.topic == "event_lost", sourceLocation: sourceLocation)
        #expect(try event["offset"] == number, sourceLocation: sourceLocation)
      } else {
        #expect(event.data == Bench.event(number, byteCount: 100_000).data, sourceLocation: sourceLocation)
      }
    }
    #expect(events.map(\.offset.rawValue) == Array(repair.first.rawValue..<repair.last.next.rawValue))
    #expect(UInt64(events.count) == repair.keptCount + repair.lostCount, sourceLocation: sourceLocation)
    #expect(try spool.append(1...1) == repair.last.next, "no offset is given twice", sourceLocation: sourceLocation)
    return (repair, events)
  }

  private func loses(_ bench: Bench, _ lost: [ClosedRange<UInt64>]) throws -> SpoolRepair {
    let (repair, _) = try repaired(bench)
    #expect(repair.lost == lost.map { Offset($0.lowerBound)...Offset($0.upperBound) })
    return repair
  }

  @Test func `a sound log is copied, with all that it knows`() throws {
    let repair = try loses(try log(), [])
    #expect(repair.copiedSegmentCount == 4 && repair.rewrittenSegmentCount == 0 && repair.keptCount == 32)
  }

  @Test func `a broken record costs that event, and those behind it are kept`() throws {
    let bench = try log()
    bench.disk[Bench.path(11)]?[4096 + 4 * 100_120 + 500] ^= 1
    let repair = try loses(bench, [15...15])
    #expect(repair.copiedSegmentCount == 3 && repair.rewrittenSegmentCount == 1 && repair.keptCount == 31)
  }

  @Test func `a segment that is missing is told event by event`() throws {
    let bench = try log()
    bench.disk[Bench.path(11)] = nil
    #expect(try loses(bench, [11...20]).keptCount == 22)
  }

  @Test func `a first page that is broken costs nothing where the index knows it, all of the segment where not`() throws
  {
    let bench = try log()
    bench.disk[Bench.path(11)]?[20] ^= 1
    #expect(try loses(bench, []).rewrittenSegmentCount == 1)
    let other = try log()
    other.disk[Bench.path(31)]?[20] ^= 1
    #expect(try loses(other, [31...32]).keptCount == 30)
  }

  @Test func `an end that is missing is told, and its numbers are not given again`() throws {
    let bench = try log()
    bench.disk[Bench.path(31)] = nil
    _ = try loses(bench, [31...32])
    let cut = try log()
    cut.disk[Bench.path(31)]?.removeLast(100_000)
    _ = try loses(cut, [32...32])
    let all = try log()
    for base: UInt64 in [1, 11, 21, 31] { all.disk[Bench.path(base)] = nil }
    let (repair, events) = try repaired(all)
    #expect(events.isEmpty && repair.first == Offset(33) && repair.last == Offset(32))
  }

  @Test func `a torn end is left out, and is no loss`() throws {
    let bench = try log()
    bench.disk[Bench.path(31)]? += [1, 2, 3, 4, 5, 6, 7, 8]
    _ = try loses(bench, [])
  }

  @Test func `copied, renamed and foreign files are left out by name`() throws {
    let bench = try log()
    bench.disk[Bench.path(41)] = bench.disk[Bench.path(21)]
    let repair = try loses(bench, [])
    #expect(repair.ignored == ["00000000000000000041.seg: it holds the events from #21"])
  }

  @Test(arguments: 1...30) func `whatever is broken, the copy opens and says what is lost`(seed: UInt64) throws {
    let bench = try log()
    var chance = Chance(seed)
    for _ in 0..<Int.random(in: 1...5, using: &chance) {
      let path = Bench.path([1, 11, 21, 31].randomElement(using: &chance) ?? 1)
      guard var bytes = bench.disk[path] else { continue }
      let start = Int.random(in: 0..<bytes.count, using: &chance)
      switch Int.random(in: 0..<4, using: &chance) {
      case 0: bytes.removeLast(bytes.count - start)
      case 1: for index in start..<min(bytes.count, start + 150_000) { bytes[index] = 0 }
      default: bytes[start] ^= 1 << UInt8(chance.next() % 8)
      }
      bench.disk[path] = bytes
    }
    let (repair, _) = try repaired(bench)
    #expect(repair.last == Offset(32))
  }

  @Test func `a log at work, and a directory that has one, are refused`() throws {
    let bench = try log()
    let spool = try bench.open()
    func refusedCode(to path: String) -> SpoolError.Code? {
      refusal {
        _ = try SpoolRepair(of: "/log", to: path, disk: bench.disk, now: Bench.start, random: Chance.source(5))
      }?.code
    }
    #expect(refusedCode(to: "/copy") == .locked)
    spool.close()
    #expect(refusedCode(to: "/copy") == nil)
    #expect(refusedCode(to: "/copy") == .locked)
  }

  @Test func `more losses than can be written down are refused`() throws {
    let bench = try log()
    let bytes = try #require(bench.disk["/log/HEAD"])
    let mark = try #require(HeadMark(bytes))
    bench.disk["/log/HEAD"] = HeadMark(log: mark.log, offset: Offset(5_000_000)).bytes
    let refused = refusal {
      _ = try SpoolRepair(of: "/log", to: "/copy", disk: bench.disk, now: Bench.start, random: Chance.source(5))
    }
    #expect(refused?.code == .corrupt && refused?.message.contains("#33 to #5000000") == true)
  }

  @Test func `a file that says in its name that it begins with event zero is no segment`() throws {
    let bench = try log()
    bench.disk[Bench.path(0)] = [1, 2, 3]
    let (repair, events) = try repaired(bench)
    #expect(repair.lost.isEmpty)
    #expect(try events.numbers == Array(1...32))
  }
}
