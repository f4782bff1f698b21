import BusProtocol
import BusSpool
import Testing

struct SpoolFaultTests {
  @Test(arguments: [MemoryDisk.Fault.error(.noSpace), .short(0), .short(100), .short(1)])
  func `a group that finds no room is dropped whole, and the log goes on`(fault: MemoryDisk.Fault) throws {
    let bench = Bench()
    let spool = try bench.open()
    try spool.append(1...3)
    try spool.commit()
    bench.disk.fail(.write, with: fault)
    try spool.append(4...6)
    #expect(refusal { try spool.commit() }?.code == .diskFull)
    #expect(spool.durable == Offset(3) && spool.next == Offset(4))
    #expect(spool.state.lastSequence(of: "topic_0") == 0 && spool.lastSequence(of: PublisherID(high: 1, low: 0)) == 1)
    #expect(try spool.events().numbers == [1, 2, 3])
    try spool.append(4...6)
    #expect(try spool.commit().last == Offset(6))
    #expect(try spool.events().numbers == Array(1...6))
    let other = try bench.with(bench.disk.afterKill()).open()
    #expect(try other.events().numbers == Array(1...6) && other.recovery.tornByteCount == 0)
  }

  @Test func `no short record leans on a whole one that found no room`() throws {
    let bench = Bench()
    let spool = try bench.open()
    try spool.append(1...3)
    try spool.commit()
    bench.disk.fail(.write, with: .error(.noSpace))
    try spool.append(4...4)
    #expect(refusal { try spool.commit() }?.code == .diskFull)
    // The first is short, as 1 is of its kind: it has the offset that the lost one had.
    try spool.append(13...13)
    try spool.append(4...4)
    try spool.commit()
    #expect(try spool.events().numbers == [1, 2, 3, 13, 4])
    #expect(try bench.with(bench.disk.afterKill()).open().events().numbers == [1, 2, 3, 13, 4])
  }

  @Test func `no room for a new segment drops the group, and the log goes on`() throws {
    for call in [MemoryDisk.Call.write, .rename] {
      for number in 0..<(call == .write ? 4 : 3) {
        let bench = Bench()
        let spool = try bench.open()
        try spool.append(1...10, byteCount: 100_000)
        try spool.commit()
        bench.disk.fail(call, after: number, with: .error(.noSpace))
        try spool.append(11...20, byteCount: 100_000)
        #expect(refusal { try spool.commit() }?.code == .diskFull, "\(call) \(number)")
        let killed = try bench.with(bench.disk.afterKill()).open()
        #expect(killed.next == Offset(11) && killed.state.lastSequence(of: "topic_0") == 2, "\(call) \(number)")
        try spool.append(11...20, byteCount: 100_000)
        try spool.commit()
        #expect(try spool.events().numbers == Array(1...20))
        let other = try bench.with(bench.disk.afterKill()).open()
        #expect(try other.events().numbers == Array(1...20))
      }
    }
  }

  @Test func `after a failed sync nothing is taken any more`() throws {
    for number in 0..<2 {
      let bench = Bench()
      let spool = try bench.open()
      try spool.append(1...3)
      try spool.commit()
      bench.disk.fail(.sync, with: .error(.other))
      try spool.append(4...6)
      #expect(refusal { _ = number == 0 ? try spool.commit().last : try spool.sealAfterWriting() }?.code == .syncFailed)
      #expect(spool.durable == Offset(3) && spool.reader().durable == Offset(3))
      #expect(refusal { try spool.append(7...7) }?.code == .syncFailed)
      #expect(refusal { try spool.commit() }?.code == .syncFailed)
      #expect(refusal { try spool.commitWithoutSync() }?.code == .syncFailed)
      #expect(refusal { try spool.seal(now: Bench.start) }?.code == .syncFailed)
    }
  }

  @Test func `a failed sync of a new segment or its name ends the log too`() throws {
    for call in [MemoryDisk.Call.sync, .syncDirectory] {
      let bench = Bench()
      let spool = try bench.open()
      try spool.append(1...10, byteCount: 100_000)
      try spool.commit()
      bench.disk.fail(call, with: .error(.other))
      try spool.append(11...11, byteCount: 100_000)
      #expect(refusal { try spool.commit() }?.code == .syncFailed)
      #expect(refusal { try spool.append(11...11) }?.code == .syncFailed)
      #expect(try bench.with(bench.disk.afterKill()).open().durable == Offset(10))
    }
  }

