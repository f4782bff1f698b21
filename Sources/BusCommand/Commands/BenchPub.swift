internal import ArgumentParser
internal import Bus
internal import BusProtocol
internal import BusSupervisor

/// `bus bench pub`
struct BenchPub: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pub", abstract: "Publish events, and measure until they are on busd's disk.",
    usage: "bus bench pub [<options>]",
    discussion: """
      The events go to the topic 'bus_bench' and stay in the spool as long as \
      others. Ctrl-C prints what was measured.

      EXAMPLE  bus bench pub --rate 5000 --duration 30s
      """)

  @OptionGroup var plan: BenchOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let signals = try Signals.taken()
    let (client, _) = try await Connection.benchClient(connection)
    let load = BenchLoad(plan: plan)
    let begin = ContinuousClock.now
    let wasStopped = try await load.run(signals.wishes, words: plan.form.words) { try await Self.publish(load, client) }
    let seconds = (ContinuousClock.now - begin) / .seconds(1)
    await client.stop()
    var counts = load.tally.counts
    // Of some the latency was looked at; all are on disk, or in the outbox where it was ended.
    counts.received = counts.sent
    try plan.form.write(
      BenchReport(
        mode: "pub", noun: "event", way: "publish -> disk", size: plan.size, counts: counts,
        seconds: seconds, refused: client.refusedEventCount))
    if wasStopped { throw ExitCode(signals.exitStatus) }
  }

  /// Awaits the receipt of the last event of each moment: it stands for those before it.
  private static func publish(_ load: BenchLoad, _ client: BusClient) async throws {
    typealias Entry = (receipt: Receipt, due: ContinuousClock.Instant)
    let (entries, entry) = AsyncStream.makeStream(of: Entry.self, bufferingPolicy: .bufferingOldest(4096))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for await next in entries {
          try await next.receipt.stored(timeout: .seconds(60))
          load.tally.note(latency: .now - next.due)
        }
      }
      group.addTask {
        defer { entry.finish() }
        try await load.publish(client, run: "pub", after: { receipt, due in entry.yield((receipt, due)) })
      }
      try await group.waitForAll()
    }
  }
}
