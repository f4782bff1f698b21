import Testing

/// The protocol article's lists are those of the code: who writes a client in another language has nothing else.
struct ProtocolArticleTests {
  static let article = Result { try SourceTree.text(of: "Sources/Bus/Documentation.docc/Protocol.md") }
  static let tree = Result { try SourceTree() }

  @Test func `every verb stands in the table of messages`() throws {
    let said = try words(in: "## Messages", columns: 0..<3)
    let coded = try words(/(?:frames\(\s*|case )"([a-z]+)"/, in: ["RequestCoding.swift", "ReplyCoding.swift"])
    // These two may come at any time, and are told below the table.
    #expect(said.union(["refused", "ping"]) == coded)
  }

  @Test func `every question stands in the table of questions`() throws {
    #expect(try words(in: "## Asking", columns: 0..<1) == words(/case "([a-z]+)":/, in: ["Answers.swift"]))
  }

  @Test func `every change stands in the table of changes`() throws {
    let coded = try words(/case "([a-z_]+)":/, in: ["StoreLoop+Changes.swift"])
    #expect(try words(in: "## Changing", columns: 0..<1) == coded)
  }

  @Test func `every code of a refusal stands in the table of refusals`() throws {
    let own = try words(/code: "([a-z_]+)"/, in: nil)
    let perError = try words(/case [A-Za-z]+ = "([a-z_]+)"/, in: ["ProtocolError.swift"])
    let store = try words(/\? "([a-z_]+)" : "store"/, in: ["StoreLoop.swift"])
    #expect(try words(in: "## Refusals", columns: 0..<1) == own.union(perError).union(store).union(["store"]))
  }

  /// The words in code marks of some columns of the table below a heading.
  private func words(in heading: String, columns: Range<Int>) throws -> Set<String> {
    let lines = try ProtocolArticleTests.article.get().split(separator: "\n")
    let below = lines.drop { $0 != heading }.dropFirst().prefix { !$0.hasPrefix("## ") }
    let cells = below.filter { $0.hasPrefix("| `") }.flatMap { row in
      row.split(separator: "|").prefix(columns.upperBound).dropFirst(columns.lowerBound)
    }
    let words = cells.flatMap { $0.matches(of: /`([a-z_]+)`/).map { String($0.output.1) } }
    return Set(try #require(words.isEmpty ? nil : words, "there is no table below \(heading)"))
  }

  /// What the pattern finds in files of the protocol and of busd, in all of busd's for nil.
  private func words(_ pattern: Regex<(Substring, Substring)>, in names: [String]?) throws -> Set<String> {
    let files = try ProtocolArticleTests.tree.get().sources.filter { file in
      guard let names else { return file.target == "BusBroker" }
      return ["BusBroker", "BusProtocol"].contains(file.target) && names.contains { file.path.hasSuffix("/\($0)") }
    }
    let found = files.flatMap { file in
      file.lines.joined(separator: "\n").matches(of: pattern).map { String($0.output.1) }
    }
    return Set(try #require(found.isEmpty ? nil : found, "nothing was found"))
  }
}
