import BusProtocol
import Foundation
import Testing

@testable import BusSupervisor

/// Real processes, replaced by those of another program behind the same link.
@Suite(.timeLimit(.minutes(1)))
struct UpgradeTests {
  /// Two releases of a program and the link to the current one, under a supervisor.
  final class Site {
    let desk: ControlTests.Desk
    let run: Run

    init(old: String, new: String, count: Int, readiness: Readiness = .line(prefix: "up")) async throws {
      let desk = try ControlTests.Desk()
      for (name, script) in [("old", old), ("new", new)] {
        try await Self.install("#!/bin/sh\n\(script)\n", at: "\(desk.directory)/\(name)")
      }
      symlink("old", "\(desk.directory)/current")
      var definition = ProcessDefinition(
        name: "a", executable: "\(desk.directory)/current", grace: .seconds(20), readiness: readiness)
      definition.count = count
      self.desk = desk
      run = Run([definition], policy: RestartPolicy(base: .milliseconds(20)), control: desk.control)
    }

    /// Has another process write the program: a file that this one has open for writing may be held by what other tests
    /// start meanwhile, and is then too busy to be run.
    private static func install(_ text: String, at path: String) async throws {
      try text.write(toFile: "\(path).text", atomically: true, encoding: .utf8)
      let copy = ProcessDefinition(
        name: "copy", executable: "/bin/sh", arguments: ["-c", "cat \(path).text > \(path) && chmod 755 \(path)"])
      let end = await OneRun.run(copy, environment: ["PATH": "/usr/bin:/bin"], line: { _ in })
      guard end == .exited(0) else { throw Run.Missing(description: path) }
    }

    func link(to name: String) throws {
      symlink(name, "\(desk.directory)/next")
      guard rename("\(desk.directory)/next", "\(desk.directory)/current") == 0 else {
        throw Run.Missing(description: "link")
      }
    }

    /// Waits until so many processes are ready, and no other is there.
    func ready(_ count: Int) async throws -> [JSONValue] {
      try await desk.processes { $0.count == count && $0.values.allSatisfy { $0 == "ready" } }
    }

    func pids(_ processes: [JSONValue]) -> Set<Int> {
      Set(processes.compactMap { $0["pid"].flatMap(Int.init(jsonValue:)) })
    }

    func end() async {
      run.wish(.atOnce)
      _ = await run.outcome()
    }
  }

  static let loop = "while :; do sleep 0.02; done"
  static let working = "trap 'echo finished; exit 0' TERM; echo up $0; \(loop)"

