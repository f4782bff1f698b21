import BusProtocol
import BusSpool
import Testing

struct SpoolReaderTests {
  /// 400 events, one a second, in four segments; every hundredth is rare.
  private func log() throws -> Spool {
    let spool = try Bench().open()
    for number in 1...400 {
      let event = Bench.event(number, topic: number % 100 == 0 ? "rare" : "common", byteCount: 10_000)
      _ = try spool.append(event, now: Bench.start + .seconds(number))
      try spool.commit()
    }
    return spool
  }

  @Test func `a reader gets the topics that it wants and is told how far it looked`() throws {
    let reader = try log().reader()
    let rare = Array("rare".utf8)
    let chunk = try reader.read(after: Offset(120), maximumByteCount: 1 << 20, maximumCount: 1000) {
      $0.elementsEqual(rare)
    }
    #expect(try Record.events(chunk.bytes).numbers == [200, 300, 400])
    #expect(chunk.count == 3 && chunk.through == Offset(400) && !chunk.isBehind && chunk.missing == nil)
    let none = try reader.read(after: .zero, maximumByteCount: 1 << 20, maximumCount: 1000) { _ in false }
    #expect(none.count == 0 && none.through == Offset(400) && none.bytes.isEmpty)
  }

  @Test func `a reader finds the events that no outbox numbered, whole and short ones`() throws {
    for byteCount in [100, 10_000] {
      let spool = try Bench().open()
      for number in 1...300 {
        var event = Bench.event(number, topic: "common", byteCount: byteCount)
        if number.isMultiple(of: 70) { (event.publisher, event.publisherSequence) = (PublisherID(high: 0, low: 0), 0) }
        _ = try spool.append(event, now: Bench.start + .seconds(number))
        try spool.commit()
      }
      let reader = spool.reader()
      let all = try reader.readUnnumbered(after: .zero, maximumByteCount: 1 << 20, maximumCount: 1000)
      #expect(try Record.events(all.bytes).numbers == [70, 140, 210, 280])
      #expect(all.count == 4 && all.through == Offset(300) && !all.isBehind && all.missing == nil)
      let one = try reader.readUnnumbered(after: Offset(70), maximumByteCount: 1, maximumCount: 1000)
      #expect(try Record.events(one.bytes).numbers == [140])
    }
  }

