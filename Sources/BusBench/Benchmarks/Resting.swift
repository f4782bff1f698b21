import Bus
import Foundation

extension Benchmark {
  static let idle = Benchmark(
    "idle", "what 100 slots in 10 processes with 100 subscriptions cost while nothing happens", bar: "< 1 % of a core"
  ) { sizes in
    let bed = try await Bed(sizes)
    let (tool, client) = (try bed.tool(), try bed.client())
    try await bed.startWorkers(min(10, sizes.listeners), subscriptions: 10, client, tool)
    try await bed.untilSubscribed(10 * min(10, sizes.listeners), tool)
    tool.stop()
    await client.stop()
    // What they do when they come is over then.
    try await ContinuousClock().sleep(for: .seconds(1))
    let busd = try bed.busd.processorSeconds
    let spent = try await Meter(bed).measure { try await ContinuousClock().sleep(for: sizes.idle) }
    let own = (try bed.busd.processorSeconds - busd) / spent.seconds * 100
    return [
      Figure("all processes, of a core", spent.processorSeconds / spent.seconds * 100, .percent),
      Figure("busd, of a core", own, .percent),
    ]
  }

  static let startup = Benchmark("startup", "the start and end of `bus --version`", bar: "< 50 ms") { sizes in
    let count = 10
    let begin = ContinuousClock.now
    for _ in 0..<count {
      let process = Process()
      process.executableURL = ChildProcess.url(of: "bus")
      process.arguments = ["--version"]
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else { throw Failure(description: "bus --version failed") }
    }
    return [Figure("bus --version", (ContinuousClock.now - begin) / .milliseconds(1) / Double(count), .milliseconds)]
  }
}