  @Test(arguments: [false, true])
  func `EH4 EH5 EH18 all are replaced by the program behind the link`(isFleet: Bool) async throws {
    let site = try await Site(old: Self.working, new: "NEW=1; \(Self.working)", count: 3)
    let old = site.pids(try await site.ready(3))
    try site.link(to: "new")
    let answer = try await site.desk.ask(.upgrade(["a"], UpgradePlan(isFleet: isFleet)))
    #expect(answer.count == 1)
    #expect(answer.first?["replaced"] == 3)
    #expect(answer.first?["killed"] == 0)
    for pid in old { #expect(!Run.isAlive(Int32(pid))) }
    let new = try await site.ready(3)
    #expect(site.pids(new).isDisjoint(with: old))
    for pid in old { #expect(!Run.isAlive(Int32(pid))) }
    let finished = site.run.lines.count { if case .output(_, "finished") = $0 { true } else { false } }
    #expect(finished == 3, "each old one ended by itself")
    let programs = site.run.lines.compactMap { line -> String? in
      guard case .output(_, let text) = line, text.hasPrefix("up ") else { return nil }
      return text.split(separator: "/").last.map(String.init)
    }
    #expect(programs == ["old", "old", "old", "new", "new", "new"])
    await site.end()
  }

  @Test func `X29 a program that does not start is taken back, with its own words`() async throws {
    let site = try await Site(old: Self.working, new: "echo Fatal error: no INDEX_URL >&2; exit 134", count: 2)
    let old = site.pids(try await site.ready(2))
    try site.link(to: "new")
    let answer = try await site.desk.ask(.upgrade([], UpgradePlan()))
    #expect(answer.count == 1)
    #expect(answer.first?["taken_back"]?.word?.hasSuffix("exited 134 before it was ready (3 tries)") == true)
    guard case .array(let words)? = answer.first?["output"] else { throw Run.Missing(description: "\(answer)") }
    #expect(words.contains("Fatal error: no INDEX_URL"))
    #expect(site.pids(try await site.ready(2)) == old, "the old ones were left alone")
    await site.end()
  }

  @Test func `X29 a program that never gets ready is taken back at the deadline`() async throws {
    let site = try await Site(old: Self.working, new: "echo hello; \(Self.loop)", count: 2)
    let old = site.pids(try await site.ready(2))
    try site.link(to: "new")
    let answer = try await site.desk.ask(.upgrade(["a"], UpgradePlan(deadline: .milliseconds(300))))
    #expect(answer.first?["taken_back"]?.word?.contains("was not ready after") == true)
    #expect(site.pids(try await site.ready(2)) == old)
    await site.end()
  }

  @Test func `X29 an old one that dies during an upgrade is replaced by an old one`() async throws {
    let site = try await Site(old: Self.working, new: "echo hello; \(Self.loop)", count: 2)
    _ = try await site.ready(2)
    try site.link(to: "new")
    let path = site.desk.path
    async let answer: [JSONValue] = {
      var lines: [JSONValue] = []
      for try await line in ControlClient.ask(path, .upgrade(["a"], UpgradePlan(deadline: .seconds(3))), seconds: 20) {
        lines.append(line)
      }
      return lines
    }()
    try await site.run.waitUntil { $0.contains(.output(process: "a.3", "hello")) }
    let old = try await site.desk.ask(.processes).first { $0["process"] == "a.1" }
    let pid = try #require(old?["pid"].flatMap(Int32.init(jsonValue:)))
    kill(pid, SIGKILL)
    try await site.run.waitUntil { lines in
      lines.contains { if case .notice("a.1", .restarting) = $0 { true } else { false } }
    }
    let ups = try await site.desk.processes { $0["a.1"] == "ready" && $0["a.2"] == "ready" && $0["a.3"] == "starting" }
    #expect(ups.first?["generation"] == 0)
    #expect(ups.first?["pid"] != old?["pid"])
    #expect(try await answer.first?["taken_back"] != nil)
    await site.end()
  }

  @Test func `X30 a program that is not there is refused at once`() async throws {
    let site = try await Site(old: Self.working, new: "", count: 1)
    let old = site.pids(try await site.ready(1))
    unlink("\(site.desk.directory)/current")
    let error = await #expect(throws: SupervisorError.self) {
      try await site.desk.ask(.upgrade(["a"], UpgradePlan()))
    }
    #expect(error?.code == .binaryNotFound)
    #expect(site.pids(try await site.ready(1)) == old)
    // What dies now is started from the file of its time.
    for pid in old { kill(Int32(pid), SIGKILL) }
    let next = try await site.desk.processes { $0 == ["a.1": "ready"] }
    #expect(next.count == 1)
    await site.end()
  }

  @Test func `one upgrade at a time, and a stop ends those who wait for it`() async throws {
    let site = try await Site(old: Self.working, new: "echo hello; \(Self.loop)", count: 1)
    _ = try await site.ready(1)
    try site.link(to: "new")
    let path = site.desk.path
    async let first: [JSONValue] = {
      var lines: [JSONValue] = []
      for try await line in ControlClient.ask(path, .upgrade(["a"], UpgradePlan()), seconds: 20) { lines.append(line) }
      return lines
    }()
    try await site.run.waitUntil { $0.contains(.output(process: "a.2", "hello")) }
    let error = await #expect(throws: SupervisorError.self) {
      try await site.desk.ask(.upgrade(["a"], UpgradePlan()))
    }
    #expect(error?.code == .busy)
    site.run.wish(.atOnce)
    #expect(try await first.first?["taken_back"] == "everything is told to end")
    _ = await site.run.outcome()
  }
}
