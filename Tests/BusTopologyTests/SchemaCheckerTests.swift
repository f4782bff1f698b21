import BusTopology
import Foundation
import Testing

/// Another program's opinion of the schema: python3 with `jsonschema` and `yaml`, where both are installed.
@Suite struct SchemaCheckerTests {
  private static let isInstalled = (try? run("import jsonschema, yaml", [], input: ""))?.status == 0

  private static let script = """
    import json, sys, yaml
    from jsonschema import Draft202012Validator
    schema = json.load(open(sys.argv[1]))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for text in json.load(sys.stdin):
      print(sum(1 for _ in validator.iter_errors(yaml.safe_load(text))))
    """

  /// What python3 prints and how it ends; its words go where ours go.
  private static func run(
    _ script: String, _ arguments: [String], input: String
  ) throws -> (status: Int32, printed: String) {
    let process = Process()
    let (standardInput, standardOutput) = (Pipe(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-W", "ignore", "-c", script] + arguments
    process.standardInput = standardInput
    process.standardOutput = standardOutput
    try process.run()
    try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try standardInput.fileHandleForWriting.close()
    let printed = try standardOutput.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: printed, as: UTF8.self))
  }

  private func mistakes(in texts: [String]) throws -> [Int] {
    let input = String(decoding: try JSONEncoder().encode(texts), as: UTF8.self)
    let (status, printed) = try Self.run(Self.script, [ShopFile.schema], input: input)
    try #require(status == 0)
    return printed.split(separator: "\n").compactMap { Int($0) }
  }

  @Test(.enabled(if: isInstalled, "python3 has no jsonschema or no yaml: the schema is not checked by another program"))
  func `the schema accepts the shop, and what is shown of it`() throws {
    let shop = try ShopFile.text(ShopFile.shop)
    let shown = TopologyText.yaml(try Topology(parsing: shop, file: "shop.yaml"))
    #expect(try mistakes(in: [shop, shown]) == [0, 0])
  }

  @Test(.enabled(if: isInstalled, "python3 has no jsonschema or no yaml: the schema is not checked by another program"))
  func `the schema refuses what the parser refuses, names and places between keys aside`() throws {
    // What only the parser can know: other keys' values, ranges of words, YAML 1.1's own opinion of 'no'.
    let beyond: Set<String> = [
      "a duration that is too long", "no patience at all", "a size beyond all", "no for false",
      "a base longer than the longest delay", "a port that is none", "a socket path that is too long",
      "two sockets in one place", "an undefined retry policy", "a subscription wired to nowhere",
      "a filter with one equals sign", "a filter on what no event has", "a filter with an escape before the fault",
      "a filter that changes with the clock", "a burst above the count", "no time at all",
      "a maximum below the minimum", "an address for the world", "keys without busd's own",
      "signed events without keys", "a window beyond what busd remembers",
    ]
    let known = (Mistake.keys + Mistake.values).filter { !beyond.contains($0.name) }
    let counts = try mistakes(in: known.map(\.text))
    try #require(counts.count == known.count)
    for (mistake, count) in zip(known, counts) { #expect(count > 0, "the schema accepts \(mistake.name)") }
  }
}
