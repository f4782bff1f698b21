import Bus
import BusProtocol
import Foundation

extension BusBench {
  /// What the disk itself takes: below every durable figure.
  static func disk() throws {
    let path = "/tmp/bus-bench-disk-\(getpid())"
    try Data(count: 4 << 20).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let handle = try FileHandle(forUpdating: URL(filePath: path))
    let clock = ContinuousClock()
    let block = Data(count: 4096)
    let durations = try (0..<200).map { number in
      try clock.measure {
        try handle.seek(toOffset: UInt64(number % 1000) * 4096)
        try handle.write(contentsOf: block)
        fdatasync(handle.fileDescriptor)
      }
    }
    let quantiles = Quantiles(durations)
    report(
      "disk", "write 4 KiB + fdatasync: p50 \(quantiles.microseconds(0.5)) us, p99 \(quantiles.microseconds(0.99)) us",
      bar: "-")
  }

  /// One call of publish with 100 bytes of data, busd taking them away meanwhile.
  static func publish() async throws {
    let bed = try await Bed()
    let client = try bed.client()
    try await client.whileRunning {
      var durations: [Duration] = []
      durations.reserveCapacity(200_000)
      for _ in 0..<200_000 {
        let before = ContinuousClock.now
        client.publish("bench", hundredBytes)
        durations.append(.now - before)
      }
      let quantiles = Quantiles(durations)
      report(
        "publish", "call p50 \(quantiles.microseconds(0.5)) us, p99 \(quantiles.microseconds(0.99)) us",
        bar: "p50 <= 2 us")
    }
  }

  /// One publisher, 100 bytes, fsync before every acknowledgement.
  static func ingest() async throws {
    let bed = try await Bed()
    let client = try bed.client()
    let count = 1_000_000
    try await client.whileRunning {
      _ = try await client.publish("warm_up").stored()
      let cpu = bed.processorSeconds
      let seconds = try await seconds {
        for _ in 1..<count { client.publish("bench", hundredBytes) }
        _ = try await client.publish("bench", hundredBytes).stored(timeout: .seconds(120))
      }
      report(
        "ingest",
        "\(rate(count, seconds))/s durable, busd \(microseconds(bed.processorSeconds - cpu, count)) us CPU an event",
        bar: ">= 300,000/s")
      report("memory", "busd \(bed.residentMegabytes) MB after \(count) events", bar: "< 100 MB")
    }
  }

  /// The same with one live subscriber that decodes each event.
  static func fanOut() async throws {
    let bed = try await Bed()
    let client = try bed.client()
    let count = 1_000_000
    try await client.whileRunning {
      _ = try await client.publish("warm_up").stored()
      let listener = try bed.client()
      try await listener.whileRunning {
        let (ready, isReady) = AsyncStream<Void>.makeStream()
        async let received: ContinuousClock.Instant = {
          var seen = 0
          for try await event in listener.events(["bench", "begin"], from: .beginning) {
            if event.topic == "begin" { isReady.finish() } else { seen += 1 }
            if seen == count { break }
          }
          return .now
        }()
        client.publish("begin")
        for await _ in ready {}
        let begin = ContinuousClock.now
        for _ in 0..<count { client.publish("bench", hundredBytes) }
        let seconds = (try await received - begin).inSeconds
        report(
          "fanout", "\(rate(count, seconds))/s published, stored and received by one subscriber", bar: ">= 500,000/s")
      }
    }
  }

  /// From the call of publish to the subscriber, at 1,000 a second.
  static func latency() async throws {
    let bed = try await Bed()
    let client = try bed.client()
    let count = 5000
    try await client.whileRunning {
      _ = try await client.publish("begin").stored()
      let listener = try bed.client()
      try await listener.whileRunning {
        let (ready, isReady) = AsyncStream<Void>.makeStream()
        async let received: [Duration] = {
          var durations: [Duration] = []
          for try await event in listener.events(["bench", "begin"], from: .beginning) {
            if event.topic == "begin" { isReady.finish() } else { durations.append(wallClock() - event.time) }
            if durations.count == count { break }
          }
          return durations
        }()
        for await _ in ready {}
        let begin = ContinuousClock.now
        for number in 0..<count {
          try await ContinuousClock().sleep(until: begin + .milliseconds(number), tolerance: .zero)
          client.publish("bench", hundredBytes)
        }
        let quantiles = Quantiles(try await received)
        report(
          "latency", "p50 \(quantiles.microseconds(0.5)) us, p99 \(quantiles.microseconds(0.99)) us at 1,000/s",
          bar: "p50 < 1,000 us, p99 < 5,000 us plus the disk")
      }
    }
  }

  /// busd's memory, alone.
  static func memory() async throws { try await ingest() }

  static func seconds(_ body: () async throws -> Void) async rethrows -> Double {
    let begin = ContinuousClock.now
    try await body()
    return (ContinuousClock.now - begin).inSeconds
  }

  static func rate(_ count: Int, _ seconds: Double) -> String { String(Int(Double(count) / seconds)) }

  static func microseconds(_ seconds: Double, _ count: Int) -> String {
    String((seconds * 1e8 / Double(count)).rounded() / 100)
  }

  static func wallClock() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }
}
