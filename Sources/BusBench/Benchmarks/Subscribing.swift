import Bus
import BusProtocol

extension Benchmark {
  static let subscription = Benchmark(
    "subscription", "from an event to its job: one at a time, and catching up", bar: "p50 < 2,000 us"
  ) { sizes in try await eventToRun(sizes) + catchUp(sizes) }

  /// From the call of publish to the start of the work that the event asks for.
  private static func eventToRun(_ sizes: Sizes) async throws -> [Figure] {
    try await Workshop.with(sizes, goal: sizes.calls) { workshop in
      var histogram = LatencyHistogram()
      var calls: [ContinuousClock.Instant] = []
      for number in 0..<sizes.calls {
        calls.append(.now)
        workshop.client.publish("bench", ["number": number.jsonValue])
        try await ContinuousClock().sleep(for: .milliseconds(5), tolerance: .zero)
      }
      try await workshop.tally.untilGoal()
      for (number, call) in calls.enumerated() {
        if let start = workshop.tally.start(of: number) { histogram.record(start - call) }
      }
      return Figure.quantiles("publish -> start of the job", histogram)
    }
  }

  /// Events that are kept, turned into jobs that nobody runs.
  private static func catchUp(_ sizes: Sizes) async throws -> [Figure] {
    let bed = try await Bed(sizes)
    let client = try bed.client()
    return try await client.whileRunning {
      let tool = try bed.tool()
      defer { tool.stop() }
      for number in 1..<sizes.jobs { client.publish("bench", ["number": number.jsonValue]) }
      _ = try await client.publish("bench", ["number": 0]).stored(timeout: .seconds(300))
      try await bed.setPaused(true, tool)
      let engine = Engine("bench", services: Tally(goal: nil), configuration: try bed.configuration()) {
        Subscription("bench", from: .beginning) { event in NoOp(number: try event["number"]) }
      }
      return try await withThrowingTaskGroup(of: Void.self) { group in
        defer { group.cancelAll() }
        let meter = Meter(bed)
        group.addTask { try await engine.run() }
        let spent = try await meter.measure { try await untilCaughtUp(bed, tool) }
        return spent.figures("events made into jobs, catching up", count: sizes.jobs)
      }
    }
  }

  private static func untilCaughtUp(_ bed: Bed, _ tool: ToolConnection) async throws {
    let deadline = ContinuousClock.now + .seconds(600)
    while deadline > .now {
      if case .array(let list)? = try await bed.ask("subscriptions", tool)["subscriptions"], !list.isEmpty,
        list.allSatisfy({ $0["lag"] == 0 && $0["cursor"] != 0 })
      {
        return
      }
      try await ContinuousClock().sleep(for: .milliseconds(10))
    }
    throw Failure(description: "the subscription has not caught up")
  }
}
