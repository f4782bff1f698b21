import Bus

extension Benchmark {
  static let ingest = Benchmark(
    "ingest", "durable publish: a sync before every acknowledgement", bar: ">= 300,000/s pipelined with 100 B"
  ) { sizes in
    try await pipelined(sizes, .hundredBytes) + pipelined(sizes, .kibibyte) + oneAtATime(sizes) + sixteen(sizes)
  }

  private static func pipelined(_ sizes: Sizes, _ payload: Payload) async throws -> [Figure] {
    let bed = try await Bed(sizes)
    let client = try bed.client()
    return try await client.whileRunning {
      _ = try await client.publish("warm_up").stored()
      let spent = try await Meter(bed).measure { try await client.pipeline(sizes.events, payload) }
      return spent.figures("one publisher, pipelined, \(payload.name)", count: sizes.events)
    }
  }

  private static func oneAtATime(_ sizes: Sizes) async throws -> [Figure] {
    let bed = try await Bed(sizes)
    let client = try bed.client()
    return try await client.whileRunning {
      _ = try await client.publish("warm_up").stored()
      let disk = (try DiskProbe.histogram(in: sizes.directory).quantile(0.5) ?? .zero) / .seconds(1)
      var histogram = LatencyHistogram()
      let spent = try await Meter(bed).measure {
        for _ in 0..<sizes.calls {
          let before = ContinuousClock.now
          _ = try await client.publish("bench", bytes: Payload.hundredBytes.bytes).stored()
          histogram.record(.now - before)
        }
      }
      let share = disk * Double(sizes.calls) / spent.seconds * 100
      return spent.figures("one publisher, each receipt awaited", count: sizes.calls)
        + Figure.quantiles("one publisher, each receipt awaited", histogram)
        + [Figure("one publisher, share of the disk's own rate", share, .percent)]
    }
  }

  private static func sixteen(_ sizes: Sizes) async throws -> [Figure] {
    let bed = try await Bed(sizes)
    let clients = try (0..<16).map { _ in try bed.client() }
    let each = max(1, sizes.calls / 4)
    for client in clients { _ = try await client.publish("warm_up").stored() }
    let spent = try await Meter(bed).measure {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for client in clients {
          group.addTask {
            for _ in 0..<each { try await client.publish("bench", bytes: Payload.hundredBytes.bytes).stored() }
          }
        }
        try await group.waitForAll()
      }
    }
    for client in clients { await client.stop() }
    return spent.figures("16 publishers, each receipt awaited", count: each * clients.count)
  }
}
