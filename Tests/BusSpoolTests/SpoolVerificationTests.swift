import BusProtocol
import BusSpool
import Testing

struct SpoolVerificationTests {
  private func log() throws -> (Bench, Spool) {
    let bench = Bench()
    let spool = try bench.open()
    for number in 1...32 {
      try spool.append(number...number, byteCount: 100_000, now: Bench.start + .seconds(number))
      try spool.commit()
    }
    try spool.seal(now: Bench.start)
    spool.close()
    return (bench, spool)
  }

  @Test func `a good log is told segment by segment`() throws {
    let (bench, spool) = try log()
    let report = try SpoolVerification(directory: "/log", disk: bench.disk)
    #expect(report.isSound && report.problems.isEmpty && report.logID == spool.logID && report.head == Offset(32))
    #expect(report.segments.map(\.recordCount) == [10, 10, 10, 2])
    #expect(report.segments.map(\.last) == [10, 20, 30, 32].map { Offset($0) })
    #expect(report.segments[1].firstTime == Bench.start + .seconds(11))
    #expect(report.segments[3].lastTime == Bench.start + .seconds(32) && report.segments[3].isSealed)
  }

  @Test func `damage is told with segment, byte and offset, and the rest is still told`() throws {
    let (bench, _) = try log()
    bench.disk[Bench.path(11)]?[500_000] ^= 1
    let report = try SpoolVerification(directory: "/log", disk: bench.disk)
    #expect(!report.isSound && report.segments.count == 4 && report.segments[1].recordCount == 4)
    let problem = try #require(report.problems.first)
    #expect(problem.severity == .corrupt && problem.name == "00000000000000000011.seg" && problem.offset == Offset(15))
    #expect(problem.position == 4096 + 4 * 100_120)
  }

  @Test func `a torn end is no damage, a missing segment and a missing end are`() throws {
    let (bench, _) = try log()
    bench.disk[Bench.path(31)]? += [1, 2, 3, 4, 5]
    let torn = try SpoolVerification(directory: "/log", disk: bench.disk)
    #expect(torn.isSound && torn.problems.map(\.severity) == [.torn])
    bench.disk[Bench.path(11)] = nil
    let missing = try SpoolVerification(directory: "/log", disk: bench.disk)
    #expect(!missing.isSound && missing.problems.contains { $0.message.contains("#11 to #20") })
    bench.disk[Bench.path(31)] = nil
    let short = try SpoolVerification(directory: "/log", disk: bench.disk)
    #expect(short.problems.contains { $0.name == "HEAD" && $0.offset == Offset(31) })
  }
}
