import BusProtocol
import Testing

extension EndToEnd {
  /// The short tier of the fault runner: the same faults and the same checker, for as long as a test may take.
  struct ProofTests {
    private func prove(_ arguments: String...) async throws {
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

    @Test func `I1 I8 I12 twenty kills and stops under load lose nothing and miss nothing`() async throws {
      try await prove("kill", "--cycles", "20")
    }

    @Test func `I1 I2 six power cuts, on ext4 and on xfs, lose nothing that was acknowledged`() async throws {
      try await prove("power", "--cycles", "3")
    }

    @Test func `I27 a failed sync ends busd with status 74, and loses nothing that was acknowledged`() async throws {
      try await prove("sync", "--cycles", "1")
    }
  }
}
