internal import Bus
internal import BusProtocol
internal import BusSupervisor

/// A load on a bus that runs, for a time or until somebody ends it.
struct BenchLoad: Sendable {
  /// The topic and the engine that are nobody else's.
  static let topic: Topic = "bus_bench"
  static let engine: Name = "bus_bench"

  /// How long what is under way may take to come when nothing more is sent.
  private static let patience = Duration.seconds(10)
  /// What may be under way to busd's disk where no rate is named.
  private static let window = 8192

  let plan: BenchOptions
  let tally = BenchTally()

  /// Runs the body until it ends or somebody asks; tells whether that was it.
  func run(
    _ stop: AsyncStream<StopWish>, words: Terminal, _ body: @escaping @Sendable () async throws -> Void
  ) async throws -> Bool {
    let tally = tally
    return try await withThrowingTaskGroup(of: Bool?.self) { group in
      group.addTask {
        try await body()
        return false
      }
      group.addTask {
        for await _ in stop { return true }
        return nil
      }
      if words.isTerminal {
        group.addTask {
          try await BenchLoad.tellProgress(tally)
          return nil
        }
      }
      defer { group.cancelAll() }
      while let ended = try await group.next() { if let ended { return ended } }
      return true
    }
  }

  private static func tellProgress(_ tally: BenchTally) async throws {
    var before = 0
    for second in 1... {
      try await ContinuousClock().sleep(for: .seconds(1))
      let received = tally.counts.received
      Output.say("-- \(second) s: \(BenchReport.grouped(received)), \(BenchReport.grouped(received - before))/s")
      before = received
    }
  }

  /// Calls the body at each moment of the pace until the time is up; without a rate as often as it returns. What was due
  /// in the time and is late is sent all the same, as far as that helps.
  func paced(
    _ body: (_ first: Int, _ count: Int, _ due: ContinuousClock.Instant) async throws -> Void
  ) async throws {
    let begin = ContinuousClock.now
    var (pace, number) = (plan.rate.map { Pace(perSecond: $0) }, 0)
    let limit = plan.duration.duration + (plan.rate == nil ? .zero : BenchLoad.patience)
    while ContinuousClock.now - begin < limit, !Task.isCancelled {
      var (due, count) = (ContinuousClock.now, 100)
      if let tick = pace?.next() {
        (due, count) = (begin + tick.at, tick.count)
        guard tick.at < plan.duration.duration else { return }
        try await ContinuousClock().sleep(until: due, tolerance: .zero)
      }
      try await body(number, count, due)
      number += count
      tally.note(sent: count)
    }
  }

  /// Publishes at the pace. Before each event its number and when it was due are told, after those of a moment the last
  /// one's receipt.
  func publish(
    _ client: BusClient, run: String, before note: ((_ number: Int, ContinuousClock.Instant) -> Void)? = nil,
    after told: ((Receipt, ContinuousClock.Instant) -> Void)? = nil
  ) async throws {
    let payload = BenchPayload(run: run, size: plan.size)
    var (last, before): (Receipt?, Receipt?)
    var open = 0
    try await paced { first, count, due in
      for number in first..<first + count {
        note?(number, due)
        last = client.publish(BenchLoad.topic, bytes: payload.bytes(number))
      }
      if let last { told?(last, due) }
      open += count
      // The outbox is bounded: no faster than busd takes it.
      guard open >= BenchLoad.window else { return }
      try await before?.stored(timeout: .seconds(60))
      (before, open) = (last, 0)
    }
  }

  /// Waits until as many came as were sent, or nothing can be hoped for any more.
  func untilAllCame() async throws {
    let deadline = ContinuousClock.now + BenchLoad.patience
    while deadline > .now {
      let counts = tally.counts
      guard counts.received < counts.sent else { return }
      try await ContinuousClock().sleep(for: .milliseconds(10))
    }
  }
}

/// The data of an event: whose it is, its number, and what makes it as long as it is wanted.
struct BenchPayload: Sendable {
  private let head: [UInt8]
  private let size: Int

  /// `run` has no character that JSON writes otherwise.
  init(run: String, size: Int) {
    head = Array(#"{"run":"\#(run)","number":"#.utf8)
    self.size = size
  }

  /// The smallest that has room for its members.
  static let minimumSize = 80

  /// JSON of exactly the size.
  func bytes(_ number: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    bytes += head
    bytes += Array(String(number).utf8)
    bytes += Array(#","filler":""#.utf8)
    bytes += [UInt8](repeating: UInt8(ascii: "x"), count: max(0, size - bytes.count - 2))
    bytes += Array(#""}"#.utf8)
    return bytes
  }
}
