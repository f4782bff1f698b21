internal import ArgumentParser
internal import Bus
internal import BusProtocol
internal import BusSupervisor

/// `bus bench sub`
struct BenchSub: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sub", abstract: "Listen, and measure how late the events come that somebody publishes.",
    usage: "bus bench sub [<options>]",
    discussion: """
      Counts from the time that an event says it was published: on another machine \
      that is another clock. Put load on it with 'bus bench pub', or listen to \
      events of your own. Ctrl-C prints what was measured.

      EXAMPLE  bus bench sub --duration 1m --topic 'user_*'
      """)

  @Option(
    help: ArgumentHelp("What to listen to; * stands for any characters.", valueName: "pattern"),
    transform: Words.pattern)
  var topic: TopicPattern = "bus_bench"

  @Option(help: ArgumentHelp("For how long: 500ms, 10s, 1m; else until Ctrl-C.", valueName: "duration"))
  var duration: Patience?

  @OptionGroup var form: BenchForm
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let signals = try Signals.taken()
    let load = BenchLoad(plan: try BenchOptions.parse([]))
    let (topic, duration, form) = (topic, duration, form)
    let (wasStopped, seconds) = try await Connection.with(connection) { bus in
      let begin = ContinuousClock.now
      let next = bus.follow([topic], after: bus.headAtStart)
      let wasStopped = try await load.run(signals.wishes, words: form.words) {
        try await withThrowingTaskGroup(of: Void.self) { group in
          if let duration { group.addTask { try await ContinuousClock().sleep(for: duration.duration) } }
          group.addTask {
            while !Task.isCancelled {
              for event in try await next().events { load.tally.note(latency: SystemClock.now() - event.time) }
            }
          }
          defer { group.cancelAll() }
          try await group.next()
        }
      }
      return (wasStopped, (ContinuousClock.now - begin) / .seconds(1))
    }
    try form.write(
      BenchReport(
        mode: "sub", noun: "event", way: "publish -> listener", counts: load.tally.counts, seconds: seconds))
    if wasStopped { throw ExitCode(signals.exitStatus) }
  }
}
