internal import ArgumentParser
internal import Bus
internal import BusProtocol
internal import BusSupervisor

/// `bus bench jobs`
struct BenchJobs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jobs", abstract: "Ask for jobs that do nothing, and run them here: how late, whether each.",
    usage: "bus bench jobs [<options>]",
    discussion: """
      The jobs are those of an engine 'bus_bench' that this process is. They are \
      removed when it is over. Ctrl-C prints what was measured.

      EXAMPLE  bus bench jobs --rate 500 --duration 30s
      """)

  @OptionGroup var plan: BenchOptions

  @Option(help: ArgumentHelp("How many run at once.", valueName: "count"))
  var concurrency = 64

  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    guard (1...10_000).contains(concurrency) else {
      throw ValidationError("--concurrency \(concurrency): it is 1 to 10000")
    }
  }

  func run() async throws {
    let signals = try Signals.taken()
    let (client, configuration) = try await Connection.benchClient(connection)
    let load = BenchLoad(plan: plan)
    let (floor, options, form) = (BenchFloor(load.tally), connection, plan.form)
    let engine = Engine(
      BenchLoad.engine, services: floor, configuration: configuration, concurrency: concurrency,
      logger: QuietLogger.make()
    ) { Workers(BenchJob.self) }
    let begin = ContinuousClock.now
    let wasStopped = try await load.run(signals.wishes, words: form.words) {
      try await Self.run(load, client, engine, floor)
    }
    let seconds = (ContinuousClock.now - begin) / .seconds(1)
    await client.stop()
    let counts = load.tally.counts
    try form.write(
      BenchReport(
        mode: "jobs", noun: "job", way: "enqueue -> start", size: plan.size, counts: counts, seconds: seconds,
        lost: wasStopped ? nil : max(0, counts.sent - counts.received)))
    try await Connection.with(options) { try await Self.removeAll($0) }
    if wasStopped { throw ExitCode(signals.exitStatus) }
  }

  private static func run(
    _ load: BenchLoad, _ client: BusClient, _ engine: Engine<BenchFloor>, _ floor: BenchFloor
  ) async throws {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        try await engine.run()
        return false
      }
      group.addTask {
        // The first one runs when the hands are there; it is not measured.
        try check(try await client.enqueue(BenchJob(number: -1, size: 0), engine: BenchLoad.engine))
        for await _ in floor.began {}
        try await enqueue(load, client, floor)
        try await load.untilAllCame()
        return true
      }
      defer { group.cancelAll() }
      while let isDone = try await group.next() { if isDone { return } }
    }
  }

  /// Asks at the pace, some answers awaited at once.
  private static func enqueue(_ load: BenchLoad, _ client: BusClient, _ floor: BenchFloor) async throws {
    let most = load.plan.rate == nil ? 4 : 256
    try await withThrowingTaskGroup(of: Void.self) { group in
      var open = 0
      try await load.paced { first, count, due in
        let jobs = try (first..<first + count).map { number in
          floor.moments.note(number, due)
          return try client.wish(BenchJob(number: number, size: load.plan.size), engine: BenchLoad.engine)
        }
        group.addTask { for outcome in try await client.enqueue(jobs, timeout: .seconds(60)) { try check(outcome) } }
        open += 1
        guard open >= most else { return }
        try await group.next()
        open -= 1
      }
      try await group.waitForAll()
    }
  }

  private static func check(_ outcome: EnqueueOutcome) throws {
    if case .enqueued = outcome { return }
    throw CommandError(
      .refused, "busd does not run the jobs of engine \(BenchLoad.engine): \(outcome.json.text)",
      where: "bus bench jobs", help: "see what the topology says of it: bus queues")
  }

  /// Takes back what waits and forgets what ended; what another 'bus bench jobs' runs stays.
  private static func removeAll(_ bus: Connection) async throws {
    let queue = QueueName(engine: BenchLoad.engine, name: "default").description
    while true {
      let jobs = try await bus.list("jobs", ["queue": .string(queue), "limit": 500])
      let waiting = jobs.filter { JobState.waits($0["state"]) }.compactMap { $0["id"] }
      let ended = jobs.filter { $0["finished_at"] ?? .null != .null }.compactMap { $0["id"] }
      guard !waiting.isEmpty || !ended.isEmpty else { return }
      if !waiting.isEmpty { _ = try await bus.change("purge_jobs", ["ids": .array(waiting)]) }
      if !ended.isEmpty { _ = try await bus.change("remove_jobs", ["ids": .array(ended)]) }
    }
  }
}

extension JobState {
  /// Whether the text is the state of a job that has not begun.
  fileprivate static func waits(_ text: JSONValue?) -> Bool {
    [.scheduled, .ready, .blocked, .parked].contains { (state: JobState) in text == .string(state.rawValue) }
  }
}

/// A job that does nothing.
struct BenchJob: Worker {
  let number: Int
  /// What makes the inputs as long as they are wanted.
  let filler: String

  init(number: Int, size: Int) {
    self.number = number
    filler = String(repeating: "x", count: max(0, size - 35))
  }

  func work(_ run: Run<BenchFloor>) async throws { run.services.note(number) }
}

/// Where the jobs run: tells when the first began, and how late each was.
final class BenchFloor: Sendable {
  let moments = BenchMoments()
  /// Ends when the first has begun.
  let began: AsyncStream<Never>
  private let begin: AsyncStream<Never>.Continuation
  private let tally: BenchTally

  init(_ tally: BenchTally) {
    self.tally = tally
    (began, begin) = AsyncStream.makeStream()
  }

  func note(_ number: Int) {
    guard number >= 0 else { return begin.finish() }
    tally.note(received: number, after: moments.age(of: number) ?? .zero)
  }
}
