import Bus
import BusProtocol
import Synchronization

extension Benchmark {
  static let fanout = Benchmark(
    "fanout", "published, stored, and received by 1, 4 and 100 live listeners", bar: ">= 500,000/s to one"
  ) { sizes in
    var figures: [Figure] = []
    for (listeners, share) in [(1, 1), (4, 2), (sizes.listeners, 20)] {
      let count = max(1, sizes.events / share)
      let spent = try await received(sizes, .hundredBytes, count, listeners)
      figures += spent.figures("events, \(listeners) listeners", count: count)
      let deliveries = Double(count * listeners) / spent.seconds
      figures.append(Figure("deliveries, \(listeners) listeners", deliveries, .perSecond))
    }
    return figures
  }

  static let e2e = Benchmark(
    "e2e", "published, stored, and received by one live listener, 100 B and 1 KiB", bar: ">= 2.5x JetStream's"
  ) { sizes in
    var figures: [Figure] = []
    for payload in [Payload.hundredBytes, .kibibyte] {
      let spent = try await received(sizes, payload, sizes.events, 1)
      figures += spent.figures("events of \(payload.name)", count: sizes.events)
    }
    return figures
  }

  private static func received(
    _ sizes: Sizes, _ payload: Payload, _ count: Int, _ listeners: Int
  ) async throws -> Spent {
    let bed = try await Bed(sizes)
    let client = try bed.client()
    return try await client.whileRunning {
      try await Audience.with(listeners, bed, client, expecting: count) { audience in
        try await Meter(bed).measure {
          try await client.pipeline(count, payload)
          try await audience.untilAllHeard()
        }
      }
    }
  }

  static let latency = Benchmark(
    "latency", "from the call of publish to the listener, at 1,000 a second",
    bar: "p50 < 1,000 us, p99 < 5,000 us plus the disk"
  ) { sizes in
    let bed = try await Bed(sizes)
    let client = try bed.client()
    let count = min(sizes.events, 5000)
    let histogram = Mutex(LatencyHistogram())
    let note: @Sendable (Event) -> Void = { event in
      let delay = client.configuration.now() - event.time
      histogram.withLock { $0.record(delay) }
    }
    try await client.whileRunning {
      try await Audience.with(1, bed, client, expecting: count, each: note) { audience in
        let begin = ContinuousClock.now
        for number in 0..<count {
          try await ContinuousClock().sleep(until: begin + .milliseconds(number), tolerance: .zero)
          client.publish("bench", bytes: Payload.hundredBytes.bytes)
        }
        try await audience.untilAllHeard()
      }
    }
    return Figure.quantiles("publish -> listener", histogram.withLock { $0 })
  }

  static let replay = Benchmark(
    "replay", "a new listener reads all that is kept, from the beginning", bar: ">= JetStream's push consumer"
  ) { sizes in
    let bed = try await Bed(sizes)
    let client = try bed.client()
    return try await client.whileRunning {
      try await client.pipeline(sizes.events, .hundredBytes)
      let spent = try await Meter(bed).measure {
        var count = 0
        for try await _ in client.events(["bench"], from: .beginning) {
          count += 1
          if count == sizes.events { break }
        }
      }
      return spent.figures("events of 100 B", count: sizes.events)
    }
  }
}
