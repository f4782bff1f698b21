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
                bus enqueue search.Refresh --lock 7 --debounce 2m --expires 1h
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

  @Option(
    name: .customLong("on-merge"),
    help: ArgumentHelp("Inputs of a job that waits under --lock: keep, replace or merge them.", valueName: "policy"))
  var onMerge: MergeChoice?

  @Flag(name: .customLong("until-done"), help: "Hold --lock until the run is over: asked for meanwhile, it runs again.")
  var untilDone = false

  @Option(
    help: ArgumentHelp(
      "So long after the last enqueue with --lock, at most five times as long after the first.", valueName: "duration"))
  var debounce: Patience?

  @Option(help: ArgumentHelp("Not to start any more so long after it is due.", valueName: "duration"))
  var expires: Patience?

  @Option(help: ArgumentHelp("Higher ones of a queue go first.", valueName: "number"))
  var priority = 0

  @Option(help: ArgumentHelp("Whose inbox is told of its end, such as user:42.", valueName: "owner"))
  var notify: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if at != nil, delay != nil { throw ValidationError("--at and --in say the same thing: use one.") }
    if debounce != nil, at != nil || delay != nil {
      throw ValidationError("--debounce says when: leave out --at and --in.")
    }
    if lock == nil, onMerge != nil || untilDone || debounce != nil {
      throw ValidationError("--on-merge, --until-done and --debounce need the key of --lock.")
    }
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
    if let onMerge { job.onMerge = onMerge.policy }
    if untilDone { job.lockUntil = .done }
    // A bound that a person need not name: a burst that goes on for longer is no burst.
    job.debounce = debounce.map { Debounce(after: $0.duration, atMost: $0.duration * 5) }
    job.expires(expires?.duration, askedAt: now)
    do { job.notify = try notify.map { (owner) throws(ProtocolError) in try InboxItem.checked(owner: owner) } } catch {
      throw CommandError(.usage, error.message, where: "--notify", help: "for example --notify user:42")
    }
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
        + (job.debounce.map { ", due after a pause of \(Brief.duration($0.after))" } ?? "")
        + (job.expiresAt.map { ", expires \(time.relative($0))" } ?? "")
    case .merged(let id):
      "merged into \(id), which \(job.lockUntil == .done ? "waits or runs" : "waits") already with queue lock "
        + (job.queueLock ?? "?")
    case .parked(let id, let reason): "parked \(id): \(Printable.line(reason))"
    case .refused(_, let refusal): "refused: \(Printable.line(refusal.reason))"
    case .ran(let id): "ran \(id) in this process"
    case .dropped(let id, let reason): "dropped \(id): \(Printable.line(reason))"
    }
  }
}

/// A merge policy on the command line.
struct MergeChoice: ExpressibleByArgument {
  var policy: MergePolicy

  init?(argument: String) {
    guard let policy = MergePolicy(rawValue: argument) else { return nil }
    self.policy = policy
  }

  static var allValueStrings: [String] { MergePolicy.allCases.map(\.rawValue) }
}
