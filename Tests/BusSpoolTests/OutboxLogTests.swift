import BusProtocol
import Testing

@testable import BusSpool

/// A log as publishers have it: written through memory, its segments not synced.
struct OutboxLogTests {
  private var bench: Bench {
    var bench = Bench()
    bench.options = .outbox(maximumByteCount: 64 << 20, syncs: false)
    bench.options.segmentByteCount = 1 << 20
    return bench
  }

  /// Appends as `publish` does: a group for each event.
  private func publish(_ numbers: ClosedRange<Int>, to spool: Spool, byteCount: Int = 100_000) throws {
    for number in numbers {
      try spool.append(number...number, byteCount: byteCount)
      try spool.commitWithoutSync()
    }
  }

  @Test func `appending never waits for the disk, over many segments`() throws {
    let spool = try bench.open()
    let disk = try #require(spool.files.disk as? MemoryDisk)
    let (syncs, names) = (disk.count(of: .sync), disk.count(of: .syncDirectory))
    try publish(1...60, to: spool)
    #expect(spool.log.view.count > 5)
    #expect(try spool.remove(through: Offset(30)) > 2)
    #expect(disk.count(of: .sync) == syncs && disk.count(of: .syncDirectory) == names)
    let kept = try spool.events().numbers
    #expect(kept.last == 60 && kept.count < 40)
    let other = try bench.with(disk.afterKill()).open()
    #expect(try other.events().numbers == kept)
    #expect(other.recovery.lostSegmentCount == 0)
  }

  /// Publishes and lets go what busd has, as an outbox does under load.
  private func run(_ spool: Spool, _ numbers: ClosedRange<Int>, behind lag: Int = 12) throws {
    for number in numbers {
      try publish(number...number, to: spool)
      if number > lag { try spool.remove(through: Offset(UInt64(number - lag))) }
    }
  }

  @Test func `the file of a segment that may go becomes the next one's`() throws {
    let spool = try bench.open()
    let disk = try #require(spool.files.disk as? MemoryDisk)
    try run(spool, 1...100)
    let made = disk.madeFileCount
    #expect(try spool.events().numbers.suffix(12) == Array(89...100))
    try run(spool, 101...300)
    // Twenty segments later: the files are those that there were.
    #expect(disk.madeFileCount == made)
    #expect(try spool.events().numbers.suffix(12) == Array(289...300))
    try spool.removeAll()
    #expect(try disk.names(in: "/log").isEmpty)
  }

