import ArgumentParser
import Bus
import BusProtocol
import Foundation
import Testing

@testable import BusCommand

struct BenchTests {
  @Test(arguments: [1, 3, 999, 1000, 1001, 5000, 12_345]) func `a pace comes to its rate in each second, in even steps`(
    rate: Int
  ) {
    var pace = Pace(perSecond: rate)
    var (sent, last) = ([0, 0, 0], Duration.milliseconds(-1))
    while true {
      let tick = pace.next()
      guard tick.at < .seconds(3) else { break }
      #expect(tick.at > last && tick.count >= rate / 1000 && tick.count <= rate / 1000 + 1)
      sent[Int(tick.at.components.seconds)] += tick.count
      last = tick.at
    }
    #expect(sent == [rate, rate, rate])
  }

  @Test func `a number counts once, and its repeat as a repeat`() {
    let tally = BenchTally()
    tally.note(sent: 3)
    for number in [0, 200, 0, 64, 63] { tally.note(received: number, after: .microseconds(number + 1)) }
    let counts = tally.counts
    #expect(counts.sent == 3 && counts.received == 4 && counts.repeated == 1 && counts.latency.count == 4)
    var set = NumberSet()
    #expect(set.insert(-1) && set.insert(.max) && set.insert(7) && !set.insert(7))
  }

  @Test func `a payload is JSON of exactly the size`() throws {
    let run = "01KG9JRPXVEWH828T5CY4TQKFF"
    for (size, number) in [(80, 0), (80, 12_345_678), (1000, 7)] {
      let bytes = BenchPayload(run: run, size: size).bytes(number)
      #expect(bytes.count == size)
      let json = try JSONParser.parse(bytes)
      #expect(json["run"] == .string(run) && json["number"] == .integer(Int64(number)))
    }
  }

  @Test func `a moment is known until its place is taken`() {
    let moments = BenchMoments()
    moments.note(5, .now - .seconds(1))
    #expect(moments.age(of: 5).map { $0 >= .seconds(1) } == true)
    #expect(moments.age(of: 4) == nil && moments.age(of: -1) == nil && moments.age(of: 1 << 40) == nil)
    moments.note(5 + 1 << 20, .now)
    #expect(moments.age(of: 5) == nil)
  }

  private static func report(lost: Int?) -> BenchReport {
    let tally = BenchTally()
    tally.note(sent: 1500)
    for number in 0..<1500 { tally.note(received: number, after: .microseconds(number < 1000 ? 900 : 4200)) }
    return BenchReport(
      mode: "e2e", noun: "event", way: "publish -> handler", size: 100, counts: tally.counts, seconds: 3, lost: lost)
  }

  @Test func `the figures are one line and a histogram`() {
    #expect(
      Self.report(lost: 0).lines == [
        "1,500 events  500/s  publish -> handler p50 0.9 ms  p99 4.2 ms  max 4.2 ms  lost 0  duplicated 0",
        "  up to  1.0 ms  1,000  ########################################",
        "  up to  2.0 ms      0",
        "  up to  5.0 ms    500  ####################",
      ])
    var nothing = Self.report(lost: nil)
    nothing.counts = BenchTally.Counts()
    #expect(nothing.lines == ["0 events  0/s"])
  }

  @Test func `the figures for programs`() {
    let report = Self.report(lost: 2)
    #expect(report.json["lost"] == 2 && report.json["count"] == 1500 && report.json["size"] == 100)
    #expect(report.json["latency"]?["max_us"] == .double(4200))
    #expect(
      report.csv == [
        "mode,size,sent,count,seconds,per_second,p50_us,p90_us,p99_us,p999_us,max_us,lost,duplicated,refused",
        "e2e,100,1500,1500,3.0,500,901.1,4200.0,4200.0,4200.0,4200.0,2,0,0",
      ])
    #expect(Self.report(lost: nil).csv[1].hasSuffix(",4200.0,,0,0"))
  }

  @Test func `what makes no sense is refused`() {
    for wrong in [["--size", "79"], ["--rate", "0"], ["--json", "--csv"], ["--duration", "soon"]] {
      #expect(throws: (any Error).self) { try BusCommand.parseAsRoot(["bench", "e2e"] + wrong) }
    }
    #expect(throws: (any Error).self) { try BusCommand.parseAsRoot(["bench", "jobs", "--concurrency", "0"]) }
  }

  @Test func `numbers and times are short`() {
    let texts = [0, 1_234_567, -1000].map(BenchReport.grouped)
    #expect(texts == ["0", "1,234,567", "-1,000"])
    let times = [12, 99, 940, 31_000, 4_200_000].map { BenchReport.text(.microseconds($0)) }
    #expect(times == ["12 us", "99 us", "0.9 ms", "31 ms", "4.2 s"])
  }
}

/// Against a busd.
struct BenchLiveTests {
  private func json(_ result: Program.Result) throws -> JSONValue {
    #expect(result.status == 0, "\(result.error)")
    return try JSONParser.parse(Array(result.output.utf8.dropLast()))
  }

  @Test(.timeLimit(.minutes(2))) func `a load is measured, nothing is lost, and no job stays`() async throws {
    let site = try Site()
    try await site.startBusd()
    let pub = try json(await site.bus("bench", "pub", "--rate", "200", "--duration", "500ms", "--json"))
    #expect(pub["count"] == 100 && pub["refused"] == 0)
    let e2e = try json(
      await site.bus("bench", "e2e", "--rate", "200", "--duration", "500ms", "--size", "300", "--json"))
    #expect(e2e["count"] == 100, "\(e2e.text)")
    #expect(e2e["lost"] == 0 && e2e["duplicated"] == 0 && e2e["size"] == 300, "\(e2e.text)")
    let jobs = try json(await site.bus("bench", "jobs", "--rate", "100", "--duration", "500ms", "--json"))
    #expect(jobs["count"] == 50 && jobs["lost"] == 0 && jobs["duplicated"] == 0, "\(jobs.text)")
    let left = try await site.bus("jobs", "ls", "--json")
    #expect(left.status == 0 && left.output == "")
  }

  @Test(.timeLimit(.minutes(2))) func `Ctrl-C prints what was measured`() async throws {
    let site = try Site()
    try await site.startBusd()
    let load = try site.start("bench", "e2e", "--rate", "100", "--duration", "1h")
    // Its first event is there: it has taken the signals over.
    #expect(try await site.bus("tail", "bus_bench", "--since", "1h", "--count", "1").status == 0)
    load.signal(SIGINT)
    let result = try await load.end()
    #expect(result.status == 130)
    #expect(result.output.contains(" events  ") && !result.output.contains("lost"))
  }

  @Test func `without a busd it fails at once`() async throws {
    let result = try await Site().bus("bench", "e2e")
    #expect(result.status == 69)
    #expect(result.error.contains("cannot reach busd"))
  }
}
