import BusProtocol
import BusTopology
import Foundation
import Synchronization
import Testing

@testable import BusSupervisor

/// The real thing, with small shell scripts.
@Suite(.timeLimit(.minutes(1)))
struct SupervisorTests {
  static func shell(
    _ name: String, _ script: String, grace: Duration = .seconds(20), stage: Int = 0, ready: String? = nil
  ) -> ProcessDefinition {
    var definition = ProcessDefinition(
      name: name, executable: "/bin/sh", arguments: ["-c", script], grace: grace, stage: stage,
      readiness: ready.map { .line(prefix: $0) } ?? .after(.milliseconds(200)))
    definition.isNumbered = false
    return definition
  }

  static func numbered(_ name: String, _ script: String, count: Int) -> ProcessDefinition {
    var definition = shell(name, script)
    definition.isNumbered = true
    definition.count = count
    return definition
  }

  @Test func `X33 a process that is killed comes back, alone, and takes its children with it`() async throws {
    let scripts = [
      Self.shell("a.1", "sleep 1000 & echo child $!; echo up $$; wait"), Self.shell("b.1", "echo up $$; sleep 1000"),
    ]
    let run = Run(scripts, policy: RestartPolicy(settledAfter: .zero))
    let child = try await run.number(after: "child", from: "a.1")
    let first = try await run.number(after: "up", from: "a.1")
    let other = try await run.number(after: "up", from: "b.1")
    #expect(kill(first, SIGKILL) == 0)
    let second = try await run.number(after: "up", from: "a.1", occurrence: 2)
    #expect(second != first)
    try await run.waitUntil { _ in !Run.isAlive(child) }
    #expect(kill(other, 0) == 0, "the other one was left alone")
    #expect(await run.stop() == .stopped)
    for pid in [first, second, other] { #expect(!Run.isAlive(pid)) }
  }

  @Test func `X33 one that ignores SIGTERM is killed after its grace, with what it started`() async throws {
    let script = "trap '' TERM; sleep 1000 & echo child $!; echo up $$; while :; do wait; done"
    let run = Run([Self.shell("a.1", script, grace: .milliseconds(200))])
    let pid = try await run.number(after: "up", from: "a.1")
    let child = try await run.number(after: "child", from: "a.1")
    #expect(await run.stop() == .stopped)
    #expect(run.lines.contains(.notice(process: "a.1", .killing(pid: pid))))
    #expect(!Run.isAlive(pid))
    try await run.waitUntil { _ in !Run.isAlive(child) }
  }

  @Test func `a second wish does not wait for the grace`() async throws {
    let run = Run([Self.shell("a.1", "trap '' TERM; echo up $$; while :; do sleep 1; done", grace: .seconds(1000))])
    let pid = try await run.number(after: "up", from: "a.1")
    run.wish(.gracefully)
    try await run.waitUntil { $0.contains(.notice(process: "a.1", .stopping(pid: pid))) }
    run.wish(.atOnce)
    #expect(await run.outcome() == .stopped)
    #expect(!Run.isAlive(pid))
  }

  @Test func `EH11 a signal that means nothing to the supervisor reaches each process`() async throws {
    let script = "trap 'echo got 1' USR1; echo up $$; while :; do sleep 0.02; done"
    let run = Run([Self.numbered("a", script, count: 2)])
    _ = try await run.number(after: "up", from: "a.1")
    _ = try await run.number(after: "up", from: "a.2")
    run.wish(.relay(SIGUSR1))
    _ = try await run.number(after: "got", from: "a.1")
    _ = try await run.number(after: "got", from: "a.2")
    run.wish(.atOnce)
    #expect(await run.outcome() == .stopped)
  }

  @Test func `one that ends in order is not killed and its last words are heard`() async throws {
    let run = Run([Self.shell("a.1", "trap 'echo last words; exit 7' TERM; echo up $$; while :; do sleep 0.05; done")])
    _ = try await run.number(after: "up", from: "a.1")
    #expect(await run.stop() == .stopped)
    let tail = run.lines.suffix(2)
    #expect(tail == [.output(process: "a.1", "last words"), .notice(process: "a.1", .stopped(.exited(7)))])
  }

  @Test func `a crash loop waits longer each time`() async throws {
    let policy = RestartPolicy(base: .milliseconds(40), factor: 2, spread: 0)
    var definition = Self.shell("a.1", "exit 3")
    definition.readiness = .message
    let run = Run([definition], policy: policy)
    try await run.waitUntil { lines in lines.count { Run.restart(in: $0) != nil } >= 4 }
    #expect(await run.stop() == .stopped)
    let restarts = run.lines.compactMap(Run.restart)
    #expect(restarts.prefix(4).map { Int($0.delay / .milliseconds(1)) } == [40, 80, 160, 320])
    #expect(restarts.prefix(4).map(\.failures) == [1, 2, 3, 4])
  }

  @Test func `a program that is not there is tried again, not forgotten`() async throws {
    let missing = ProcessDefinition(name: "a", executable: "/nowhere/at-all")
    let run = Run([missing], policy: RestartPolicy(base: .milliseconds(10)))
    try await run.waitUntil { lines in lines.count { Run.restart(in: $0) != nil } >= 2 }
    #expect(await run.stop() == .stopped)
  }

  @Test func `a later stage is started when the earlier says that it is ready, and ends first`() async throws {
    let run = Run([
      Self.shell("d.1", "echo not yet; echo ready now; exec sleep 1000", ready: "ready"),
      Self.shell("e.1", "echo up $$; exec sleep 1000", stage: 1),
    ])
    _ = try await run.number(after: "up", from: "e.1")
    #expect(await run.stop() == .stopped)
    let order = run.lines.compactMap { line -> String? in
      switch line {
      case .output(_, let text): text.hasPrefix("up") ? "up" : text
      case .notice(let process, .stopped): "\(process) stopped"
      case .notice: nil
      }
    }
    #expect(order == ["not yet", "ready now", "up", "e.1 stopped", "d.1 stopped"])
  }

  @Test func `a process has its environment, standard error among its lines, and default signals`() async throws {
    let script = "echo $BUS_SLOT-$BUS_ENDPOINT-$BUS_SUPERVISED >&2; grep SigIgn /proc/self/status; sleep 1000"
    var definition = Self.shell("a.1", script)
    definition.environment = ["BUS_SLOT": "3"]
    signal(SIGPIPE, SIG_IGN)
    let run = Run([definition], environment: ["BUS_ENDPOINT": "ipc:///x"])
    try await run.waitUntil { $0.contains(.output(process: "a.1", "3-ipc:///x-\(getpid())")) }
    // Bits 0 to 30 are the signals 1 to 31; above are the system's own.
    let isDefault: @Sendable (Supervisor.Line) -> Bool = { line in
      guard case .output(_, let text) = line, text.hasPrefix("SigIgn:\t") else { return false }
      return UInt64(text.dropFirst(8), radix: 16).map { $0 & 0x7FFF_FFFF == 0 } ?? false
    }
    try await run.waitUntil { $0.contains(where: isDefault) }
    #expect(await run.stop() == .stopped)
  }

  @Test func `a binary says what it declares, and one that does not is named`() async throws {
    func ask(_ script: String, timeout: Duration = .seconds(10)) async throws -> EngineDeclaration {
      // The shell calls what follows a script $0, $1 …
      try await EngineQuestion.ask(
        "/bin/sh", arguments: ["-c", script, "search"], environment: ["PATH": "/usr/bin:/bin"], timeout: timeout)
    }
    #expect(try await ask(#"[ "$0 $1" = "search --bus-describe" ] && echo '{"engine":"search"}'"#).engine == "search")
    let late = await #expect(throws: SupervisorError.self) {
      try await ask("exec sleep 1000", timeout: .milliseconds(100))
    }
    #expect(late?.message == "'/bin/sh -c exec sleep 1000 search --bus-describe' did not answer within 100ms")
    let never = await #expect(throws: SupervisorError.self) { try await ask("exec sleep 1000", timeout: .zero) }
    #expect(never?.message.hasSuffix("did not answer within 0s") == true, "a signal before the start is not lost")
    let failed = await #expect(throws: SupervisorError.self) { try await ask("echo no INDEX_URL >&2; exit 3") }
    #expect(failed?.message.hasSuffix("--bus-describe' exited 3, it said: no INDEX_URL") == true)
    let strange = await #expect(throws: SupervisorError.self) { try await ask("echo hello") }
    #expect(strange?.message.hasSuffix("--bus-describe' printed no declaration, it said: hello") == true)
  }
}
