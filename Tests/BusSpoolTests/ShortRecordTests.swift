import BusProtocol
import Testing

@testable import BusSpool

/// What is short in a segment is whole for whoever reads it, byte for byte.
struct ShortRecordTests {
  /// Some event of 4 topics and 3 publishers, with and without headers, and an id of either kind.
  private static func event(_ number: Int, _ chance: inout Chance) -> Event {
    let time = Bench.start + .microseconds(number * 700) - .microseconds(Int(chance.next() % 5000))
    let publisher = chance.next() % 3
    let own = EventID(at: time, random: (chance.next(), chance.next()))
    var headers = EventHeaders()
    if publisher > 0 { headers.source = "service_\(publisher)/here" }
    if chance.next() % 4 == 0 { headers.context = ["tenant": .string("tenant \(chance.next() % 9)")] }
    let text = "{\"n\":\(number)}" + String(repeating: " ", count: Int(chance.next() % 200))
    return Event(
      id: chance.next() % 8 == 0 ? EventID(high: chance.next(), low: chance.next()) : own,
      topic: Topic.named("topic_\(chance.next() % 4)"), data: Array(text.utf8), time: time,
      publisher: PublisherID(high: 1, low: publisher), publisherSequence: UInt64(number), headers: headers)
  }

  /// A log of some events, and what its commits handed out.
  private static func log(_ bench: Bench, count: Int, seed: UInt64) throws -> (Spool, wire: [UInt8]) {
    var chance = Chance(seed)
    let spool = try bench.open()
    var (wire, number): ([UInt8], Int) = ([], 0)
    while number < count {
      for _ in 0..<Int.random(in: 1...40, using: &chance) where number < count {
        number += 1
        let now = Bench.start + .microseconds(number * 700)
        _ = try spool.append(ShortRecordTests.event(number, &chance), now: now)
      }
      wire += try spool.commit().bytes
      if chance.next() % 16 == 0 { try spool.seal(now: Bench.start) }
    }
    return (spool, wire)
  }

  private static func bytes(_ reader: SpoolReader, after: Offset, count: Int) throws -> [UInt8] {
    try reader.read(after: after, maximumByteCount: 1 << 30, maximumCount: count) { _ in true }.bytes
  }

