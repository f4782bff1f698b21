import Bus
import BusProtocol

/// An engine in this process whose jobs are counted, and a client that publishes to its subscription `bench`.
struct Workshop: Sendable {
  let bed: Bed
  let client: BusClient
  let tally: Tally

  /// Runs the body beside the engine, which has its subscription when it begins.
  static func with<R: Sendable>(
    _ sizes: Sizes, goal: Int, concurrency: Int = 8, _ body: @escaping @Sendable (Workshop) async throws -> R
  ) async throws -> R {
    let bed = try await Bed(sizes)
    let workshop = Workshop(bed: bed, client: try bed.client(), tally: Tally(goal: goal))
    let engine = Engine(
      "bench", services: workshop.tally, configuration: try bed.configuration(), concurrency: concurrency
    ) {
      Subscription("bench") { event in NoOp(number: try event["number"]) }
    }
    return try await withThrowingTaskGroup(of: R?.self) { group in
      group.addTask {
        try await engine.run()
        return nil
      }
      group.addTask {
        try await workshop.client.whileRunning {
          let tool = try bed.tool()
          defer { tool.stop() }
          try await bed.untilSubscribed(1, tool)
          return try await body(workshop)
        }
      }
      defer { group.cancelAll() }
      while let result = try await group.next() { if let result { return result } }
      throw Failure(description: "the engine ended")
    }
  }
}
