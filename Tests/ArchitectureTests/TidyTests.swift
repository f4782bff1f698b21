import Foundation
import Testing

/// What the sources keep to, read from the sources.
struct TidyTests {
  /// Calls that only a few places may make, each with the reason in its name.
  struct Ban: Sendable, CustomTestStringConvertible {
    let call: String
    let allowed: Set<String>
    var testDescription: String { call }
  }

  /// Time and chance come in as parameters; they are asked for where a process or a loop begins.
  static let bans = [
    Ban(call: "Date()", allowed: []),
    Ban(call: "UUID()", allowed: []),
    Ban(
      call: ".random(",
      allowed: [
        "Sources/BusdCommand/Busd.swift", "Sources/Bus/BusConfiguration.swift",
        "Sources/BusTesting/InProcessBus.swift", "Sources/BusCommand/System/SystemRandom.swift",
      ]),
    Ban(call: "fatalError(", allowed: []),
    Ban(call: "try!", allowed: []),
    Ban(call: "Task.detached", allowed: []),
    Ban(call: "Thread.sleep", allowed: []),
    Ban(call: "usleep(", allowed: []),
  ]

  static let tree = Result { try SourceTree() }

  @Test(arguments: bans) func `a banned call stands nowhere but where it may`(ban: Ban) throws {
    for file in try TidyTests.tree.get().sources where !ban.allowed.contains(file.path) {
      if ["BusBench", "BusFuzz"].contains(file.target) { continue }
      for line in file.code where line.text.contains(ban.call) {
        let before = line.text.components(separatedBy: ban.call)[0].last
        if let before, before.isLetter || before.isNumber { continue }
        Issue.record("\(file.path):\(line.number) calls \(ban.call)")
      }
    }
  }

  @Test func `no test waits by sleeping`() throws {
    for file in try TidyTests.tree.get().tests where file.target != "ArchitectureTests" {
      for line in file.code where line.text.contains("Task.sleep") || line.text.contains("usleep(") {
        // A look again with a deadline is allowed where it is the noun of the file; work that takes time is no wait.
        guard !file.path.hasSuffix("Eventually.swift"), file.target != "BusFixture",
          !file.path.hasSuffix("FakeBusd.swift"), !file.path.hasSuffix("QuietMachine.swift")
        else { continue }
        Issue.record("\(file.path):\(line.number) sleeps")
      }
    }
  }

  @Test func `unchecked Sendable stands only in the socket wrapper`() throws {
    for file in try TidyTests.tree.get().sources where file.target != "ZeroMQ" {
      for line in file.code where line.text.contains("@unchecked Sendable") {
        Issue.record("\(file.path):\(line.number) is @unchecked Sendable")
      }
    }
  }

  @Test func `no file is longer than 400 lines`() throws {
    let tree = try TidyTests.tree.get()
    for file in tree.sources + tree.tests {
      #expect(file.lines.count <= 401, "\(file.path) has \(file.lines.count) lines")
    }
  }

  @Test func `the top level holds what it may and nothing else`() throws {
    let entries = try SourceTree.topLevel().filter { !$0.hasPrefix(".") && $0 != "Package.resolved" }
    #expect(entries.sorted() == ["Package.swift", "README.md", "Sources", "Tests", "Topology"])
  }

  @Test func `the project's version stands in one place`() throws {
    let home = "Sources/BusProtocol/ProjectVersion.swift"
    let tree = try TidyTests.tree.get()
    let literal = /"[^"]*\b(\d+\.\d+\.\d+)\b[^".]*"/
    let line = try #require(tree.sources.first { $0.path == home }?.lines.first { $0.contains(literal) })
    let version = try #require(line.firstMatch(of: literal)).output.1
    for file in tree.sources + tree.tests where file.path != home {
      for line in file.code where line.text.contains("\"\(version)") || line.text.contains(" \(version)") {
        Issue.record("\(file.path):\(line.number) says \(version): use ProjectVersion.text")
      }
    }
  }

  @Test func `nothing left to do stands in the code`() throws {
    let tree = try TidyTests.tree.get()
    for file in tree.sources + tree.tests where file.target != "ArchitectureTests" {
      for (index, line) in file.lines.enumerated() {
        for word in ["TODO", "FIXME", "HACK"] where line.contains(word) {
          Issue.record("\(file.path):\(index + 1) says \(word)")
        }
      }
    }
  }
}
