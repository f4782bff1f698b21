import Bus
import CAllocations

extension Benchmark {
  static let publish = Benchmark(
    "publish", "one call of publish with 100 B, busd taking the events away meanwhile", bar: "p50 <= 2 us"
  ) { sizes in
    let bed = try await Bed(sizes)
    let client = try bed.client()
    let count = min(sizes.events, 200_000)
    return try await client.whileRunning {
      _ = try await client.publish("warm_up").stored()
      let data: JSONObject = ["filler": .string(String(repeating: "x", count: 87))]
      var histogram = LatencyHistogram()
      for _ in 0..<count {
        let before = ContinuousClock.now
        client.publish("bench", data)
        histogram.record(.now - before)
      }
      let before = bus_allocation_count()
      for _ in 0..<1000 { client.publish("bench", data) }
      let allocations = Double(bus_allocation_count() - before) / 1000
      return Figure.quantiles("call", histogram) + [Figure("allocations of the call", allocations, .count)]
    }
  }
}
