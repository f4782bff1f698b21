import Foundation
import Testing

/// What a value that is not to be seen leaves behind, with the real programs.
@Suite(.timeLimit(.minutes(3))) struct RedactionTests {
  @Test func `I32 a redacted value is in no output of a command and not in busd's log`() async throws {
    let site = try Site()
    let topology = try site.file(
      "shop.yaml",
      """
      version: 1
      topics: { "user_*": { redact: [data.email, data.cards.number] } }
      engines: { shop: { binary: shop, redact: [inputs.email] } }
      """)
    try await site.startBusd("--topology", topology)
    let data = #"{"id":42,"email":"swordfish","cards":[{"number":"herring"}]}"#
    let event = try await site.bus("publish", "user_changed", data).output.trimmingCharacters(
      in: .whitespacesAndNewlines)
    let job = try await site.bus("enqueue", "shop.Mail", data).output
    let id = try #require(
      job.split { !$0.isLetter && !$0.isNumber }.first { $0.utf8.count == 26 }.map(String.init), "\(job)")
    var shownCount = 0
    for arguments in [
      ["tail", "-n", "10", "--no-follow"], ["tail", "-n", "10", "--no-follow", "--json"],
      ["why", event], ["why", event, "--json"], ["why", id], ["why", id, "--json"], ["jobs", "list"],
      ["jobs", "list", "--json"], ["jobs", "show", id], ["jobs", "show", id, "--json"],
      ["queues", "peek", "shop/default", "--json"],
      ["trace", event], ["trace", event, "--json"],
    ] {
      let program = try Program(arguments, environment: site.environment)
      let result = try await program.end()
      #expect(
        !result.output.contains("swordfish") && !result.error.contains("swordfish"), "\(arguments): \(result.output)")
      #expect(
        !result.output.contains("user_changed") || !result.output.contains("herring"), "\(arguments): \(result.output)")
      if result.output.contains("[redacted]") { shownCount += 1 }
    }
    #expect(shownCount >= 5, "so many commands show the place of the value")
    try await site.stopBusd()
    #expect(site.busd?.error.contains("swordfish") == false)
  }
}
