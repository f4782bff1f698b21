import Foundation
import Testing

extension EndToEnd {
  @Suite struct `A chain of causes` {
    @Test func `S4-5 is told from its last job, over three processes and two engines`() async throws {
      let site = try Site()
      let environment = site.environment.merging(["SHOP_DATA": "\(site.directory)/shop"]) { $1 }
      let dev = try Program("bus", ["dev", "--topology", Site.shopTopology], environment: environment)
      try await eventually("bus dev is up: \(dev.text)") { dev.text.contains("bus is up") }
      let endpoint = try #require(dev.text.firstMatch(of: #/BUS_ENDPOINT=(\S+)/#)).output.1
      let inside = environment.merging(["BUS_ENDPOINT": String(endpoint)]) { $1 }

      // One user moves: user_changed and a Geocode, whose own user_changed has the index written.
      let changes = "\(site.directory)/changes"
      let data = try Program("shop", ["data", changes], environment: inside)
      #expect(try await data.end() == 0)
      let first = try #require(String(contentsOfFile: changes, encoding: .utf8).split(separator: "\n").first)
      try Data("\(first)\n".utf8).write(to: URL(filePath: changes))
      #expect(try await Program("shop", ["apply", changes], environment: inside).end() == 0)

      var trace = ""
      try await eventually("the whole chain is told: \(trace)") {
        let program = try Program("bus", ["trace", "#2", "--color", "never"], environment: inside)
        _ = try await program.end()
        trace = program.text
        return trace.contains("search.IndexUser") && trace.matches(of: #/done/#).count == 2
      }
      let lines = trace.split(separator: "\n")
      #expect(lines.count == 3, "\(trace)")
      #expect(lines[0].hasPrefix("job ") && lines[0].contains(" account.Geocode "))
      #expect(lines[1].hasPrefix("└ event user_changed #2 ") && lines[1].hasSuffix("← asked about"))
      #expect(
        lines[2].hasPrefix("  └ job ") && lines[2].contains(" search.IndexUser ")
          && lines[2].contains("by search/user_index"))

      let why = try Program("bus", ["why", "--not", "billing/invoice_created", "#2"], environment: inside)
      #expect(try await why.end() == 0)
      #expect(
        why.lines.last == "└ subscription billing/invoice_created  does not want user_changed: it wants invoice_created"
      )
      let unknown = try Program("bus", ["why", "--not", "billing/invoice_create", "#2"], environment: inside)
      #expect(try await unknown.end() == 4)
      #expect(unknown.text.contains("did you mean billing/invoice_created?"))
      dev.signal(SIGINT)
      #expect(try await dev.end() == 130)
    }
  }
}
