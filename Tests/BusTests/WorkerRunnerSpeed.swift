import BusProtocol
import Logging
import Testing

@testable import Bus

private struct NoOp: Worker {
  let number: Int
  func work(_ run: Run<Void>) async throws {}
}

/// Measured in release: `swift test -c release -Xswiftc -enable-testing --filter 'jobs per second'`.
@Suite struct `Jobs per second` {
  @Test(.timeLimit(.minutes(1))) func `jobs per second that do nothing, against a busd in memory`() async throws {
    let busd = FakeBusd()
    let runner = EngineRunner(
      EngineBuilder<Void>.buildExpression(Workers(NoOp.self)), services: (), concurrency: 8, port: busd.port,
      surroundings: RunSurroundings(
        engine: "bench", bus: nil, logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() })))
    busd.connect(runner)
    #if DEBUG
      let count = 2_000
    #else
      let count = 100_000
    #endif
    let jobs = try (0..<count).map {
      try JobDraft(NoOp(number: $0))
        .job(
          id: JobID(high: 9, low: UInt64($0)), engine: "bench", queue: nil, cause: JobCause(),
          askedAt: Timestamp(microseconds: 0))
    }
    #expect(await busd.until { $0.hands != nil })
    let start = ContinuousClock.now
    busd.enqueue(jobs)
    #expect(await busd.until(within: .seconds(60)) { $0.results.count == count })
    let seconds = start.duration(to: .now).inSeconds
    print("\(count) no-op jobs: \(Int(Double(count) / seconds)) jobs/s")
    await runner.stop(grace: .seconds(5))
  }
}
