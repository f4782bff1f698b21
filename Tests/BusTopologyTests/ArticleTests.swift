import BusTopology
import Foundation
import Testing

/// The topologies that the articles show.
@Suite struct ArticleTests {
  static let articles = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Sources/Bus/Documentation.docc")

  @Test func `each topology in the articles is without a mistake`() throws {
    var count = 0
    for name in try FileManager.default.contentsOfDirectory(atPath: Self.articles.path) where name.hasSuffix(".md") {
      let text = try String(contentsOf: Self.articles.appending(path: name), encoding: .utf8)
      for sample in text.components(separatedBy: "\n```yaml\n").dropFirst() {
        count += 1
        let yaml = sample.components(separatedBy: "\n```")[0]
        #expect(throws: Never.self, "\(name)") { try Topology(parsing: yaml, file: name) }
      }
    }
    #expect(count >= 1, "the samples were not found")
  }
}
