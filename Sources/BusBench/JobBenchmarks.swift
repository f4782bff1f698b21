import Bus
import BusProtocol
import Foundation
import Synchronization

/// Does nothing, and says that it did.
private struct Nothing: Worker {
  let number: Int
  func work(_ run: Run<Tally>) async throws { run.services.add(number) }
}

/// Counts runs, and keeps when each began.
private final class Tally: Sendable {
  private let state = Mutex<(count: Int, starts: [Int: ContinuousClock.Instant])>((0, [:]))
  private let goal: Int
  private let finished = AsyncStream<Void>.makeStream()

  init(goal: Int) { self.goal = goal }

  func add(_ number: Int) {
    let isLast = state.withLock { state in
      state.count += 1
      state.starts[number] = .now
      return state.count == goal
    }
    if isLast { finished.continuation.finish() }
  }

  func start(of number: Int) -> ContinuousClock.Instant? { state.withLock { $0.starts[number] } }

  func untilGoal() async { for await _ in finished.stream {} }
}

extension BusBench {
  /// No-op jobs through the whole path: publish, spool, subscription, store, claim, run, finish; all durable.
  static func jobs() async throws {
    let bed = try await Bed()
    let count = 200_000
    let tally = Tally(goal: count)
    let engine = Engine("bench", services: tally, configuration: try bed.configuration(), concurrency: 256) {
      Subscription("bench") { event in Nothing(number: try event["number"]) }
    }
    let client = try bed.client()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await engine.run() }
      try await client.whileRunning {
        try await untilSubscribed(client)
        let cpu = bed.processorSeconds
        let seconds = await seconds {
          for number in 0..<count { client.publish("bench", ["number": number.jsonValue]) }
          await tally.untilGoal()
        }
        report(
          "jobs",
          "\(rate(count, seconds))/s through the whole path, "
            + "busd \(microseconds(bed.processorSeconds - cpu, count)) us CPU a job",
          bar: ">= 20,000/s")
      }
      group.cancelAll()
    }
  }

  /// From the answer-awaiting call of enqueue to the start of the work, one at a time.
  static func start() async throws {
    let bed = try await Bed()
    let count = 1000
    let tally = Tally(goal: count)
    let engine = Engine("bench", services: tally, configuration: try bed.configuration()) {
      Subscription("bench") { event in Nothing(number: try event["number"]) }
    }
    let client = try bed.client()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await engine.run() }
      try await client.whileRunning {
        try await untilSubscribed(client)
        var calls: [ContinuousClock.Instant] = []
        for number in 0..<count {
          calls.append(.now)
          _ = try await client.enqueue(Nothing(number: number), engine: "bench")
        }
        await tally.untilGoal()
        let durations = calls.enumerated().compactMap { call in tally.start(of: call.offset).map { $0 - call.element } }
        let quantiles = Quantiles(durations)
        report(
          "start", "enqueue -> start p50 \(quantiles.microseconds(0.5)) us, p99 \(quantiles.microseconds(0.99)) us",
          bar: "p50 < 2,000 us")
      }
      group.cancelAll()
    }
  }

  private static func untilSubscribed(_ client: BusClient) async throws {
    while true {
      if case .array(let list)? = try await client.ask("subscriptions")["subscriptions"], !list.isEmpty,
        list.allSatisfy({ $0["process"] != .null })
      {
        return
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}
