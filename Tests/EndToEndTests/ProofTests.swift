import BusProtocol
import Testing

extension EndToEnd {
  /// The short tier of the fault runner: the same faults and the same checker, for as long as a test may take.
  struct ProofTests {
    /// Runs each of the command lines beside the others, and expects of all that everything held.
    private func prove(_ runs: [String]...) async throws {
      try await withThrowingTaskGroup { group in
        for run in runs { group.addTask { try await prove(run) } }
        try await group.waitForAll()
      }
    }

    private func prove(_ arguments: [String]) async throws {
      let runner = try Program("BusProof", arguments + ["--json"])
      let status = try await runner.end(within: .seconds(240))
      for line in runner.lines where line.hasPrefix("{") {
        let report = try JSONParser.parse(Array(line.utf8))
        let name = String(jsonValue: report["fault"] ?? .null) ?? "?"
        if let why = report["skipped"] {
          print("skipped: \(name), \(why.text)")
        } else {
          #expect(report["held"] == true, "\(line)")
          #expect(Int(jsonValue: report["acknowledged"] ?? .null) ?? 0 > 0, "\(name) had no load")
        }
      }
      #expect(status == 0 && runner.text.contains("{"), "\(runner.text)")
    }

    @Test func `I1 I2 I8 I11 I12 fifty kills, twenty power cuts and three partitions lose nothing and miss nothing`()
      async throws
    {
      try await prove(["kill", "--cycles", "50"], ["power", "--cycles", "10"], ["partition", "--cycles", "3"])
    }

    @Test func `I1 I17 I27 I30 failed syncs, kills at each write and under jobs, and strangers lose nothing`()
      async throws
    {
      try await prove(
        ["sync", "--cycles", "1"], ["crash", "--cycles", "4"], ["strangers", "hostile", "--cycles", "200"],
        ["rescue-process", "rescue-supervisor", "--cycles", "2"])
    }
  }
}
