internal import ArgumentParser
internal import BusProtocol

/// `bus locks`: who holds which lock.
struct LocksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "locks", abstract: "Show the locks that are held: by which job, how long, and who waits.",
    usage: "bus locks [<options>] [<text>]",
    discussion: """
      A worker lock is held by a job that runs, and others wait for it; a queue \
      lock by one that waits, and others were merged into it. No lock outlives its \
      job: to free one, cancel the job.

      EXAMPLES  bus locks
                bus locks 'payments('
      """)

  @Argument(help: "Only locks whose key contains the text.")
  var text: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let (text, output) = (text, output)
    try await Connection.with(connection) { bus in
      let locks = LockTable.locks(
        running: try await Self.jobs(bus, "state == 'running' and has(worker_lock)"),
        blocked: try await Self.jobs(bus, "state == 'blocked' and has(worker_lock)"),
        waiting: try await Self.jobs(bus, "has(queue_lock) and state in ('scheduled', 'ready', 'blocked', 'parked')"))
      let meant = locks.filter { lock in text.map { lock.key.contains($0) } ?? true }
      if output.json {
        for lock in meant { try Output.write(json: lock.json) }
      } else {
        try Output.write(lines: LockTable(text: output.jobText, columns: output.terminal.columns).lines(meant))
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
