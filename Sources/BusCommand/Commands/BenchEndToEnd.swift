internal import ArgumentParser
internal import Bus
internal import BusProtocol
internal import BusSupervisor

/// `bus bench e2e`
struct BenchEndToEnd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "e2e", abstract: "Publish events and listen to them: how late, whether each, whether once.",
    usage: "bus bench e2e [<options>]",
    discussion: """
      Measured from the moment at which an event was due at the rate, so that a bus \
      that stands still is seen. The events go to the topic 'bus_bench' and stay in \
      the spool as long as others. Ctrl-C prints what was measured.

      EXAMPLE  bus bench e2e --rate 5000 --duration 30s
      """)

  @OptionGroup var plan: BenchOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let signals = try Signals.taken()
    let (client, _) = try await Connection.benchClient(connection)
    let load = BenchLoad(plan: plan)
    var identifiers = IdentifierSource(random: { SystemRandom.word() })
    // Others may measure on the same topic.
    let run: EventID = identifiers.next(at: SystemClock.now())
    let begin = ContinuousClock.now
    let options = connection
    let wasStopped = try await load.run(signals.wishes, words: plan.form.words) {
      try await Connection.with(options) { bus in try await Self.run(load, client, bus, "\(run)") }
    }
    let seconds = (ContinuousClock.now - begin) / .seconds(1)
    await client.stop()
    let counts = load.tally.counts
    try plan.form.write(
      BenchReport(
        mode: "e2e", noun: "event", way: "publish -> handler", size: plan.size, counts: counts, seconds: seconds,
        // What was under way when somebody ended it is not lost.
        lost: wasStopped ? nil : max(0, counts.sent - counts.received), refused: client.refusedEventCount))
    if wasStopped { throw ExitCode(signals.exitStatus) }
  }

  private static func run(_ load: BenchLoad, _ client: BusClient, _ bus: Connection, _ run: String) async throws {
    let next = bus.follow([TopicPattern(stringLiteral: BenchLoad.topic.text)], after: bus.headAtStart)
    let moments = BenchMoments()
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        while !Task.isCancelled {
          for event in try await next().events { note(event, run, load, moments) }
        }
        return false
      }
      group.addTask {
        try await load.publish(client, run: run, before: { number, due in moments.note(number, due) })
        try await load.untilAllCame()
        return true
      }
      defer { group.cancelAll() }
      while let isDone = try await group.next() { if isDone { return } }
    }
  }

  private static func note(_ event: Event, _ run: String, _ load: BenchLoad, _ moments: BenchMoments) {
    guard let data = try? event.json, data["run"] == .string(run),
      let number = data["number"].flatMap(Int.init(jsonValue:))
    else { return }
    load.tally.note(received: number, after: moments.age(of: number) ?? .zero)
  }
}
