import Bus
import BusProtocol

extension Benchmark {
  static let jobs = Benchmark(
    "jobs", "jobs that do nothing, through the whole path: event, subscription, store, run; all durable",
    bar: ">= 20,000/s"
  ) { sizes in
    try await Workshop.with(sizes, goal: sizes.jobs, concurrency: 256) { workshop in
      let spent = try await Meter(workshop.bed).measure {
        for number in 0..<sizes.jobs { workshop.client.publish("bench", ["number": number.jsonValue]) }
        try await workshop.tally.untilGoal()
      }
      return spent.figures("events to runs", count: sizes.jobs)
    }
  }

  static let workers = Benchmark(
    "workers", "jobs that do nothing and wait already, run by 1 and by 2 processes of 10 slots",
    bar: ">= 2x Sidekiq's, with claims and ends on disk"
  ) { sizes in
    var figures: [Figure] = []
    for count in [1, 2] {
      figures += try await drained(sizes, "\(count) \(count == 1 ? "process" : "processes")", processes: count)
    }
    return figures
  }

  static let backlog = Benchmark(
    "backlog", "jobs run by 1 process while many more wait in the same queue", bar: ">= 95 % of the empty queue's rate"
  ) { sizes in
    var figures: [Figure] = []
    // 0, a tenth, all: 0, 100,000 and a million where nothing else is said.
    for waiting in [0, sizes.backlog / 10, sizes.backlog] {
      figures += try await drained(sizes, "\(waiting) more wait", processes: 1, waiting: waiting)
    }
    return figures
  }

  static let locks = Benchmark(
    "locks", "jobs that contend for 10 locks: run one at a time each, and merged while they wait",
    bar: "none yet"
  ) { sizes in
    let contended = try await drained(sizes, "10 worker locks, 1 process", processes: 1) {
      NoOp(number: $0, runs: $0 % 10)
    }
    let bed = try await Bed(sizes)
    let client = try bed.client()
    return try await client.whileRunning {
      let tool = try bed.tool()
      defer { tool.stop() }
      let spent = try await Meter(bed).measure {
        try await bed.enqueue(sizes.jobs, client) { NoOp(number: $0, waits: $0 % 10) }
      }
      let merged = try await bed.queue(tool).merged
      guard merged == max(0, sizes.jobs - 10) else { throw Failure(description: "\(merged) wishes were merged") }
      return contended + spent.figures("wishes merged by 10 queue locks", count: sizes.jobs)
    }
  }

  /// Jobs that wait behind a pause, then run; `waiting` of them are left when the last one that counts is done.
  private static func drained(
    _ sizes: Sizes, _ what: String, processes: Int, waiting: Int = 0,
    _ wish: @escaping @Sendable (Int) -> NoOp = { NoOp(number: $0) }
  ) async throws -> [Figure] {
    let bed = try await Bed(sizes)
    let client = try bed.client()
    return try await client.whileRunning {
      let tool = try bed.tool()
      defer { tool.stop() }
      try await bed.startWorkers(processes, client, tool)
      let before = try await bed.queue(tool).done
      try await bed.setPaused(true, tool)
      try await bed.enqueue(sizes.jobs + waiting, client, wish)
      var done = 0
      let spent = try await Meter(bed).measure {
        try await bed.setPaused(false, tool)
        done = try await bed.untilDone(before + sizes.jobs, tool) - before
      }
      return spent.figures(what, count: done)
    }
  }
}
