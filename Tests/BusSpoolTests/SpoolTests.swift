import BusProtocol
import BusSpool
import Testing

struct SpoolTests {
  @Test func `what is committed is read back as it was appended`() throws {
    let spool = try Bench().open()
    try spool.append(1...10)
    let group = try spool.commit()
    #expect(group.first == Offset(1) && group.last == Offset(10) && group.count == 10)
    let events = try spool.events()
    #expect(try events.numbers == Array(1...10))
    #expect(events.map(\.offset) == (1...10).map { Offset($0) })
    #expect(events.map(\.id) == (1...10).map { Bench.event($0).id })
    #expect(events.map(\.sequence) == [1, 1, 1, 1, 2, 2, 2, 2, 3, 3])
  }

  @Test func `what is appended and not committed is not read`() throws {
    let spool = try Bench().open()
    try spool.append(1...2)
    try spool.commit()
    try spool.append(3...4)
    #expect(try spool.events().count == 2)
    #expect(spool.head == Offset(4) && spool.next == Offset(5) && spool.durable == Offset(2))
  }

  @Test func `a committed group has the bytes that a reader gets, in the form of the wire`() throws {
    let spool = try Bench().open()
    var groups: [UInt8] = []
    for number in stride(from: 1, to: 40, by: 4) {
      try spool.append(number...number + 3, byteCount: number)
      groups += try spool.commit().bytes
    }
    let chunk = try spool.reader().read(after: .zero, maximumByteCount: 1 << 20, maximumCount: 1000) { _ in true }
    #expect(chunk.bytes == groups)
    #expect(try Record.events(groups).count == 40)
  }

  @Test func `a record from the wire is stamped anew and its body kept`() throws {
    let spool = try Bench().open()
    var bytes: [UInt8] = []
    try Record.append(Bench.event(1), to: &bytes)
    let start = bytes.count
    try Record.append(Bench.event(2), to: &bytes)
    for (place, offset) in [(start, Offset(1)), (0, Offset(2))] {
      let facts = try Record.check(bytes, at: place)
      #expect(try spool.append(facts, at: place, of: bytes, now: Bench.start) == offset)
    }
    let group = try spool.commit()
    #expect(try Record.events(group.bytes).numbers == [2, 1])
    #expect(try spool.events().numbers == [2, 1])
  }

  @Test func `a record that is said to lie beyond its bytes is refused and leaves nothing`() throws {
    let spool = try Bench().open()
    var bytes: [UInt8] = []
    try Record.append(Bench.event(1), to: &bytes)
    let facts = try Record.check(bytes, at: 0)
    for place in [-8, 8, bytes.count, .max, .min] {
      #expect(refusal { _ = try spool.append(facts, at: place, of: bytes, now: Bench.start) }?.code == .badRecord)
    }
    #expect(try spool.commit().isEmpty)
    #expect(try spool.append(Bench.event(1), now: Bench.start) == Offset(1))
  }

  @Test func `a log goes on across segments and reopening`() throws {
    let bench = Bench()
    var spool = try bench.open()
    for number in 1...32 {
      try spool.append(number...number, byteCount: 100_000)
      try spool.commit()
    }
    let name = spool.logID
    #expect(try spool.reader().status().segments == 4)
    #expect(try spool.events().numbers == Array(1...32))
    spool.close()
    spool = try bench.open()
    #expect(spool.logID == name && spool.recovery.segmentCount == 4 && spool.recovery.rebuiltIndexCount == 0)
    #expect(spool.recovery.scannedRecordCount < 10, "only the last segment is read")
    #expect(try spool.append(33...33) == Offset(33))
    try spool.commit()
    let events = try spool.events()
    #expect(try events.numbers == Array(1...33))
    #expect(events.last?.sequence == 9)
  }

  @Test func `repeats are known before and after the commit and after reopening`() throws {
    let bench = Bench()
    var spool = try bench.open()
    let publisher = PublisherID(high: 1, low: 0)
    #expect(spool.lastSequence(of: publisher) == nil)
    try spool.append(1...9)
    #expect(spool.lastSequence(of: publisher) == 3)
    #expect(spool.state.isRepeat(3, of: publisher) && !spool.state.isRepeat(4, of: publisher))
    try spool.commit()
    try spool.append(10...12, byteCount: 900_000)
    try spool.commit()
    spool.close()
    spool = try bench.open()
    #expect(spool.lastSequence(of: publisher) == 4)
    #expect(spool.state.lastSequence(of: "topic_0") == 3)
    #expect(!spool.state.isRepeat(0, of: publisher))
  }

