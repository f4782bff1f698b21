internal import ArgumentParser
internal import BusProtocol

/// `bus locks`: who holds which lock, and what that saves.
struct LocksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "locks", abstract: "Show the locks: who holds which, who waits, and how many runs they saved.",
    discussion: """
      A worker lock is held by a job that runs, and others wait for it; a queue \
      lock by one that waits, and others were merged into it. No lock outlives its \
      job: to free one, cancel the job.

      EXAMPLES  bus locks
                bus locks 'payments('
                bus locks show 'IndexUser(42)'
                bus locks saved --by-worker
      """, subcommands: [ListLocks.self, ShowLock.self, ShowSavings.self], defaultSubcommand: ListLocks.self)
}

/// `bus locks ls`
struct ListLocks: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "Show the locks that are held: by which job, how long, and who waits.",
    usage: "bus locks ls [<options>] [<name>]",
    discussion: """
      MERGED counts what became part of the job that has the lock now, SAVED all \
      runs that the lock has saved.

      EXAMPLE  bus locks ls 'payments('
      """)

  @Argument(help: ArgumentHelp("Only locks whose key contains the text.", valueName: "name"))
  var text: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let (text, output) = (text, output)
    try await Connection.with(connection) { bus in
      var locks = LockTable.locks(
        running: try await Self.jobs(bus, "state == 'running' and has(worker_lock)"),
        blocked: try await Self.jobs(bus, "state == 'blocked' and has(worker_lock)"),
        waiting: try await Self.jobs(bus, "has(queue_lock) and state in ('scheduled', 'ready', 'blocked', 'parked')"))
      LockTable.note(try await bus.ledger(), in: &locks)
      let meant = locks.filter { lock in text.map { lock.key.contains($0) } ?? true }
      if output.json {
        for lock in meant { try Output.write(json: lock.json) }
      } else {
        try Output.write(lines: LockTable(text: output.jobText, columns: output.terminal.columns).lines(meant))
        if let first = meant.first { output.remark("Who waits for one: bus locks show '\(Printable.line(first.key))'") }
      }
      if locks.count >= Self.limit { output.remark("Of each kind the newest \(Self.limit) jobs were looked at.") }
    }
  }

  /// As many as one answer holds.
  private static let limit = 1000

  private static func jobs(_ bus: Connection, _ filter: String) async throws -> [Job] {
    let list = try await bus.list("jobs", ["where": .string(filter), "limit": limit.jsonValue])
    return try bus.reading { () throws(ProtocolError) in
      var jobs: [Job] = []
      for json in list { jobs.append(try Job(json: json)) }
      return jobs
    }
  }
}

/// `bus locks show`
struct ShowLock: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one lock or limit: who has it, who waits in order, what it merged.",
    usage: "bus locks show [<options>] <key>",
    discussion: "EXAMPLE  bus locks show 'IndexUser(42)'")

  @Argument(help: "The key, as 'bus locks' or 'bus why' writes it.")
  var key: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let (key, output) = (key, output)
    try await Connection.with(connection) { bus in
      let answer = try await bus.ask("lock", ["key": .string(key)])
      if output.json { return try Output.write(json: answer) }
      let lines = try bus.reading { () throws(ProtocolError) in
        try LockDetails(text: output.jobText).lines(answer)
      }
      try Output.write(lines: lines)
    }
  }
}

/// `bus locks saved`
struct ShowSavings: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "saved", abstract: "Show how many runs queue locks saved, also those that nobody has now.",
    usage: "bus locks saved [<options>]",
    discussion: """
      Each wish that was merged into a job that waited is a run less. Locks that \
      saved nothing for long are summed up for each worker.

      EXAMPLES  bus locks saved --limit 20
                bus locks saved --by-worker
      """)

  @Flag(help: "One line for each worker.")
  var byWorker = false

  @Option(help: ArgumentHelp("At most so many lines.", valueName: "count"))
  var limit = 50

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let (byWorker, limit, output) = (byWorker, max(1, limit), output)
    try await Connection.with(connection) { bus in
      let all = try await bus.ledger()
      let savings = Array((byWorker ? LockLedger.byWorker(all) : all).prefix(limit))
      if output.json {
        for saving in savings { try Output.write(json: saving.json(byWorker: byWorker)) }
      } else {
        let ledger = LockLedger(time: output.timeText, paint: output.terminal.paint, columns: output.terminal.columns)
        try Output.write(lines: ledger.lines(savings, byWorker: byWorker))
        output.remark("\(Brief.count(all.map(\.saved).reduce(0, +), "run")) saved in all.")
      }
    }
  }
}

extension Connection {
  /// All that busd keeps of what locks saved.
  func ledger() async throws -> [LockLedger.Saving] {
    let list = try await list("ledger", ["limit": 10_000])
    return try reading { () throws(ProtocolError) in
      var savings: [LockLedger.Saving] = []
      for json in list { savings.append(try LockLedger.Saving(json: json)) }
      return savings
    }
  }
}
