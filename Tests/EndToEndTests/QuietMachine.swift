import Foundation
import Synchronization
import Testing

/// Lets tests begin only when the other tests of this process leave the machine alone: what is timed here is not to be
/// the time that others took.
struct QuietMachine: SuiteTrait, TestTrait, TestScoping {
  private static let isQuiet = Mutex(false)

  let isRecursive = true

  @concurrent
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    if testCase != nil, !QuietMachine.isQuiet.withLock({ $0 }) { try await QuietMachine.settle() }
    try await function()
  }

  /// Waits until this process and the machine have been at rest for a second, or this process alone for half a minute;
  /// all tests begin together, so it stays like that. After a quarter of an hour the tests begin anyway.
  private static func settle() async throws {
    var (quiet, resting) = (0, 0)
    for _ in 0..<3600 where quiet < 4 && resting < 120 {
      let (own, all) = (ownSeconds, machineSeconds)
      try await Task.sleep(for: .milliseconds(250))
      resting = ownSeconds - own < 0.06 ? resting + 1 : 0
      quiet = resting > 0 && machineSeconds - all < 0.2 ? quiet + 1 : 0
    }
    isQuiet.withLock { $0 = true }
  }

  /// The seconds of processor time that this process has used.
  private static var ownSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// The same of the machine; none where it is not told.
  private static var machineSeconds: Double {
    let text = String(decoding: FileManager.default.contents(atPath: "/proc/stat") ?? Data(), as: UTF8.self)
    // cpu user nice system idle iowait irq softirq steal, in hundredths of a second.
    let numbers = text.prefix { $0 != "\n" }.split(separator: " ").dropFirst().compactMap { Double($0) }
    return numbers.enumerated().filter { ![3, 4].contains($0.offset) }.map(\.element).reduce(0, +) / 100
  }
}
