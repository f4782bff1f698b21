import Foundation
import Testing

/// The code that the documentation shows stands in a test that compiles and runs it.
struct SampleTests {
  /// What a newcomer copies; the other articles show parts.
  static let documents = ["README.md", "Sources/Bus/Documentation.docc/GettingStarted.md"]

  @Test(arguments: documents) func `each line of Swift in the documents is compiled by an example`(document: String)
    throws
  {
    let examples = try SourceTree().tests.filter { $0.target == "ExampleTests" }
    let compiled = Set(examples.flatMap(\.lines).map(SampleTests.bare))
    for line in try swiftLines(of: document) where !compiled.contains(line) {
      Issue.record("\(document): no example has the line: \(line)")
    }
  }

  @Test func `the documents speak of nothing outside the repository`() throws {
    for document in SampleTests.documents {
      let text = try SourceTree.text(of: document)
      for word in ["../shared", "/work/", "TODO"] { #expect(!text.contains(word), "\(document) says \(word)") }
    }
  }

  private func swiftLines(of document: String) throws -> [String] {
    var lines: [String] = []
    var isSwift = false
    for line in try SourceTree.text(of: document).components(separatedBy: "\n") {
      if line.hasPrefix("```") {
        isSwift = line == "```swift"
      } else if isSwift {
        lines.append(SampleTests.bare(line))
      }
    }
    // An example is part of a test bundle, which has an entry of its own.
    return lines.filter { !$0.isEmpty && $0 != "@main" }
  }

  /// A line without indentation and without its comment.
  private static func bare(_ line: String) -> String {
    let code = line.range(of: "//").map { String(line[..<$0.lowerBound]) } ?? line
    return code.trimmingCharacters(in: .whitespaces)
  }
}