  @Test(arguments: 1...25)
  func `what a reused file held before never comes back`(count: Int) throws {
    let spool = try bench.open()
    try run(spool, 1...100 + count)
    let kept = try spool.events().numbers
    // Killed, with the stale end of the file behind the last record.
    let other = try bench.with(try #require(spool.files.disk as? MemoryDisk).afterKill()).open()
    #expect(try other.events().numbers == kept)
    #expect(other.recovery.lostSegmentCount == 0)
    try run(other, 101 + count...140 + count)
    #expect(try other.events().numbers.last == 140 + count)
  }

  @Test func `a reused file under its old name is not the segment that it was`() throws {
    let spool = try bench.open()
    try run(spool, 1...100)
    let kept = try spool.events().numbers
    let disk = try #require(spool.files.disk as? MemoryDisk).afterKill()
    disk[Bench.path(1)] = disk[Bench.path(spool.log.view.first.rawValue)]
    let other = try bench.with(disk).open()
    #expect(try other.events().numbers == kept)
    #expect(other.recovery.lostSegmentCount == 0)
  }

  @Test func `what synced outboxes hold is on disk`() throws {
    var bench = bench
    bench.options = .outbox(maximumByteCount: 64 << 20, syncs: true)
    let spool = try bench.open()
    for number in 1...30 {
      try spool.append(number...number, byteCount: 400_000)
      try spool.commit()
    }
    let other = try bench.with(bench.disk.afterPowerCut { false }).open()
    #expect(try other.events().numbers == Array(1...30))
  }

  @Test(arguments: 1...60)
  func `a power cut takes the end, never a part, and the log goes on`(seed: UInt64) throws {
    var chance = Chance(seed)
    let bench = bench
    let spool = try bench.open()
    try publish(1...Int.random(in: 1...40, using: &chance), to: spool)
    let share = Double.random(in: 0...1, using: &chance)
    let cut = bench.with(bench.disk.afterPowerCut { Double.random(in: 0...1, using: &chance) < share })
    let other = try cut.open()
    let kept = try other.events().numbers
    #expect(kept == Array(1..<kept.count + 1))
    try publish(kept.count + 1...kept.count + 20, to: other)
    let again = try cut.with(cut.disk.afterKill()).open()
    #expect(try again.events().numbers == Array(1...kept.count + 20))
    #expect(again.recovery.lostSegmentCount == 0)
  }

  @Test func `behind a damaged place nothing is kept, and that is said`() throws {
    let bench = bench
    let spool = try bench.open()
    try publish(1...40, to: spool)
    let second = spool.log.view[1]
    for position in [SegmentHeader.byteCount + 20, second.end - 100, 4] {
      let disk = bench.disk.afterKill()
      disk[Bench.path(second.base.rawValue)]?[position] ^= 1
      let other = try bench.with(disk).open()
      let kept = try other.events().numbers
      #expect(kept == Array(1..<kept.count + 1) && kept.count < 40 && kept.count >= Int(second.base.rawValue) - 1)
      #expect(other.recovery.lostSegmentCount > 0)
      try publish(kept.count + 1...kept.count + 1, to: other, byteCount: 10)
      #expect(try other.events().numbers.last == kept.count + 1)
    }
  }

  @Test func `a log whose first page is gone begins anew`() throws {
    let bench = bench
    try publish(1...3, to: try bench.open())
    let disk = bench.disk.afterKill()
    disk[Bench.path(1)] = [UInt8](repeating: 0, count: 5000)
    let other = try bench.with(disk).open()
    #expect(other.head == .zero && other.recovery.lostSegmentCount == 1)
  }

  @Test func `where memory has no room, the refusal is the file's`() throws {
    let bench = bench
    let spool = try bench.open()
    try publish(1...2, to: spool)
    // The file cannot be made longer for the third, and a call finds no room either.
    bench.disk.fail(.truncate, with: .error(.noSpace))
    bench.disk.fail(.write, with: .short(10))
    #expect(refusal { try publish(3...3, to: spool, byteCount: 200_000) }?.code == .diskFull)
    #expect(try spool.events().numbers == [1, 2])
    try publish(3...9, to: spool)
    #expect(try spool.events().numbers == Array(1...9))
    let other = try bench.with(bench.disk.afterKill()).open()
    #expect(try other.events().numbers == Array(1...9))
  }

  @Test func `a mapped log lives on the real disk as in memory`() throws {
    let directory = try TemporaryDirectory()
    func open() throws -> Spool {
      var options = SpoolOptions.outbox(maximumByteCount: 64 << 20, syncs: false)
      options.segmentByteCount = 1 << 20
      return try Spool(
        directory: "\(directory.path)/log", options: options, now: Bench.start, random: Chance.source(5))
    }
    let spool = try open()
    try publish(1...100, to: spool, byteCount: 50_000)
    try publish(101...2000, to: spool, byteCount: 10)
    #expect(try spool.events().numbers == Array(1...2000))
    spool.close()
    #expect(try open().events().numbers == Array(1...2000))
  }

  @Test func `numbers in a row go back with a dropped group`() throws {
    var state = SpoolState()
    let (first, second) = (Array("a".utf8)[...], Array("b".utf8)[...])
    let publisher = PublisherID(high: 1, low: 1)
    func number(_ topic: ArraySlice<UInt8>, _ state: inout SpoolState) -> UInt64 {
      state.take(state.lastSequence(of: "a") + 1, of: publisher, Bench.start)
      return state.number(topic, at: Offset(1), Bench.start)
    }
    #expect([first, first, second, first].map { number($0, &state) } == [1, 2, 1, 3])
    state.commit()
    #expect([first, first, second, second, first].map { number($0, &state) } == [4, 5, 2, 3, 6])
    state.rollBack()
    #expect(state.lastSequence(of: "a") == 3 && state.lastSequence(of: "b") == 1)
    #expect(state.lastSequence(of: publisher) == 3)
    #expect([first, second].map { number($0, &state) } == [4, 2])
    state.rollBack()
    #expect(state.lastSequence(of: "a") == 3 && state.lastSequence(of: "b") == 1)
    #expect(state.lastSequence(of: publisher) == 3)
  }
}
