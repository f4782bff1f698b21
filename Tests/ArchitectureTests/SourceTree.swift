import Foundation

/// The sources of the package, read as text.
struct SourceTree {
  struct File {
    let path: String
    let target: String
    let lines: [String]

    /// The modules that the file imports, with or without an access level.
    var imports: [String] {
      lines.compactMap { line in
        let words = line.split(separator: " ").filter { !$0.hasPrefix("@") }
        guard let index = words.firstIndex(of: "import"), index <= 1, index + 1 < words.count else { return nil }
        guard index == 0 || ["public", "internal", "package", "private", "fileprivate"].contains(words[0]) else {
          return nil
        }
        return String(words[index + 1])
      }
    }

    /// The lines without comments, numbered from 1.
    var code: [(number: Int, text: String)] {
      lines.enumerated().compactMap { index, line in
        let text = line.trimmingCharacters(in: .whitespaces)
        return text.hasPrefix("//") ? nil : (index + 1, text)
      }
    }
  }

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  let sources: [File]
  let tests: [File]

  init() throws {
    sources = try SourceTree.files(below: "Sources")
    tests = try SourceTree.files(below: "Tests")
  }

  static func text(of path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// What is read before the code: the first page, and the articles of every module.
  static func documents() throws -> [String] {
    let sources = root.appending(path: "Sources")
    let articles = try FileManager.default.subpathsOfDirectory(atPath: sources.path).filter { $0.hasSuffix(".md") }
    return ["README.md"] + articles.sorted().map { "Sources/\($0)" }
  }

  static func topLevel() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: root.path) }

  private static func files(below folder: String) throws -> [File] {
    let base = root.appending(path: folder)
    let paths = try FileManager.default.subpathsOfDirectory(atPath: base.path).filter { $0.hasSuffix(".swift") }
    return try paths.sorted().map { path in
      let text = try String(contentsOf: base.appending(path: path), encoding: .utf8)
      return File(
        path: "\(folder)/\(path)", target: String(path.prefix { $0 != "/" }),
        lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    }
  }
}
