import BusProtocol
import Foundation
import Synchronization
import Testing

@testable import Bus

/// What a process shows of its work.
@Suite struct RunWitnessTests {
  private static func assignment(_ number: UInt64, _ worker: Name = "Slow") -> Assignment {
    Assignment(
      id: JobID(high: 0, low: number), token: number, attempt: 1, queue: QueueName(engine: "shop", name: "default"),
      worker: worker, inputs: [:], cause: JobCause())
  }

  @Test func `EH20 a title names what runs for the longest, and how many others`() {
    let witness = RunWitness(process: "shop.2", limit: nil, tell: { _ in }, show: { _ in })
    #expect(witness.title == "shop.2: idle")
    let (first, second) = (Self.assignment(1), Self.assignment(2, "Fast"))
    witness.began(first)
    #expect(witness.title == "shop.2: Slow \(first.id)")
    witness.began(second)
    #expect(witness.title == "shop.2: Slow \(first.id) (+1)")
    witness.ended(first.id)
    #expect(witness.title == "shop.2: Fast \(second.id)")
    witness.ended(second.id)
    #expect(witness.title == "shop.2: idle")
  }

  @Test func `HK6 the supervisor hears when the jobs are done, and again if it did not listen`() {
    let told = Mutex<[Int]>([])
    let witness = RunWitness(
      process: "a.1", limit: 3, tell: { jobs in told.withLock { $0.append(jobs) } }, show: { _ in })
    for number in 1...(3 + RunWitness.reminderInterval + 1) {
      let assignment = Self.assignment(UInt64(number))
      witness.began(assignment)
      witness.ended(assignment.id)
    }
    #expect(told.withLock { $0 } == [3, 3 + RunWitness.reminderInterval])
  }

  @Test func `who has no supervisor shows nothing`() {
    #expect(RunWitness(engine: "a", [:], nil) == nil)
    #expect(EngineSettings(["BUS_RECYCLE_JOBS": "12"]).recycleJobs == 12)
    #expect(EngineSettings(["BUS_RECYCLE_JOBS": "0"]).recycleJobs == nil)
    #expect(EngineSettings(["BUS_RECYCLE_JOBS": "x"]).recycleJobs == nil)
  }

  @Test func `EH20 a title of any length stands where the arguments stood, and the environment stays`() async {
    await #expect(processExitsWith: .success) {
      func shown() -> String {
        let data = FileManager.default.contents(atPath: "/proc/self/cmdline") ?? Data()
        return String(decoding: data.prefix { $0 != 0 }, as: UTF8.self)
      }
      let (environment, arguments) = (ProcessInfo.processInfo.environment, CommandLine.arguments)
      for length in [1, 20, 5, 200, 0, 10_000] {
        let text = String(repeating: "x", count: length)
        ProcessTitle.show(text)
        let expected = text.prefix(ProcessTitle.maximumByteCount)
        guard shown() == expected || shown().count > 20 && expected.hasPrefix(shown()) else { exit(1) }
      }
      guard ProcessInfo.processInfo.environment == environment, CommandLine.arguments == arguments,
        getenv("PATH").map({ String(cString: $0) }) == environment["PATH"]
      else { exit(2) }
      exit(0)
    }
  }
}