  @Test func `time never goes back in a log`() throws {
    let spool = try Bench().open()
    for seconds in [5, 3, 9, 1] { try spool.append(1...1, now: Bench.start + .seconds(seconds)) }
    try spool.commit()
    #expect(
      try spool.events().map { $0.recordedAt - Bench.start } == [.seconds(5), .seconds(5), .seconds(9), .seconds(9)])
  }

  @Test func `an outbox shows what is written without a sync`() throws {
    var bench = Bench()
    bench.options = .outbox(maximumByteCount: 64 << 20, syncs: false)
    let spool = try bench.open()
    let syncs = bench.disk.count(of: .sync)
    try spool.append(1...5)
    #expect(try spool.commitWithoutSync() == Offset(5))
    #expect(try spool.events().map(\.sequence) == [0, 0, 0, 0, 0])
    #expect(bench.disk.count(of: .sync) == syncs && spool.durable == .zero)
    let other = try bench.with(bench.disk.afterKill()).open()
    #expect(try other.events().numbers == Array(1...5))
    #expect(other.durable == Offset(5))
  }

  @Test func `an outbox at its limit refuses until its segments go`() throws {
    var bench = Bench()
    bench.options = SpoolOptions(
      segmentByteCount: 1 << 20, preallocates: false, reserve: nil, tracksState: false, maximumByteCount: 3 << 20)
    let spool = try bench.open()
    var refused: SpoolError?
    while refused == nil {
      refused = refusal {
        try spool.append(1...1, byteCount: 90_000)
        try spool.commitWithoutSync()
      }
    }
    #expect(refused?.code == .full)
    #expect(try spool.remove(through: spool.head) == 3)
    try spool.append(1...1, byteCount: 90_000)
    #expect(try spool.commitWithoutSync() == spool.head)
  }

  @Test func `a group longer than a segment has a segment to itself`() throws {
    let spool = try Bench().open()
    for first in [1, 31, 61] {
      try spool.append(first...first + 29, byteCount: 100_000)
      try spool.commit()
    }
    #expect(try spool.events().numbers == Array(1...90))
    #expect(try spool.reader().status().segments == 3)
  }

  @Test func `a log that was removed leaves nothing`() throws {
    let bench = Bench()
    let spool = try bench.open()
    try spool.append(1...20, byteCount: 100_000)
    try spool.commit()
    try spool.append(21...30)
    try spool.commit()
    try spool.seal(now: Bench.start)
    try spool.removeAll()
    #expect(try bench.disk.names(in: "/log").isEmpty)
    #expect(refusal { try spool.append(1...1) }?.code == .closed)
  }

  @Test func `a closed log takes nothing, and its readers go on`() throws {
    let bench = Bench()
    let spool = try bench.open()
    try spool.append(1...3)
    try spool.commit()
    let reader = spool.reader()
    spool.close()
    #expect(refusal { try spool.append(4...4) }?.code == .closed)
    #expect(try reader.events().numbers == [1, 2, 3])
    #expect(try bench.open().durable == Offset(3))
  }

  @Test func `a log that is opened to read only is not touched`() throws {
    var bench = Bench()
    #expect(throws: SpoolError.self) {
      var reading = bench
      reading.options.isReadOnly = true
      _ = try reading.open()
    }
    let spool = try bench.open()
    try spool.append(1...3)
    try spool.commit()
    bench.disk[Bench.path(1)]? += [1, 2, 3, 4, 5, 6, 7, 8]
    bench.options.isReadOnly = true
    let before = bench.disk[Bench.path(1)]
    let reading = try bench.open()
    #expect(try reading.events().numbers == [1, 2, 3])
    #expect(reading.recovery.tornByteCount == 8 && bench.disk[Bench.path(1)] == before)
    #expect(refusal { try reading.append(4...4) }?.code == .readOnly)
  }
}
