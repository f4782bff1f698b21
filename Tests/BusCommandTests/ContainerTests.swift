import Foundation
import Testing

/// `bus work` as the first process of a container.
@Suite(.timeLimit(.minutes(1)))
struct ContainerTests {
  /// Whether processes may be made here that see only themselves.
  static let mayMakeContainers: Bool = {
    guard getuid() == 0 else { return false }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/unshare")
    process.arguments = ["--pid", "--fork", "--mount-proc", "true"]
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  @Test(.enabled(if: mayMakeContainers, "needs root and namespaces"))
  func `as process 1 it reaps what is left to it, hands signals on, and ends with all`() async throws {
    let site = try Site()
    // A daemon that leaves its group and its parent, ends, and would stay as a zombie of process 1.
    let script = """
      trap 'echo got usr1' USR1
      for i in 1 2 3 4 5; do (setsid sh -c 'sleep 0.05' &) ; done
      while :; do
        zombies=$(grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l)
        echo "zombies $zombies pid1 $(cat /proc/1/comm)"; sleep 0.1
      done
      """
    let bus = Program.path(of: "bus")
    let program = try Program(
      ["--pid", "--fork", "--mount-proc", bus, "work", "-n", "1", "--", "sh", "-c", script],
      program: "/usr/bin/unshare", environment: site.environment)
    try await eventually("it runs as process 1: \(program.output) \(program.error)") {
      program.output.split(separator: "\n").count { $0.contains("pid1 bus") } > 10
    }
    let last = program.output.split(separator: "\n").suffix(3)
    #expect(last.allSatisfy { $0.contains("zombies 0 ") }, "\(program.output)")
    let supervisor = try #require(Self.child(of: program.pid))
    kill(supervisor, SIGUSR1)
    try await eventually("the signal is handed on: \(program.error)") { program.output.contains("got usr1") }
    kill(supervisor, SIGTERM)
    #expect(try await program.end().status == 0)
    #expect(program.error.contains("told to end"))
  }

  /// The only child of a process.
  private static func child(of pid: Int32) -> Int32? {
    let text = try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)
    return text?.split(separator: " ").first.flatMap { Int32($0) }
  }
}
