import ArgumentParser
import BusProtocol
import Foundation
import Testing

@testable import BusProof

/// The command line, and what a full run keeps of its parts.
struct FullRunTests {
  private let facts = RunFacts(commit: "abc", build: "debug", seed: 4, machine: ["processors": 2], begin: "now")

  private func path() -> String { "\(NSTemporaryDirectory())/proof-\(UInt64.random(in: 0...UInt64.max)).json" }

  private func report(_ fault: FaultName, held: Bool = true, lost: Int = 0) -> JSONObject {
    [
      "fault": .string(fault.rawValue), "seed": 4, "held": .bool(held), "faults": 10, "acknowledged": 100,
      "lost": lost.jsonValue,
    ]
  }

  @Test func `the command line names faults, and says what it does not know`() throws {
    let options = try ProofOptions.parse(["kill", "--cycles", "7", "--seed", "9", "--json"])
    #expect(options.faults == [.kill] && options.cycles == 7 && options.seed == 9 && options.isJSON)
    #expect(try ProofOptions.parse([]).faults == FaultName.allCases)
    let full = try ProofOptions.parse(["--full", "--evidence", "proof.json", "--lanes", "3"])
    #expect(full.isFull && full.evidence == "proof.json" && full.lanes == 3)
    let wrong = [
      ["fire"], ["--cycles"], ["--seed", "x"], ["--cycles", "-1"], ["--cycles=-1"], ["--evidence", "proof.json"],
      ["--full", "--evidence"], ["--full", "--evidence", "--json"], ["--full", "--evidence="], ["--lanes", "0"],
    ]
    for arguments in wrong { #expect(throws: (any Error).self, "\(arguments)") { try ProofOptions.parse(arguments) } }
  }

  @Test func `a word stands for all faults whose names begin with it`() throws {
    #expect(try ProofOptions.parse(["power", "half-open"]).faults == [.powerExt4, .powerXfs, .halfOpen])
    #expect(FaultName.named("crash") == [.crashSpool, .crashStore])
    #expect(FaultName.named("pow").isEmpty && FaultName.named("").isEmpty)
    for word in FaultName.list.split(separator: ", ") { #expect(!FaultName.named(String(word)).isEmpty) }
  }

  @Test func `a full run has two thousand kills, in four parts, and five hundred power cuts`() throws {
    let parts = FullRun.parts(try ProofOptions.parse(["--full", "--seed", "4"]))
    func count(_ faults: FaultName...) -> Int { parts.reduce(0) { faults.contains($1.fault) ? $0 + $1.cycles : $0 } }
    #expect(count(.kill) == 2000 && count(.powerExt4, .powerXfs) == 500)
    #expect(parts.count { $0.fault == .kill } == 4 && Set(parts.map(\.name)).count == parts.count)
    #expect(Set(parts.map(\.fault)) == Set(FaultName.allCases))
    #expect(FullRun.parts(try ProofOptions.parse(["--full", "--cycles", "3"])).allSatisfy { $0.cycles <= 3 })
  }

  @Test func `evidence says which parts have run, until the sources change`() throws {
    let path = path()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let part = FullRun.Part(fault: .disk, cycles: 10, seed: 4)
    let file = try EvidenceFile(path, facts: facts)
    #expect(file.report(of: part) == nil)
    try file.add(report(.disk), of: part)
    let again = try EvidenceFile(path, facts: facts)
    #expect(again.report(of: part)?["acknowledged"] == 100)
    #expect(again.report(of: FullRun.Part(fault: .disk, cycles: 20, seed: 4)) == nil)
    #expect(again.report(of: FullRun.Part(fault: .disk, cycles: 10, seed: 5)) == nil)
    var other = facts
    other.commit = "abd"
    #expect(try EvidenceFile(path, facts: other).report(of: part) == nil)
  }

  @Test func `what broke runs again, and its report takes the place of the old one`() throws {
    let path = path()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let part = FullRun.Part(fault: .disk, cycles: 10, seed: 4)
    try EvidenceFile(path, facts: facts).add(report(.disk, held: false, lost: 1), of: part)
    let file = try EvidenceFile(path, facts: facts)
    #expect(file.report(of: part) == nil && !ReportTotal(file.reports).holds)
    try file.add(report(.disk), of: part)
    try file.end()
    let object = try JSONParser.parse(Array(Data(contentsOf: URL(filePath: path)))).members("evidence")
    #expect(try object.read("held", as: Bool.self) && file.reports.count == 1)
    #expect(try object.integer("lost") == 0 && object.optionalValue("end") != nil)
  }

  @Test func `a file that is no evidence is left alone`() throws {
    let path = path()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data("{}".utf8).write(to: URL(filePath: path))
    #expect(throws: ProofError.self) { try EvidenceFile(path, facts: facts) }
  }

  @Test func `the sum counts kinds once, and what was skipped aside`() {
    let skipped = FaultReport.skipped(.powerXfs, "it needs root").json(seed: 4)
    let total = ReportTotal([report(.kill), report(.kill), report(.disk), skipped])
    #expect(total.kinds == 2 && total.skipped == 1 && total.faults == 30 && total.acknowledged == 300)
    #expect(total.holds && !ReportTotal([report(.kill, held: false)]).holds)
    #expect(
      ReportText.sum([report(.kill), skipped], seed: 4)
        == "seed 4: 1 kinds of faults, 10 faults, 100 events acknowledged, 0 lost; 1 kinds skipped; everything held")
    #expect(ReportText.lines(skipped) == ["power-xfs: skipped, it needs root"])
  }

  @Test func `the table has a row for each kind`() {
    let skipped = FaultReport.skipped(.powerXfs, "it needs root").json(seed: 4)
    #expect(
      ReportText.table([report(.kill), report(.disk, held: false, lost: 1), report(.kill), skipped]) == [
        "fault      times  acknowledged  lost  seconds",
        "kill          20           200     0        0  held",
        "disk          10           100     1        0  BROKEN",
        "power-xfs      -             -     -        -  skipped",
      ])
  }

  @Test func `a report keeps its breaches as words`() {
    var report = FaultReport("kill")
    report.breaches = ["busd ended by itself"]
    let lines = ReportText.lines(report.json(seed: 4))
    #expect(lines.first == "kill, seed 4: BROKEN in 0 s" && lines.last == "  BROKEN: busd ended by itself")
  }

  @Test func `crash points are spread over the sweep`() {
    let sites = CrashSite.sweep(["pwrite64", "fdatasync"], 1...40)
    #expect(sites.count == 80 && CrashSite.spread(sites, 100) == sites)
    #expect(CrashSite.spread(sites, 4).map(\.number) == [1, 11, 21, 31])
    #expect(
      CrashSite(call: "rename", number: 2, files: ["/a"]).prefix.suffix(6).joined(separator: " ")
        == "-P /a -e trace=rename -e inject=rename:signal=SIGKILL:when=2")
  }
}