  @Test func `a read ends at its bytes and at its count, but has one event`() throws {
    let reader = try log().reader()
    for start in [0, 1, 99, 350] as [UInt64] {
      let few = try reader.read(after: Offset(start), maximumByteCount: 1 << 20, maximumCount: 7) { _ in true }
      #expect(try Record.events(few.bytes).numbers == (1...7).map { Int(start) + $0 })
      #expect(few.through == Offset(start + 7) && few.isBehind)
      let small = try reader.read(after: Offset(start), maximumByteCount: 25_000, maximumCount: 700) { _ in true }
      #expect(small.count == 2 && small.bytes.count <= 25_000 && small.through == Offset(start + 2))
      let one = try reader.read(after: Offset(start), maximumByteCount: 1, maximumCount: 700) { _ in true }
      #expect(one.count == 1 && one.through == Offset(start + 1))
    }
    for step in [1, 20_000, 300_000] { #expect(try reader.events(step: step).numbers == Array(1...400)) }
  }

  @Test func `a read at or past the end finds nothing`() throws {
    let reader = try log().reader()
    for start in [400, 401, UInt64.max - 1, UInt64.max] {
      let chunk = try reader.read(after: Offset(start), maximumByteCount: 1 << 20, maximumCount: 7) { _ in true }
      #expect(chunk.count == 0 && chunk.through == Offset(start) && !chunk.isBehind && chunk.head == Offset(400))
    }
  }

  @Test func `each event is found by its offset and none where none is`() throws {
    let reader = try log().reader()
    for number in [1, 2, 104, 105, 399, 400] {
      let event = try reader.event(at: Offset(UInt64(number)))
      let found: Int? = try event?["n"]
      #expect(found == number)
    }
    for number in [0, 401, UInt64.max] { #expect(try reader.event(at: Offset(number)) == nil) }
  }

  @Test func `a moment is found as the last event before it`() throws {
    let reader = try log().reader()
    for number in [1, 2, 57, 104, 105, 106, 399, 400, 500] {
      let time = Bench.start + .seconds(number)
      #expect(try reader.offset(at: time) == Offset(UInt64(min(number - 1, 400))))
      #expect(try reader.offset(at: time + .microseconds(1)) == Offset(UInt64(min(number, 400))))
    }
    #expect(try reader.offset(at: Timestamp(microseconds: 0)) == .zero)
    #expect(try Bench().open().reader().offset(at: Bench.start) == .zero)
  }

  @Test func `what is no longer kept is named`() throws {
    let spool = try log()
    let reader = spool.reader()
    let removed = try spool.remove(through: Offset(150))
    #expect(removed == 1)
    let first = reader.first
    #expect(first > Offset(1) && first <= Offset(151))
    let chunk = try reader.read(after: Offset(10), maximumByteCount: 1 << 20, maximumCount: 1) { _ in true }
    #expect(chunk.missing == Offset(11)...Offset(first.rawValue - 1))
    #expect(try Record.events(chunk.bytes).first?.offset == first && chunk.first == first)
    #expect(try reader.event(at: Offset(10)) == nil)
    #expect(try reader.offset(at: Bench.start) == Offset(first.rawValue - 1))
    let next = try reader.read(after: Offset(first.rawValue - 1), maximumByteCount: 1, maximumCount: 1) { _ in true }
    #expect(next.missing == nil)
  }

  @Test func `damage under a reader is an error that names its place`() throws {
    let bench = Bench()
    let spool = try bench.open()
    try spool.append(1...10)
    try spool.commit()
    func all(_ spool: Spool) throws -> [UInt8] {
      try spool.reader().read(after: .zero, maximumByteCount: 1 << 20, maximumCount: 100) { _ in true }.bytes
    }
    let good = try #require(bench.disk[Bench.path(1)])
    let events = try all(spool)
    for position in 4096..<good.count {
      var flipped = good
      flipped[position] ^= 0x10
      bench.disk[Bench.path(1)] = flipped
      var found: [UInt8] = []
      let refused = refusal { found = try all(spool) }
      // What no checksum covers is the padding, and that is made anew.
      #expect(refused?.code == .corrupt || found == events)
      #expect(refused == nil || refused?.message.contains("00000000000000000001.seg cannot be read at byte ") == true)
    }
  }

  @Test func `a reader on another thread sees a growing prefix`() async throws {
    let directory = try TemporaryDirectory()
    let spool = try Spool(
      directory: directory.path, options: SpoolOptions(segmentByteCount: 1 << 20, reserve: nil), now: Bench.start,
      random: Chance.source(1))
    let reader = spool.reader()
    let total = 2000
    async let read = reader.numbers(upTo: total)
    for first in stride(from: 1, through: total, by: 8) {
      try spool.append(first...first + 7, byteCount: 1000)
      try spool.commitWithoutSync()
    }
    #expect(try await read == Array(1...total))
    #expect(try reader.status().segments == 3)
  }
}

extension SpoolReader {
  /// Reads until so many were seen; yields while there is nothing.
  @concurrent fileprivate func numbers(upTo total: Int) async throws -> [Int] {
    var (numbers, after): ([Int], Offset) = ([], .zero)
    while numbers.count < total {
      let chunk = try read(after: after, maximumByteCount: 64 << 10, maximumCount: 100) { _ in true }
      numbers += try Record.events(chunk.bytes).numbers
      after = chunk.through
      if chunk.count == 0 { await Task.yield() }
    }
    return numbers
  }
}
