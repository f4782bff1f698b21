import Bus
import BusProtocol

extension Benchmark {
  static let enqueue = Benchmark(
    "enqueue", "durable enqueue: single, 16 at once, and in groups of 1,000, with a queue lock each",
    bar: ">= 1.1x Sidekiq's push_bulk, synced"
  ) { sizes in
    var figures = try await single(sizes, "one at a time") { NoOp(number: $0) }
    figures += try await single(sizes, "one at a time, a queue lock each") { NoOp(number: $0, waits: $0) }
    figures += try await sixteenAtOnce(sizes)
    figures += try await bulk(sizes, "groups of 1,000") { NoOp(number: $0) }
    return try await figures + bulk(sizes, "groups of 1,000, a queue lock each") { NoOp(number: $0, waits: $0) }
  }

  static let start = Benchmark(
    "start", "from the call of enqueue to the start of the work: idle, at 200 a second, and one behind the other",
    bar: "p50 < 2,000 us"
  ) { sizes in
    try await start(sizes, "enqueue -> start, idle", apart: .milliseconds(5))
      + start(sizes, "enqueue -> start, one behind the other", apart: .zero)
  }

  /// - Parameter pause: between two calls. Without one a call meets the transaction that ends the job before.
  private static func start(_ sizes: Sizes, _ what: String, apart pause: Duration) async throws -> [Figure] {
    try await Workshop.with(sizes, goal: sizes.calls) { workshop in
      var calls: [ContinuousClock.Instant] = []
      let begin = ContinuousClock.now
      for number in 0..<sizes.calls {
        try await ContinuousClock().sleep(until: begin + pause * number, tolerance: .zero)
        calls.append(.now)
        _ = try await workshop.client.enqueue(NoOp(number: number), engine: "bench")
      }
      try await workshop.tally.untilGoal()
      var histogram = LatencyHistogram()
      for (number, call) in calls.enumerated() {
        if let start = workshop.tally.start(of: number) { histogram.record(start - call) }
      }
      return Figure.quantiles(what, histogram)
    }
  }

  private static func single(
    _ sizes: Sizes, _ what: String, _ wish: @Sendable (Int) -> NoOp
  ) async throws -> [Figure] {
    let bed = try await Bed(sizes)
    let client = try bed.client()
    return try await client.whileRunning {
      _ = try await client.enqueue(NoOp(number: -1), engine: Bed.queue.engine)
      var histogram = LatencyHistogram()
      let spent = try await Meter(bed).measure {
        for number in 0..<sizes.calls {
          let before = ContinuousClock.now
          _ = try await client.enqueue(wish(number), engine: Bed.queue.engine)
          histogram.record(.now - before)
        }
      }
      return spent.figures(what, count: sizes.calls) + Figure.quantiles(what, histogram)
    }
  }

  private static func sixteenAtOnce(_ sizes: Sizes) async throws -> [Figure] {
    let bed = try await Bed(sizes)
    let client = try bed.client()
    let each = max(1, sizes.calls / 4)
    return try await client.whileRunning {
      _ = try await client.enqueue(NoOp(number: -1), engine: Bed.queue.engine)
      let spent = try await Meter(bed).measure {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for first in 0..<16 {
            group.addTask {
              for number in 0..<each {
                let job = NoOp(number: first * each + number, waits: first * each + number)
                _ = try await client.enqueue(job, engine: Bed.queue.engine)
              }
            }
          }
          try await group.waitForAll()
        }
      }
      return spent.figures("16 at once, a queue lock each", count: 16 * each)
    }
  }

  private static func bulk(
    _ sizes: Sizes, _ what: String, _ wish: @Sendable (Int) -> NoOp
  ) async throws -> [Figure] {
    let bed = try await Bed(sizes)
    let client = try bed.client()
    return try await client.whileRunning {
      _ = try await client.enqueue(NoOp(number: -1), engine: Bed.queue.engine)
      let spent = try await Meter(bed).measure { try await bed.enqueue(sizes.jobs, client, wish) }
      return spent.figures(what, count: sizes.jobs)
    }
  }
}
