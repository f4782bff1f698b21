import Foundation
import Testing

@testable import Bus

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct `A supervised process` {
  @Test func `EH14 begins beside its supervisor, and not when that is gone`() async throws {
    await #expect(processExitsWith: .success) {
      let supervisor = try Process.run(URL(filePath: "/bin/cat"), arguments: ["/dev/null"])
      supervisor.waitUntilExit()
      guard SupervisedProcess.endWithSupervisor(["BUS_SUPERVISED": "\(getppid())"]),
        SupervisedProcess.endWithSupervisor(["BUS_SUPERVISED": "1"]),
        !SupervisedProcess.endWithSupervisor(["BUS_SUPERVISED": "\(supervisor.processIdentifier)"])
      else { exit(1) }
      exit(0)
    }
  }

  @Test func `EH14 is asked to end when its supervisor ends, parent or not`() async throws {
    await #expect(processExitsWith: .signal(SIGTERM)) {
      // Reads until its input ends: no parent of this process, and it ends when it is let.
      let (supervisor, input) = (Process(), Pipe())
      supervisor.executableURL = URL(filePath: "/bin/cat")
      supervisor.standardInput = input
      try supervisor.run()
      guard SupervisedProcess.endWithSupervisor(["BUS_SUPERVISED": "\(supervisor.processIdentifier)"]) else { exit(1) }
      try input.fileHandleForWriting.close()
      while true { pause() }
    }
  }

  @Test func `is none without a supervisor's word`() {
    #expect(SupervisedProcess.endWithSupervisor([:]))
    #expect(SupervisedProcess.endWithSupervisor(["BUS_SUPERVISED": "0"]))
    #expect(SupervisedProcess.endWithSupervisor(["BUS_SUPERVISED": "no"]))
  }

  @Test func `takes its settings from the environment, and passes over what is no number`() {
    let settings = EngineSettings(["BUS_SLOT": "3", "BUS_CONCURRENCY": "12", "BUS_SHUTDOWN": "1.5"])
    #expect(settings.slot == 3)
    #expect(settings.concurrency == 12)
    #expect(settings.shutdownTime == .milliseconds(1500))
    let wrong = EngineSettings(["BUS_SLOT": "x", "BUS_CONCURRENCY": "0", "BUS_SHUTDOWN": "-1"])
    #expect(wrong == EngineSettings([:]))
    #expect(wrong.slot == 1 && wrong.concurrency == nil && wrong.shutdownTime == .seconds(25))
  }
}