  @Test func `a failed write that cannot be cut back ends the log`() throws {
    let bench = Bench()
    let spool = try bench.open()
    bench.disk.fail(.write, with: .short(50))
    bench.disk.fail(.truncate, with: .error(.other))
    try spool.append(1...3)
    #expect(refusal { try spool.commit() }?.code == .syncFailed)
    #expect(refusal { try spool.append(1...1) }?.code == .syncFailed)
    let other = try bench.with(bench.disk.afterKill()).open()
    #expect(other.recovery.tornByteCount == 50 && other.durable == .zero)
  }

  @Test func `a read that fails says so and harms nothing`() throws {
    let bench = Bench()
    let spool = try bench.open()
    try spool.append(1...3)
    try spool.commit()
    bench.disk.fail(.read, with: .error(.other))
    #expect(refusal { _ = try spool.events() }?.code == .system)
    #expect(try spool.events().count == 3)
  }

  @Test func `a second writer is refused with the number of the first`() throws {
    let bench = Bench()
    let spool = try bench.open()
    let refused = refusal { _ = try bench.open() }
    #expect(refused?.code == .locked && refused?.message.contains("process ") == true)
    spool.close()
    _ = try bench.open()
  }

  @Test func `appends stop at the reserve and go on above it`() throws {
    var bench = Bench()
    bench.options.reserve = DiskReserve(byteCount: 1000, percent: 5, resumePercent: 8)
    let spool = try bench.open()
    func append(_ free: Int, after seconds: Int) -> SpoolError? {
      bench.disk.setSpace(DiskSpace(freeByteCount: free, totalByteCount: 100_000))
      return refusal { try spool.append(1...1, now: Bench.start + .seconds(seconds)) }
    }
    #expect(append(5000, after: 1) == nil)
    #expect(append(4999, after: 2)?.code == .diskFull)
    #expect(append(7999, after: 3)?.code == .diskFull)
    #expect(append(8000, after: 4) == nil)
    #expect(append(5001, after: 5) == nil)
    #expect(spool.head == Offset(3))
  }

  @Test func `what was stopped goes on at once when there is room, whatever the clock says`() throws {
    var bench = Bench()
    bench.options.reserve = DiskReserve(byteCount: 1000, percent: 5, resumePercent: 8)
    let spool = try bench.open()
    bench.disk.setSpace(DiskSpace(freeByteCount: 4000, totalByteCount: 100_000))
    #expect(refusal { try spool.append(1...1, now: Bench.start) }?.code == .diskFull)
    bench.disk.setSpace(DiskSpace(freeByteCount: 9000, totalByteCount: 100_000))
    // As far behind the refusal as a clock shows that was set back in between.
    try spool.append(1...1, now: Bench.start + .milliseconds(1))
    #expect(spool.head == Offset(1))
  }

  @Test func `the reserve is the larger of bytes and share`() {
    let reserve = DiskReserve()
    let small = DiskSpace(freeByteCount: 200 << 20, totalByteCount: 1 << 30)
    let large = DiskSpace(freeByteCount: 4 << 30, totalByteCount: 100 << 30)
    #expect(!reserve.admits(small, isStopped: false) && !reserve.admits(large, isStopped: false))
    #expect(reserve.admits(DiskSpace(freeByteCount: 6 << 30, totalByteCount: 100 << 30), isStopped: false))
    #expect(!reserve.admits(DiskSpace(freeByteCount: 6 << 30, totalByteCount: 100 << 30), isStopped: true))
    #expect(reserve.admits(DiskSpace(freeByteCount: 9 << 30, totalByteCount: 100 << 30), isStopped: true))
  }
}

extension Spool {
  /// Lets the seal do the sync.
  fileprivate func sealAfterWriting() throws(SpoolError) -> Offset {
    try commitWithoutSync()
    try seal(now: Bench.start)
    return durable
  }
}
