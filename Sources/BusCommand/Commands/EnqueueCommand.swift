internal import ArgumentParser
internal import BusProtocol

/// `bus enqueue`: a job without an event.
struct EnqueueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enqueue", abstract: "Ask for a job.", usage: "bus enqueue [<options>] <worker> [<inputs>]",
    discussion: """
      The worker's own locks are computed in its process from its inputs; a job \
      asked for here has only the lock that --lock names.

      EXAMPLES  bus enqueue search.IndexUser '{"userID":42}'
                bus enqueue billing.Dunning --queue billing/charge --in 10m --lock 42
      """)

  @Argument(help: "The worker, as ENGINE.WORKER; the WORKER alone where --queue names the engine.")
  var worker: String

  @Argument(help: "Its inputs as a JSON object, - for standard input, @FILE for a file.")
  var inputs: String?

  @Option(help: "The queue, as ENGINE/QUEUE; else the engine's 'default'.")
  var queue: String?

  @Option(help: ArgumentHelp("Not before then: 09:30, tomorrow, RFC 3339.", valueName: "time"))
  var at: String?

  @Option(
    name: [.customLong("in"), .customLong("delay")],
    help: ArgumentHelp("Not before so long from now: 10m, 2d.", valueName: "duration"))
  var delay: Patience?

  @Option(
    help: ArgumentHelp(
      "Only one job waits with this key: values as in JSON, 42 or '\"a\",7', or NAMESPACE(42).", valueName: "key"))
  var lock: String?

  @Option(help: ArgumentHelp("Higher ones of a queue go first.", valueName: "number"))
  var priority = 0

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if at != nil, delay != nil { throw ValidationError("--at and --in say the same thing: use one.") }
  }

  func run() async throws {
    let now = SystemClock.now()
    var identifiers = IdentifierSource(random: { SystemRandom.word() })
    let job = try job(id: identifiers.next(at: now), now: now)
    let output = output
    try await Connection.with(connection) { bus in
      let outcome = try await bus.enqueue(job)
      if case .refused(_, let refusal) = outcome {
        throw CommandError(.refused, refusal.reason, where: bus.endpoint, help: "bus queues \(job.queue)")
      }
      if output.json { return try Output.write(json: outcome.json) }
      try Output.write(Self.words(outcome, job, time: output.timeText) + "\n")
      output.remark("Look: bus why \(outcome.job)")
    }
  }

  /// The job that the command line describes.
  func job(id: JobID, now: Timestamp) throws -> NewJob {
    let (queue, worker) = try target()
    var job = NewJob(id: id, queue: queue, worker: worker, priority: priority)
    if let inputs { job.inputs = try InputText.object(inputs, what: "the inputs of \(worker)") }
    let size = JSONValue.object(job.inputs).bytes.count
    guard size <= NewJob.maximumInputsByteCount else {
      throw CommandError(
        .badData, "the inputs have \(size) bytes, the limit is \(NewJob.maximumInputsByteCount)", where: "inputs",
        help: "pass an id, and let the worker look the rest up")
    }
    if let lock { job.queueLock = try LockText.canonical(lock, workerNamespace: "\(queue.engine).\(worker)") }
    if let delay { job.dueAt = now + delay.duration }
    if let at { job.dueAt = try TimeArgument.moment(at, option: "--at") }
    job.cause.source = "bus"
    return job
  }

  private func target() throws -> (QueueName, Name) {
    do throws(ProtocolError) {
      if let queue {
        let name = try QueueName(queue)
        let prefix = "\(name.engine)."
        let bare = worker.hasPrefix(prefix) ? String(worker.dropFirst(prefix.count)) : worker
        return (name, try Name(bare, of: "worker"))
      }
      let parts = worker.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2 else {
        throw ProtocolError(.badName, "\"\(worker)\" names no engine")
      }
      return (
        QueueName(engine: try Name(parts[0], of: "engine"), name: "default"), try Name(parts[1], of: "worker")
      )
    } catch {
      throw CommandError(
        .usage, error.message, where: "bus enqueue \(worker)",
        help: "bus enqueue search.IndexUser '{\"userID\":42}', or with --queue search/default")
    }
  }

  /// `enqueued 01J… in search/default, due in 10m`.
  static func words(_ outcome: EnqueueOutcome, _ job: NewJob, time: TimeText) -> String {
    switch outcome {
    case .enqueued(let id):
      "enqueued \(id) in \(job.queue)" + (job.dueAt.map { ", due \(time.relative($0))" } ?? "")
    case .merged(let id): "merged into \(id), which waits already with queue lock \(job.queueLock ?? "?")"
    case .parked(let id, let reason): "parked \(id): \(Printable.line(reason))"
    case .refused(_, let refusal): "refused: \(Printable.line(refusal.reason))"
    case .ran(let id): "ran \(id) in this process"
    case .dropped(let id, let reason): "dropped \(id): \(Printable.line(reason))"
    }
  }
}
