import Foundation
import Testing

@testable import BusBench

/// Each benchmark works: one small run of each, in the process that `BusBench` is.
@Suite(.serialized) struct QuickTests {
  private func run(_ arguments: [String]) async throws -> (status: Int32, output: String) {
    let process = Process()
    let built = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    process.executableURL = built.appending(path: "BusBench")
    process.arguments = arguments
    // A file: the ends of pipes get into other programs that are started at the same time.
    let file = "/tmp/bus-bench-test-\(UInt64.random(in: 0 ... .max))"
    try Data().write(to: URL(filePath: file))
    defer { unlink(file) }
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: file))
    process.standardError = FileHandle.nullDevice
    let (ended, end) = AsyncStream<Never>.makeStream()
    process.terminationHandler = { _ in end.finish() }
    try process.run()
    for await _ in ended {}
    return (process.terminationStatus, try String(contentsOfFile: file, encoding: .utf8))
  }

  @Test(.timeLimit(.minutes(5)), arguments: Catalogue.all.map(\.name))
  func `a quick run gives figures`(name: String) async throws {
    let result = try await run([name, "--quick", "--events", "1500", "--jobs", "60", "--backlog", "100", "--json"])
    #expect(result.status == 0)
    let lines = result.output.split(separator: "\n")
    #expect(lines.count >= 3 && lines.allSatisfy { $0.hasPrefix(#"{"benchmark":"\#(name)","#) }, "\(result.output)")
    #expect(!lines.contains { $0.contains(#""median":-"#) || $0.contains("nan") || $0.contains("inf") })
  }

  @Test func `the list names each benchmark, and a wrong name ends with the usage's status`() async throws {
    let list = try await run(["--list"])
    #expect(list.output.split(separator: "\n").count == Catalogue.all.count)
    #expect(try await run(["ingst"]).status == 64)
    #expect(try await run(["count", "encod"]).status == 64)
  }
}
