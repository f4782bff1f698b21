import BusProtocol
import Logging
import Synchronization
import Testing

@testable import Bus

/// What the test's workers tell, and what the stubborn one waits for.
private final class Bench: Sendable {
  let isLeaseLost = Mutex<[Bool]>([])
  let gate = AsyncStream<Void>.makeStream()
  let ended = AsyncStream<Void>.makeStream()
}

/// Waits until it is cancelled.
private struct Slow: Worker {
  func work(_ run: Run<Bench>) async throws {
    for await _ in AsyncStream<Never>.makeStream().stream {}
    try Task.checkCancellation()
  }
}

/// Does not hear that it is cancelled.
private struct Stubborn: Worker {
  static let timeout: Timeout? = Timeout(.milliseconds(20), grace: .milliseconds(20))

  func work(_ run: Run<Bench>) async throws {
    guard run.attempt == 1 else { return }
    // In a task of its own, which nobody cancels.
    await Task { for await _ in run.services.gate.stream {} }.value
    run.services.isLeaseLost.withLock { $0.append(run.isLeaseLost) }
    run.services.ended.continuation.finish()
  }
}

private struct Hopeless: Worker {
  func work(_ run: Run<Void>) async throws { throw GiveUp("never") }
}

@Suite(.timeLimit(.minutes(1))) struct `Timeouts of runs` {
  private let busd = FakeBusd()
  private let bench = Bench()

  private func start(
    concurrency: Int, timeout: Duration? = nil, failures: FailureReports? = nil,
    @EngineBuilder<Bench> _ declarations: () -> EngineDeclarations<Bench>
  ) -> EngineRunner<Bench> {
    let surroundings = RunSurroundings(
      engine: "search", bus: nil, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    let runner = EngineRunner(
      declarations(), services: bench, concurrency: concurrency, port: busd.port, surroundings: surroundings,
      failures: failures)
    let wiring = EngineWiring(
      queues: [EngineWiring.Queue(name: "default", priority: 1, timeout: timeout)], subscriptions: [], concurrency: 1)
    busd.connect(runner, wiring: wiring)
    return runner
  }

  private func job(_ number: UInt64, _ worker: some Worker) throws -> NewJob {
    try JobDraft(worker).job(
      id: JobID(high: 7, low: number), engine: "search", queue: nil, cause: JobCause(),
      askedAt: Timestamp(microseconds: 0))
  }

  @Test func `X19 a run is cancelled when its queue's time is over, and has failed`() async throws {
    let runner = start(concurrency: 1, timeout: .milliseconds(20)) { Workers(Slow.self) }
    busd.enqueue([try job(1, Slow())])
    #expect(await busd.until { $0.results.count == 1 })
    #expect(
      busd.state.withLock { $0.results.map(\.outcome) } == [.failed(error: "timed out after 20ms", retryAfter: nil)])
    await runner.stop(grace: .seconds(5))
  }

  @Test func `X19 S1-4 a run that ignores it loses its lease, and the process goes on with its other hands`()
    async throws
  {
    let runner = start(concurrency: 2) { Workers(Stubborn.self) }
    busd.enqueue([try job(1, Stubborn())])
    #expect(await busd.until { $0.results.count == 1 && $0.hands?.concurrency == 1 })
    #expect(
      busd.state.withLock { $0.results.map(\.outcome) }
        == [.failed(error: "did not stop within 20ms after it timed out after 20ms", retryAfter: nil)])
    // The same job again, beside its old run.
    busd.enqueue([try job(1, Stubborn())])
    #expect(await busd.until { $0.results.map(\.outcome).last == .done })
    bench.gate.continuation.finish()
    for await _ in bench.ended.stream {}
    #expect(bench.isLeaseLost.withLock { $0 } == [true])
    #expect(await busd.until { $0.hands?.concurrency ?? 0 >= 2 }, "the hand is free again")
    #expect(busd.state.withLock { $0.results.count } == 2, "what the old run says does not count")
    await runner.stop(grace: .seconds(5))
  }

  @Test func `EH15 when no hand is left the engine wants to be replaced, and ends without waiting`() async throws {
    let runner = start(concurrency: 1) { Workers(Stubborn.self) }
    busd.enqueue([try job(1, Stubborn())])
    await runner.untilExhausted()
    #expect(await busd.until { $0.results.count == 1 && $0.hands?.concurrency == 0 })
    await runner.stop(grace: .seconds(50))
    bench.gate.continuation.finish()
  }

  @Test func `BS14 failures are told in the process with what busd makes of them, and errors there change nothing`()
    async throws
  {
    struct Broken: Error {}
    let told = Mutex<[FailedRun]>([])
    let failures = FailureReports(logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })) {
      failure in
      told.withLock { $0.append(failure) }
      throw Broken()
    }
    let runner = start(concurrency: 4, timeout: .milliseconds(20), failures: failures) {
      Workers(Slow.self, Stubborn.self)
      Workers(Hopeless.self)
    }
    busd.state.withLock { $0.endedJobs = [JobID(high: 7, low: 3)] }
    busd.enqueue([try job(1, Slow()), try job(2, Stubborn()), try job(3, Hopeless())])
    #expect(await busd.until { $0.results.count == 3 })
    await runner.stop(grace: .seconds(5))
    bench.gate.continuation.finish()
    let queue = QueueName(engine: "search", name: "default")
    #expect(
      told.withLock { $0.sorted { $0.job < $1.job } } == [
        FailedRun(
          job: JobID(high: 7, low: 1), worker: "Slow", queue: queue, attempt: 1, error: "timed out after 20ms",
          willRetry: true),
        FailedRun(
          job: JobID(high: 7, low: 2), worker: "Stubborn", queue: queue, attempt: 1,
          error: "did not stop within 20ms after it timed out after 20ms", willRetry: true),
        FailedRun(
          job: JobID(high: 7, low: 3), worker: "Hopeless", queue: queue, attempt: 1, error: "never", willRetry: false),
      ])
  }
}
