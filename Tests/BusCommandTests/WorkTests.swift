import Foundation
import Testing

/// `bus work` and the commands that look at it and change it, as people use them.
@Suite(.timeLimit(.minutes(1)))
struct WorkTests {
  /// A supervisor of shells in a site of its own, ended with the test.
  final class Supervised {
    let site: Site
    let program: Program

    init(_ arguments: String...) throws {
      site = try Site()
      program = try Program(["work"] + arguments, environment: site.environment)
    }

    deinit { program.signal(SIGKILL) }

    /// Waits until the states of all processes are these.
    func processes(_ states: [String]) async throws -> [[String: Any]] {
      var found: [[String: Any]] = []
      try await eventually("\(states): \(found) \(program.error)") {
        let result = try await site.bus("ps", "--json")
        guard result.status == 0 else { return false }
        found = try result.output.split(separator: "\n").map { line in
          try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
        }
        return found.map { "\($0["process"] ?? "") \($0["state"] ?? "")" } == states
      }
      return found
    }

    func stop() async throws -> Program.Result {
      #expect(try await site.bus("stop", "--now").status == 0)
      return try await program.end()
    }
  }

  static let script = "echo slot $BUS_SLOT; exec sleep 1000"

  @Test func `EH1 EH10 so many processes of any program run, each with a number of its own`() async throws {
    let work = try Supervised("-n", "20", "--ready", "0s", "--", "sh", "-c", Self.script)
    let processes = try await work.processes((1...20).map { "sh.\($0) ready" })
    #expect(Set(processes.compactMap { $0["pid"] as? Int }).count == 20)
    try await eventually("all speak") { work.program.output.split(separator: "\n").count == 20 }
    let lines = work.program.output.split(separator: "\n").map(String.init).sorted()
    #expect(lines == (1...20).map { "sh.\($0)\($0 < 10 ? " " : "") | slot \($0)" }.sorted())
    let pid = try #require(processes[6]["pid"] as? Int)
    kill(Int32(pid), SIGKILL)
    try await eventually("the seventh comes back") {
      work.program.output.split(separator: "\n").count { $0.hasSuffix("slot 7") } == 2
    }
    let stop = try await work.site.bus("stop")
    #expect(stop == Program.Result(status: 0, output: "20 processes told to finish\n", error: ""))
    for process in processes { #expect(kill(Int32(process["pid"] as? Int ?? 1), 0) != 0, "all have ended by then") }
    let sleeper = ["work", "-n", "1", "--", "sh", "-c", "exec sleep 1000"]
    let next = try Program(sleeper, environment: work.site.environment)
    try await eventually("the next one begins at once: \(next.error)") { next.error.contains("started") }
    next.signal(SIGTERM)
    #expect(try await next.end().status == 0)
    let end = try await work.program.end()
    #expect(end.status == 0)
  }

  @Test func `EH2 people see what runs and change how many`() async throws {
    let work = try Supervised("-n", "2", "--ready", "0s", "--", "sh", "-c", Self.script)
    _ = try await work.processes(["sh.1 ready", "sh.2 ready"])
    let more = try await work.site.bus("scale", "sh=+1")
    #expect(more == Program.Result(status: 0, output: "sh  2 -> 3\n", error: ""))
    _ = try await work.processes(["sh.1 ready", "sh.2 ready", "sh.3 ready"])
    let table = try await work.site.bus("ps")
    #expect(table.output.split(separator: "\n").count == 4)
    #expect(table.output.hasPrefix("PROCESS  "))
    #expect(table.error == "sh has 3 by wish, not 2 as configured: bus scale sh=2\n")
    let logs = try await work.site.bus("logs", "sh.3", "-n", "1000")
    #expect(logs.output.contains("sh.3 | slot 3\n"))
    let quiet = try await work.site.bus("quiet")
    #expect(quiet.output == "sh  3 told to finish\n")
    _ = try await work.processes([])
    #expect(try await work.stop().status == 0)
  }

  @Test func `EH4 an upgrade says what it did, and X29 one that failed what the program said`() async throws {
    let site = try Site()
    let path = try await Self.install("#!/bin/sh\necho up\nexec sleep 1000\n", in: site)
    let program = try Program(["work", "-n", "2", "--ready", "100ms", "--", path], environment: site.environment)
    try await eventually("both are up") {
      try await site.bus("ps").output.split(separator: "\n").count { $0.contains(" ready ") } == 2
    }
    let done = try await site.bus("upgrade", "worker")
    #expect(done.status == 0)
    #expect(done.output.hasPrefix("worker  2 of 2 replaced in "))
    #expect(done.output.hasSuffix(", none was cut short\n"))
    _ = try await Self.install("#!/bin/sh\necho Fatal error: no INDEX_URL >&2\nexit 134\n", in: site)
    let failed = try await site.bus("upgrade", "worker")
    #expect(failed.status == 1)
    #expect(failed.error.contains("exited 134 before it was ready (3 tries)"))
    #expect(failed.error.contains("    Fatal error: no INDEX_URL"))
    #expect(failed.error.contains("help:  the 2 old ones work; mend it and run the same command again."))
    unlink(path)
    let gone = try await site.bus("upgrade")
    #expect(gone.status == 78)
    #expect(gone.error.hasPrefix("error: \(path) is no program now; nothing was replaced\n"))
    program.signal(SIGTERM)
    #expect(try await program.end().status == 0)
  }

  /// Has another process write the program `worker`: a file that this one has open for writing may be held by what
  /// other tests start meanwhile, and is then too busy to be run.
  private static func install(_ text: String, in site: Site) async throws -> String {
    let (source, path) = (try site.file("worker.text", text), "\(site.directory)/worker")
    let script = "cat \(source) > \(path).new && chmod 755 \(path).new && mv \(path).new \(path)"
    let copy = try await Program(["-c", script], program: "/bin/sh").end()
    #expect(copy.status == 0)
    return path
  }

  @Test func `EH20 a second one is refused, and mistakes are told with the next step`() async throws {
    let work = try Supervised("-n", "1", "--", "sh", "-c", Self.script)
    _ = try await work.processes(["sh.1 ready"])
    let second = try await work.site.bus("work", "-n", "1", "--", "sh")
    #expect(second.status == 1)
    #expect(second.error.hasPrefix("error: a supervisor runs here already, as pid \(work.program.pid)\n"))
    let unknown = try await work.site.bus("scale", "shell=2")
    #expect(unknown.status == 4)
    #expect(unknown.error.hasPrefix("error: this supervisor has no engine 'shell'\n"))
    #expect(unknown.error.contains("help:  it has: sh "))
    #expect(try await work.site.bus("ps", "shell").status == 4)
    #expect(try await work.site.bus("logs", "sh.9").status == 4)
    for wrong in [["scale"], ["scale", "sh"], ["scale", "sh=x"], ["scale", "sh=1", "sh=2"], ["scale", "sh=1001"]] {
      let result = try await Program(wrong, environment: work.site.environment).end()
      #expect(result.status == 64, "\(wrong)")
      #expect(result.error.contains("help: "), "\(wrong)")
    }
    #expect(try await work.site.bus("work", "account", "--", "sh").status == 64)
    #expect(try await work.site.bus("work", "-n", "-1", "--", "sh").status == 64)
    let missing = try await work.site.bus("work", "--name", "other", "--", "/nowhere/at-all")
    #expect(missing.status == 78)
    #expect(missing.error.hasPrefix("error: no program '/nowhere/at-all' at /nowhere/at-all\n"))
    _ = try await work.stop()
    for command in [["ps"], ["stop"], ["quiet"], ["upgrade"], ["logs"], ["scale", "sh=1"]] {
      let result = try await Program(command, environment: work.site.environment).end()
      #expect(result.status == 69, "\(command)")
      #expect(result.error.contains("no supervisor answers at"), "\(command)")
    }
  }
}

extension WorkTests {
  @Test func `EH14 what a killed supervisor leaves is told to end, and killed when it does not`() async throws {
    let site = try Site()
    // One ends by itself, one has a child and ends, one hears nothing.
    let script = """
      up() { echo $$ > \(site.directory)/pid.$BUS_SLOT; }
      case $BUS_SLOT in
      1) trap 'echo in order > \(site.directory)/order; exit' TERM; up; while :; do sleep 0.02; done;;
      2) sleep 1000 & echo $! > \(site.directory)/pid.child; up; wait;;
      3) trap '' TERM; up; while :; do sleep 0.02; done;;
      esac
      """
    let program = try Program(
      ["work", "-n", "3", "--kill-after", "500ms", "--", "sh", "-c", script], environment: site.environment)
    func pid(_ name: String) -> Int32? {
      let text = try? String(contentsOfFile: "\(site.directory)/pid.\(name)", encoding: .utf8)
      return text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
    try await eventually("all run: \(program.error)") { ["1", "2", "3", "child"].allSatisfy { pid($0) != nil } }
    program.signal(SIGKILL)
    let pids = ["1", "2", "3", "child"].compactMap(pid)
    try await eventually(within: .seconds(10), "none is left of \(pids)") { pids.allSatisfy { !Self.isAlive($0) } }
    #expect(FileManager.default.fileExists(atPath: "\(site.directory)/order"), "it was told, and had its time")
    // The name is free again at once.
    let next = try Program(["work", "-n", "1", "--", "sh", "-c", "exec sleep 1000"], environment: site.environment)
    try await eventually("another one begins: \(next.error)") { next.error.contains("started") }
    next.signal(SIGTERM)
    #expect(try await next.end().status == 0)
  }

  /// Whether a process is there and no zombie.
  private static func isAlive(_ pid: Int32) -> Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
    return !stat.contains(") Z ")
  }
}

extension WorkTests {
  @Test func `HK1 HK3 a Procfile's programs run, and a topology is written as one`() async throws {
    let site = try Site()
    let file = try site.file("Procfile", "web: echo up $PORT; exec sleep 1000\nidle: exec sleep 1000\n")
    let program = try Program(["work", "--procfile", file], environment: site.environment)
    try await eventually("both run: \(program.error)") {
      program.output.contains("web.1  | up 5000\n") && program.error.contains("idle.1 | -- started")
    }
    program.signal(SIGTERM)
    #expect(try await program.end().status == 0)
    let wrong = try await site.bus("work", "--procfile", try site.file("wrong", "web: a\nw b: c\n"))
    #expect(wrong.status == 65)
    #expect(wrong.error.hasPrefix("error: \(site.directory)/wrong:2:2: ' ' cannot be in a name\n"))
    let topology = try site.file(
      "t.yaml",
      """
      version: 1
      engines:
        mail:
          binary: no-such
          arguments: ["it's", "a b"]
          workers: { concurrency: 3, env: { A: "x y" } }
      """)
    let export = try await site.bus("topology", "export", "--format", "procfile", topology)
    let expected = """
      busd: busd --topology \(topology)
      mail: env BUS_CONCURRENCY=3 BUS_SHUTDOWN=30.0 'A=x y' no-such 'it'\\''s' 'a b'

      """
    #expect(export == Program.Result(status: 0, output: expected, error: ""))
    let unit = try await site.bus(
      "topology", "export", "-f", "systemd", "--unit", "bus-work", "--user", "bus", topology)
    #expect(unit.status == 0)
    #expect(unit.output.contains(" work --topology \(topology)\n"))
    #expect(unit.output.contains("\nUser=bus\n"))
  }
}