  @Test(arguments: 1...6) func `what is read is what was committed, byte for byte, from wherever`(seed: UInt64) throws {
    let bench = Bench()
    let (spool, wire) = try ShortRecordTests.log(bench, count: 3000, seed: seed)
    let starts = try ShortRecordTests.starts(wire)
    for reader in [spool.reader(), try bench.with(bench.disk.afterKill()).open().reader()] {
      #expect(try ShortRecordTests.bytes(reader, after: .zero, count: 3000) == wire)
      for number in stride(from: 0, to: 3000, by: 37) {
        let end = min(3000, number + 3)
        let found = try ShortRecordTests.bytes(reader, after: Offset(UInt64(number)), count: 3)
        #expect(found == Array(wire[starts[number]..<starts[end]]), "after \(number)")
      }
    }
    let stored = try StoredSegment(try #require(bench.disk[Bench.path(1)]))
    #expect(stored.shortCount > 2500 && bench.disk.afterKill()[Bench.path(1)]?.count ?? 0 < wire.count * 3 / 4)
  }

  private static func starts(_ wire: [UInt8]) throws -> [Int] {
    var starts = [0]
    while let start = starts.last, start < wire.count {
      starts.append(start + (try RecordHeader(wire.span.bytes, at: start)).recordByteCount)
    }
    return starts
  }

  @Test(arguments: 1...3) func `a filter sees the topic of short records`(seed: UInt64) throws {
    let (spool, wire) = try ShortRecordTests.log(Bench(), count: 2000, seed: seed)
    let all = try Record.events(wire)
    for topic in ["topic_0", "topic_3"] as [Topic] {
      var (found, after): ([Event], Offset) = ([], .zero)
      while after < spool.head {
        let chunk = try spool.reader().read(after: after, maximumByteCount: 5000, maximumCount: 100) {
          $0.elementsEqual(topic.text.utf8)
        }
        found += try Record.events(chunk.bytes)
        after = chunk.through
      }
      #expect(found == all.filter { $0.topic == topic })
    }
  }

  @Test func `an event of 100 bytes takes at most 145 on disk, also between twelve of other kinds`() throws {
    for kinds in [1, 12] {
      let bench = Bench()
      let spool = try bench.open()
      for number in 1...5000 {
        var event = Bench.event(2 * (number % kinds), headers: EventHeaders(source: "service/here"))
        event.data = [UInt8](repeating: 0x78, count: 100)
        event.publisherSequence = UInt64(number)
        _ = try spool.append(event, now: Bench.start + .microseconds(number))
        if number % 50 == 0 { try spool.commit() }
      }
      let records = spool.active.end - SegmentHeader.byteCount
      #expect(Double(records) / 5000 < 145, "\(kinds) kinds: \(Double(records) / 5000)")
    }
  }

  @Test func `what does not fit a short record is written whole`() throws {
    let bench = Bench()
    let spool = try bench.open()
    func append(_ number: Int, now: Timestamp = Bench.start, _ change: (inout Event) -> Void = { _ in }) throws {
      var event = Bench.event(12, byteCount: 10)
      event.publisherSequence = UInt64(number)
      change(&event)
      _ = try spool.append(event, now: now)
      try spool.commit()
    }
    try append(1)
    try append(2)
    try append(100_000)
    try append(100_001) { $0.time = Bench.start + .seconds(3600) }
    try append(100_002) { $0.time = Bench.start - .seconds(3600) }
    try append(100_003) { $0.time = Bench.start - .seconds(3601) }
    try append(3)
    try append(100_004, now: Bench.start + .seconds(7200))
    try append(100_005, now: Bench.start + .seconds(7201)) { $0.topic = "other" }
    try append(100_006, now: Bench.start + .seconds(7201)) { $0.publisher = PublisherID(high: 2, low: 1) }
    let bytes = try #require(bench.disk[Bench.path(1)])
    let isShort = try StoredSegment(bytes).parts.map(\.isShort)
    #expect(isShort == [false, true, false, false, false, true, false, false, false, false])
    let numbers: [UInt64] = [1, 2, 100_000, 100_001, 100_002, 100_003, 3, 100_004, 100_005, 100_006]
    #expect(try spool.events().map(\.publisherSequence) == numbers)
    #expect(try bench.with(bench.disk.afterKill()).open().events().map(\.publisherSequence) == numbers)
  }

  /// 2,000 events of one kind: runs of short records behind a leader at each mark.
  private static func runs() throws -> (Bench, StoredSegment, [UInt8]) {
    let bench = Bench()
    let spool = try bench.open()
    for number in 1...2000 {
      var event = Bench.event(12, byteCount: 100)
      event.publisherSequence = UInt64(number)
      _ = try spool.append(event, now: Bench.start)
    }
    try spool.commit()
    try spool.seal(now: Bench.start)
    spool.close()
    let bytes = try #require(bench.disk[Bench.path(1)])
    return (bench, try StoredSegment(bytes), bytes)
  }

  @Test func `a damaged leader takes its run with it where its run needs what is damaged, and nothing else`() throws {
    let (bench, stored, bytes) = try ShortRecordTests.runs()
    let leaders = stored.parts.indices.filter { !stored.parts[$0].isShort && !stored.parts[$0].record.isSeal }
    #expect(leaders.count == 5 && leaders[0] == 0)
    let leader = leaders[1]
    // Of a leader whose id or data is broken all is there that others take from it; header and topic they need.
    for (place, isRunLost) in [(60, false), (10, true), (110, true), (170, false)] {
      let spool = try bench.open()
      bench.disk[Bench.path(1)]?[stored.parts[leader].start + place] ^= 1
      let reader = spool.reader()
      for number in [1, leader, leaders[2] + 1, 2000] {
        #expect(try reader.event(at: Offset(UInt64(number)))?.publisherSequence == UInt64(number))
      }
      for number in [leader + 1, leader + 2, leaders[2]] {
        let refused = refusal { _ = try reader.event(at: Offset(UInt64(number))) }
        #expect(refused?.code == .corrupt, "\(number) with byte \(place)")
        #expect(refused?.message.contains("00000000000000000001.seg cannot be read at byte") == true)
      }
      // Nobody misses in silence what may have been of a topic that is damaged.
      let skipping = refusal {
        _ = try reader.read(after: Offset(UInt64(leader)), maximumByteCount: 1 << 20, maximumCount: 9) { _ in false }
      }
      #expect(skipping?.code == .corrupt)
      spool.close()
      let scan = try SegmentScan(stored.header, file: try DiskFile(Bench.path(1), .read, on: bench.disk)) { _, _, _ in }
      #expect(scan.recordCount == leader && scan.damage != nil)
      var salvage = SegmentSalvage(
        stored.header, file: try DiskFile(Bench.path(1), .read, on: bench.disk), end: bytes.count)
      var saved: [UInt64] = []
      while let (record, _) = try salvage.next() { saved.append(record.offset.rawValue) }
      let run = isRunLost ? [] : Array(UInt64(leader + 2)...UInt64(leaders[2]))
      #expect(saved == Array(1...UInt64(leader)) + run + Array(UInt64(leaders[2] + 1)...2000), "byte \(place)")
      bench.disk[Bench.path(1)] = bytes
    }
  }

  @Test func `a short record where a search may begin is refused`() throws {
    let (bench, stored, bytes) = try ShortRecordTests.runs()
    let mark = try #require(stored.parts.indices.first { $0 > 0 && !stored.parts[$0].isShort })
    var header = RecordHeader(kind: .seal, bodyByteCount: 0, bodyChecksum: 0)
    if case .whole(let record) = stored.parts[mark].record { header = record }
    // The same event, short behind the first one.
    let leaderBytes = Array(bytes[stored.parts[0].start..<stored.parts[1].start])
    var leader = Leader()
    leader.take(leaderBytes, at: 0)
    let whole = Array(bytes[stored.parts[mark].start..<stored.parts[mark + 1].start])
    let found = ShortRecord(whole.span.bytes, at: 0, leader: leader, base: Offset(1))
    var short = try #require(found)
    var output = [UInt8](repeating: 0, count: 400)
    var span = output.mutableSpan
    var raw = span.mutableBytes
    ShortTail.write(whole.span.bytes, at: 0, leader: leader, to: &raw, at: 0, noting: &short)
    short.write(to: &raw, at: 0, of: stored.header)
    bench.disk[Bench.path(1)] =
      Array(bytes[..<stored.parts[mark].start] + output[..<short.recordByteCount])
    let scan = try SegmentScan(stored.header, file: try DiskFile(Bench.path(1), .read, on: bench.disk)) { _, _, _ in }
    #expect(scan.recordCount == mark && header.offset == Offset(UInt64(mark + 1)))
  }

  @Test func `a log that is told so writes whole records only, and an outbox does`() throws {
    #expect(!SpoolOptions.outbox(maximumByteCount: 8 << 20, syncs: false).writesShort)
    var bench = Bench()
    bench.options.writesShort = false
    let spool = try bench.open()
    try spool.append(1...40)
    try spool.commit()
    #expect(try StoredSegment(try #require(bench.disk[Bench.path(1)])).shortCount == 0)
    #expect(try spool.events().numbers == Array(1...40))
  }

  @Test func `a segment of whole records from before is read, and goes on with whole ones`() throws {
    let bench = Bench()
    var header = SegmentHeader(log: LogID(high: 3, low: 4), salt: 0xABCD_0123, base: Offset(1), createdAt: Bench.start)
    header.hasShortRecords = false
    var bytes = header.bytes
    #expect(Array(bytes[..<8]) == Array("BUSSEG01".utf8))
    for number in 1...40 {
      var event = Bench.event(number)
      (event.offset, event.sequence) = (Offset(UInt64(number)), UInt64((number + 3) / 4))
      event.recordedAt = Bench.start
      try Record.append(event, to: &bytes, salt: header.salt)
    }
    bench.disk[Bench.path(1)] = bytes
    let spool = try bench.open()
    #expect(try spool.events().numbers == Array(1...40))
    try spool.append(41...60)
    try spool.commit()
    #expect(try StoredSegment(try #require(bench.disk[Bench.path(1)])).shortCount == 0)
    try spool.append(61...70, byteCount: 104_000)
    try spool.commit()
    try spool.append(71...90)
    try spool.commit()
    #expect(try StoredSegment(try #require(bench.disk[Bench.path(61)])).shortCount > 0)
    #expect(try spool.events().numbers == Array(1...90))
    #expect(try bench.with(bench.disk.afterKill()).open().events().numbers == Array(1...90))
    // A short record in a segment that has none is no record.
    let next = try #require(bench.disk[Bench.path(61)])
    let stored = try StoredSegment(next)
    var old = stored.header
    old.hasShortRecords = false
    bench.disk[Bench.path(61)] = old.bytes + next.dropFirst(SegmentHeader.byteCount)
    let report = try SpoolVerification(directory: "/log", disk: bench.disk)
    #expect(report.segments.last?.recordCount == stored.parts.firstIndex { $0.isShort })
  }

  /// Short records with the right checksum and any numbers behind a leader: refused or read, never more.
  @Test(arguments: 1...4) func `hostile short records are refused`(seed: UInt64) throws {
    var chance = Chance(seed)
    let (bench, stored, whole) = try ShortRecordTests.runs()
    let bytes = Array(whole[..<stored.starts[20]])
    let start = stored.parts[1].start
    for _ in 0..<3000 {
      var changed = bytes
      let place = start + Int(chance.next() % 28)
      changed[place] = UInt8(truncatingIfNeeded: chance.next())
      if chance.next() % 2 == 0 { changed[start + 15] ^= 0xC0 }
      for _ in 0..<Int(chance.next() % 3) {
        changed[start + 32 + Int(chance.next() % 20)] = UInt8(truncatingIfNeeded: chance.next())
      }
      var checksum = Checksum.crc32c(changed.span.bytes.extracting(start..<start + 28), seed: stored.header.salt)
      if changed[start + 15] & 0x40 != 0 {
        checksum = Checksum.crc32c(changed.span.bytes.extracting(start + 32..<start + 36), seed: checksum)
      }
      for byte in 0..<4 { changed[start + 28 + byte] = UInt8(truncatingIfNeeded: checksum >> UInt32(byte * 8)) }
      bench.disk[Bench.path(1)] = changed
      let scan = try SegmentScan(stored.header, file: try DiskFile(Bench.path(1), .read, on: bench.disk)) { _, _, _ in }
      #expect(scan.recordCount == 1 || scan.recordCount == 20, "\(scan.recordCount)")
      var walk = try SegmentWalk(
        scan.segment.extendedForTest(to: bytes.count), in: SpoolDirectory(path: "/log", disk: bench.disk),
        byteCount: 4096)
      var output: [UInt8] = []
      let refused = refusal { while try walk.next() != nil { try walk.append(to: &output) } }
      #expect(refused == nil || refused?.code == .corrupt)
    }
  }
}

extension Segment {
  /// As if its records went up to there.
  fileprivate func extendedForTest(to end: Int) -> Segment {
    var segment = self
    segment.end = end
    return segment
  }
}
