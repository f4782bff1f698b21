import Foundation
import Testing

/// The code that the documentation shows stands in a test that compiles it, and runs it where it can.
struct SampleTests {
  static let documents = Result { try SourceTree.documents() }

  @Test func `each line of Swift in a document stands in its example, in this order`() throws {
    let examples = try SourceTree().tests.filter { $0.target == "ExampleTests" }
    var count = 0
    for document in try SampleTests.documents.get() {
      let sample = try Self.swiftLines(of: document)
      guard !sample.isEmpty else { continue }
      count += 1
      let path = "Tests/ExampleTests/\(Self.example(of: document)).swift"
      let example = try #require(examples.first { $0.path == path }, "\(document) has samples, and no \(path)")
      var rest = example.lines.map(Self.bare)[...]
      for line in sample {
        guard let index = rest.firstIndex(of: line) else {
          Issue.record("\(document): \(path) lacks, or has elsewhere: \(line)")
          break
        }
        rest = rest[(index + 1)...]
      }
    }
    #expect(count >= 5, "the samples were not found")
  }

  @Test func `a sample says its language, and Swift is written as Swift alone`() throws {
    let languages: Set = ["```", "```swift", "```sh", "```yaml"]
    for document in try SampleTests.documents.get() {
      for (index, line) in try SourceTree.text(of: document).components(separatedBy: "\n").enumerated() {
        guard line.trimmingCharacters(in: .whitespaces).hasPrefix("```") else { continue }
        #expect(languages.contains(line), "\(document):\(index + 1): no test reads \(line)")
      }
    }
  }

  @Test func `every link of a document leads to a file or an article that is there`() throws {
    for document in try SampleTests.documents.get() {
      let folder = URL(filePath: document, relativeTo: SourceTree.root).deletingLastPathComponent()
      let text = try SourceTree.text(of: document)
      let files = text.matches(of: /\]\(([^)#:]+)\)/).map { String($0.output.1) }
      let articles = text.matches(of: /<doc:([A-Za-z]+)/).map { "\($0.output.1).md" }
      for path in files + articles {
        let isThere = FileManager.default.fileExists(atPath: folder.appending(path: path).path)
        #expect(isThere, "\(document) leads to \(path)")
      }
    }
  }

  @Test func `the documents speak of nothing outside the repository`() throws {
    for document in try SampleTests.documents.get() {
      let text = try SourceTree.text(of: document)
      for word in ["../shared", "/work/", "TODO"] { #expect(!text.contains(word), "\(document) says \(word)") }
    }
  }

  /// `Sources/Bus/Documentation.docc/Events.md` has its samples in `EventsExample`, README.md in `ReadmeExample`.
  private static func example(of document: String) -> String {
    let name = URL(filePath: document).deletingPathExtension().lastPathComponent
    return (name == "README" ? "Readme" : name) + "Example"
  }

  private static func swiftLines(of document: String) throws -> [String] {
    var lines: [String] = []
    var isSwift = false
    for line in try SourceTree.text(of: document).components(separatedBy: "\n") {
      if line.hasPrefix("```") {
        isSwift = line == "```swift"
      } else if isSwift, !isElsewhere(bare(line)) {
        lines.append(bare(line))
      }
    }
    return lines
  }

  /// What no example can have: it is part of a test bundle, which has an entry of its own.
  private static func isElsewhere(_ line: String) -> Bool { line.isEmpty || line == "@main" }

  /// A line without indentation and without its comment.
  private static func bare(_ line: String) -> String {
    let code = line.range(of: "//").map { String(line[..<$0.lowerBound]) } ?? line
    return code.trimmingCharacters(in: .whitespaces)
  }
}
