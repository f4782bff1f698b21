import Foundation
import Testing

@testable import BusSupervisor

/// Processes that say how they are, or do not.
@Suite(.timeLimit(.minutes(1)))
struct HealthTests {
  /// A shell that runs the script with `tell TEXT` to send to its supervisor.
  static func telling(_ script: String, _ change: (inout ProcessDefinition) -> Void = { _ in }) -> ProcessDefinition {
    let tell = """
      tell() { python3 -c 'import os,socket,sys
      a = os.environ["NOTIFY_SOCKET"]
      s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      s.sendto(sys.argv[1].encode(), "\\0" + a[1:] if a[0] == "@" else a)' "$1"; }

      """
    var definition = ProcessDefinition(
      name: "a", executable: "/bin/sh", arguments: ["-c", tell + script], grace: .seconds(20), readiness: .message)
    change(&definition)
    return definition
  }

  static func isReady(_ line: Supervisor.Line) -> Bool {
    if case .notice(_, .ready) = line { true } else { false }
  }

  @Test func `EH7 a process is ready when it says so, and not before`() async throws {
    let fifo = "/tmp/bus-health-\(getpid())"
    mkfifo(fifo, 0o600)
    defer { unlink(fifo) }
    let run = Run([Self.telling("tell STATUS=warm; echo up $$; read x < \(fifo); tell READY=1; exec sleep 1000")])
    _ = try await run.number(after: "up", from: "a.1")
    #expect(!run.lines.contains(where: Self.isReady))
    try Data("go\n".utf8).write(to: URL(filePath: fifo))
    try await run.waitUntil { $0.contains(where: Self.isReady) }
    #expect(await run.stop() == .stopped)
  }

  @Test func `EH7 systemd's own program is understood`() async throws {
    // The program sends from a process of its own, as scripts do.
    let run = Run([Self.telling("systemd-notify --ready --status='3 of 8'; exec sleep 1000")])
    try await run.waitUntil { $0.contains(where: Self.isReady) }
    #expect(await run.stop() == .stopped)
  }

  @Test func `EH15 X32 a process that goes silent is aborted with its last words, and replaced`() async throws {
    let run = Run([
      Self.telling("echo up $$; tell 'READY=1\nSTATUS=job 17'; sleep 1000 & wait") { $0.watchdog = .milliseconds(300) }
    ])
    let first = try await run.number(after: "up", from: "a.1")
    let second = try await run.number(after: "up", from: "a.1", occurrence: 2)
    #expect(first != second)
    let stuck = run.lines.compactMap { line -> String? in
      guard case .notice(_, .stuck(first, _, let status)) = line else { return nil }
      return status
    }
    #expect(stuck == ["job 17"])
    #expect(
      run.lines.contains { line in
        guard case .notice(_, .restarting(let end, _, _, let delay)) = line else { return false }
        return end == .signaled(SIGABRT) && delay == .zero
      })
    run.wish(.atOnce)
    #expect(await run.outcome() == .stopped)
  }

  @Test func `EH15 a process that says again and again that it is alive is left alone`() async throws {
    let script = """
      tell READY=1; n=0; while [ $n -lt 12 ]; do tell WATCHDOG=1; n=$((n+1)); done; echo lived 1; \
      exec sleep 1000
      """
    // Twelve starts of a program that tells take longer than a second.
    let run = Run([Self.telling(script) { $0.watchdog = .seconds(20) }])
    _ = try await run.number(after: "lived", from: "a.1")
    #expect(!run.lines.contains { if case .notice(_, .stuck) = $0 { true } else { false } })
    run.wish(.atOnce)
    #expect(await run.outcome() == .stopped)
  }

  @Test func `HK6 a process that is old enough is replaced by one that is ready first`() async throws {
    let script = "trap 'echo ended $$; exit' TERM; echo up $$; while :; do sleep 0.02; done"
    var definition = ProcessDefinition(
      name: "a", executable: "/bin/sh", arguments: ["-c", script], readiness: .line(prefix: "up"))
    definition.recycling = Recycling(age: .milliseconds(500))
    let run = Run([definition])
    let first = try await run.number(after: "up", from: "a.1")
    _ = try await run.number(after: "up", from: "a.2")
    let ended = try await run.number(after: "ended", from: "a.1")
    #expect(first == ended)
    let isUp = run.lines.firstIndex { if case .notice("a.2", .ready) = $0 { true } else { false } }
    let isTold = run.lines.firstIndex(of: .notice(process: "a.1", .draining(pid: first)))
    #expect(try #require(isUp) < #require(isTold))
    run.wish(.atOnce)
    #expect(await run.outcome() == .stopped)
  }

  @Test func `HK6 a process that is too large is replaced`() {
    var definition = ProcessDefinition(name: "a", executable: "/bin/true", readiness: .after(.zero))
    definition.recycling = Recycling(memory: 1000, spread: 0.5)
    var pool = ProcessPool([definition], policy: .standard, seed: 3)
    let now = ContinuousClock.now
    _ = pool.start(now: now)
    _ = pool.launched(0, pid: 7, now: now)
    #expect(pool.measured(0, memory: 499, now: now) == [])
    #expect(pool.measured(0, memory: 1001, now: now) == [.report("a.1", .worn(.tooLarge(1001))), .spawn(1)])
    #expect(pool.measured(0, memory: 1001, now: now) == [], "once is enough")
    #expect(
      pool.launched(1, pid: 8, now: now) == [
        .report("a.1", .draining(pid: 7)), .signal(0, pid: 7, .terminate),
      ])
    #expect(ProcessFacts.residentByteCount(of: getpid()).map { $0 > 1 << 20 } == true)
    #expect(ProcessFacts.residentByteCount(of: -1) == nil)
  }

  @Test func `a process gives way as it is told to`() async throws {
    let script = "while [ $(nice) != 7 ]; do :; done; echo nice $(nice); exec sleep 1000"
    var definition = ProcessDefinition(name: "a", executable: "/bin/sh", arguments: ["-c", script])
    definition.niceness = 7
    let run = Run([definition])
    #expect(try await run.number(after: "nice", from: "a.1") == 7)
    #expect(await run.stop() == .stopped)
  }

  @Test func `a message is read whatever stands in it`() {
    let text = Array("STATUS=3 of 8\nREADY=1\nX=\u{FF}\n".utf8)
    for cut in 0...text.count { _ = ServiceMessage(text[..<cut]) }
    for index in text.indices {
      var bytes = text
      bytes[index] ^= 0x80
      _ = ServiceMessage(bytes)
    }
    let message = ServiceMessage(text)
    #expect(message.isReady)
    #expect(message.status == "3 of 8")
    #expect(ServiceMessage(Array("READY=10".utf8)) == ServiceMessage([]))
    #expect(ServiceMessage(Array("STATUS=\(String(repeating: "é", count: 500))".utf8)).status?.utf8.count == 200)
  }
}
