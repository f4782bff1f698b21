import Foundation
import Testing

/// A service that only publishes: what its package fetches.
struct PublisherPackageTests {
  @Test func `a package that only publishes checks out no database, no parser and no server`() throws {
    let root = URL(filePath: #filePath).appending(path: "../../..").standardized
    let place = FileManager.default.temporaryDirectory.appending(path: "bus-publisher-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: place) }
    try FileManager.default.createDirectory(
      at: place.appending(path: "Sources/Service"), withIntermediateDirectories: true)
    try Data(try PublisherPackageTests.manifest(of: root).utf8).write(to: place.appending(path: "Package.swift"))
    try Data("import Bus\n".utf8).write(to: place.appending(path: "Sources/Service/main.swift"))

    let resolve = Process()
    resolve.executableURL = URL(filePath: "/usr/bin/env")
    resolve.arguments = ["swift", "package", "--package-path", place.path, "resolve"]
    // Its output may be long; nobody may wait for a reader.
    let log = place.appending(path: "log")
    try Data().write(to: log)
    let output = try FileHandle(forWritingTo: log)
    (resolve.standardOutput, resolve.standardError) = (output, output)
    try resolve.run()
    resolve.waitUntilExit()
    let words = try String(contentsOf: log, encoding: .utf8)
    try #require(resolve.terminationStatus == 0, "\(words)")

    let checkouts = try FileManager.default.contentsOfDirectory(atPath: place.appending(path: ".build/checkouts").path)
    #expect(checkouts.contains("swift-log"))
    #expect(checkouts.count <= 8, "\(checkouts)")
    for name in [
      "GRDB.swift", "Yams", "swift-argument-parser", "hummingbird", "swift-docc-plugin", "postgres-nio", "swift-crypto",
    ] {
      #expect(!checkouts.contains(name))
    }
  }

  /// The README's two lines, with this package for the one that they name.
  private static func manifest(of root: URL) throws -> String {
    let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
    let block = try #require(readme.firstMatch(of: #/<!-- manifest -->\n```\n((?:.*\n)*?)```/#)).output.1
    return """
      // swift-tools-version: 6.2
      import PackageDescription
      let package = Package(
        name: "service", platforms: [.macOS(.v15)],
        \(block.replacing("path: \"../bus\"", with: "name: \"bus\", path: \"\(root.path)\""))
      )
      """
  }
}
