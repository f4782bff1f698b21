import BusTopology
import Testing

@Suite struct TopologyMistakeTests {
  @Test(arguments: Mistake.grammar + Mistake.keys + Mistake.values)
  func `each mistake gives one finding with its place and a help`(_ mistake: Mistake) throws {
    let error = try #require(throws: TopologyError.self) {
      try Topology(parsing: mistake.text, file: "bad.yaml")
    }
    let finding = try #require(error.findings.first)
    #expect(error.findings.count == 1, "\(error)")
    #expect("\(finding.line):\(finding.column)" == mistake.place, "\(finding)")
    #expect(finding.problem.hasPrefix(mistake.problem) || finding.problem.hasSuffix(mistake.problem), "\(finding)")
    if let help = mistake.help {
      #expect(finding.help?.contains(help) == true, "\(finding)")
    } else {
      #expect(finding.help == nil)
    }
  }

  @Test func `there are more than forty mistakes, each of another text`() {
    let texts = Set((Mistake.grammar + Mistake.keys + Mistake.values).map(\.text))
    #expect(texts.count >= 70)
  }

  @Test func `a finding is printed as a compiler prints one`() throws {
    let text = """
      version: 1
      engines:
        account:
          binary: shop
          queues:
            refresh: { priority: -5000, starve-afer: 10m }
      """
    let error = try #require(throws: TopologyError.self) { try Topology(parsing: text, file: "bad.yaml") }
    #expect(
      error.description == """
        bad.yaml:6:35: error: unknown key 'starve-afer' in queue account/refresh
           |       refresh: { priority: -5000, starve-afer: 10m }
           |                                   ^
           = help: did you mean 'starve-after'?
        """)
  }

  @Test func `all mistakes of a file are found at once, in the order of the file`() throws {
    let text = """
      version: 1
      engines:
        search:
          binary: shop
          queues: { default: { priority: low, retry: payments } }
          subscriptions: { user_index: { queue: reindex, enabled: off } }
          worker: {}
      bus: { publish: here }
      """
    let error = try #require(throws: TopologyError.self) { try Topology(parsing: text, file: "bad.yaml") }
    #expect(
      error.findings.map { "\($0.line):\($0.column)" } == ["5:36", "5:48", "6:43", "6:61", "7:5", "8:17"])
    #expect(error.omitted == 0)
  }

  @Test func `more than fifty mistakes are counted, not printed`() throws {
    let text = "version: 1\n" + (1...70).map { "key\($0): 1\n" }.joined()
    let error = try #require(throws: TopologyError.self) { try Topology(parsing: text, file: "bad.yaml") }
    #expect(error.findings.count == 50)
    #expect(error.omitted == 20)
    #expect(error.description.hasSuffix("… and 20 more"))
  }

  @Test func `a caret stands under its column behind tabs, wide letters and in long lines`() throws {
    let finding = TopologyFinding(
      file: "f", line: 3, column: 4, problem: "wrong", sourceLine: "é\tü: x\u{1B}[31m")
    #expect(finding.description == "f:3:4: error: wrong\n   | é\tü: x\u{FFFD}[31m\n   |  \t ^")

    let long = TopologyFinding(
      file: "f", line: 1, column: 1001, problem: "wrong", sourceLine: String(repeating: "x", count: 5000))
    let lines = long.description.split(separator: "\n")
    #expect(lines[1].count == 5 + 160)
    #expect(lines[2] == "   | \(String(repeating: " ", count: 80))^")
  }

  @Test func `a file that cannot be read is a finding without a line`() throws {
    let path = "/nonexistent/shop.yaml"
    let error = try #require(throws: TopologyError.self) { try Topology(contentsOf: path) }
    #expect(error.description.hasPrefix("\(path): error: cannot be read: No such file or directory\n   = help: "))
  }
}
