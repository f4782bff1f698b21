internal import ArgumentParser
internal import BusProtocol

/// `bus jobs cancel`
struct CancelJobs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Have jobs not run; one that runs is asked to stop.",
    usage: "bus jobs cancel [<options>] [<id> ...]",
    discussion: """
      A running job is asked to stop, and is cancelled when it does; with --force \
      it counts as cancelled at once, and what it still does is not taken.

      EXAMPLES  bus jobs cancel 01JEXJ2M4KQ7
                bus jobs cancel --queue search/reindex --dry-run
      """)

  @Flag(help: "Do not wait for running ones to stop.")
  var force = false

  @OptionGroup var selection: JobSelection
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let verb = JobVerb(
      word: "cancel", past: "cancelled", change: "cancel_jobs", parameters: ["force": .bool(force)])
    try await verb.perform(selection.bulk, output, connection, find: selection.find)
  }
}

/// `bus jobs retry`
struct RetryJobs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Run ended jobs again: dead, cancelled, expired or done.",
    usage: "bus jobs retry [<options>] [<id> ...]",
    discussion: """
      A job keeps its id and its history and gets all its attempts again. One \
      that meets its like, which waits already, is merged into that.

      EXAMPLES  bus jobs retry 01JEXJ4QB2X0
                bus jobs retry --state dead --since 1h --dry-run
      """)

  @OptionGroup var selection: JobSelection
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let verb = JobVerb(word: "retry", past: "tried again", change: "retry_jobs")
    try await verb.perform(selection.bulk, output, connection, find: selection.find)
  }
}

/// `bus jobs run`
struct RunJobs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Have scheduled jobs run now instead of later.",
    usage: "bus jobs run [<options>] [<id> ...]",
    discussion: "EXAMPLE  bus jobs run 01JEXJ2M4KQ7")

  @OptionGroup var selection: JobSelection
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let verb = JobVerb(word: "run", past: "due now", change: "run_jobs")
    try await verb.perform(selection.bulk, output, connection, find: selection.find)
  }
}

/// `bus jobs mv`
struct MoveJobs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mv", abstract: "Move waiting jobs to another queue.",
    usage: "bus jobs mv --to <queue> [<options>] [<id> ...]",
    discussion: "EXAMPLE  bus jobs mv --queue search/default --to search/reindex --dry-run", aliases: ["move"])

  @Option(help: ArgumentHelp("The queue, as ENGINE/QUEUE.", valueName: "queue"), transform: Words.queue)
  var to: QueueName

  @OptionGroup var selection: JobSelection
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let verb = JobVerb(
      word: "move", past: "moved", change: "move_jobs", parameters: ["queue": .string(to.description)])
    try await verb.perform(selection.bulk, output, connection, find: selection.find)
  }
}

/// `bus jobs edit`
struct EditJob: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edit", abstract: "Change the priority, the time or the inputs of waiting jobs.",
    usage: "bus jobs edit [<options>] [<id> ...]",
    discussion: """
      New inputs take the place of all that the job had.

      EXAMPLES  bus jobs edit 01JEXJ2M4KQ7 --priority 10
                bus jobs edit 01JEXJ2M4KQ7 --inputs '{"id":7}' --in 10m
      """)

  @Option(help: ArgumentHelp("Higher ones of a queue go first.", valueName: "number"))
  var priority: Int?

  @Option(help: ArgumentHelp("Not before then: 09:30, tomorrow, RFC 3339.", valueName: "time"))
  var at: String?

  @Option(
    name: .customLong("in"), help: ArgumentHelp("Not before so long from now: 10m, 2d.", valueName: "duration"))
  var delay: Patience?

  @Option(help: ArgumentHelp("All of its inputs, as a JSON object.", valueName: "json"))
  var inputs: String?

  @OptionGroup var selection: JobSelection
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    guard at == nil || delay == nil else { throw ValidationError("--at and --in are two times: choose one") }
    guard priority != nil || at != nil || delay != nil || inputs != nil else {
      throw ValidationError("say what to change: --priority, --at, --in or --inputs")
    }
  }

  func run() async throws {
    var parameters = JSONObject()
    parameters.set("priority", priority)
    let now = SystemClock.now()
    let due = try at.map { try TimeArgument.moment($0, option: "--at") } ?? delay.map { now + $0.duration }
    parameters.set("due_at", due?.description)
    if let inputs { parameters["inputs"] = .object(try InputText.object(inputs, what: "the inputs")) }
    let verb = JobVerb(word: "edit", past: "changed", change: "edit_jobs", parameters: parameters)
    try await verb.perform(selection.bulk, output, connection, find: selection.find)
  }
}

/// `bus jobs rm`
struct RemoveJobs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Forget jobs that have ended.",
    usage: "bus jobs rm [<options>] [<id> ...]",
    discussion: "EXAMPLE  bus jobs rm --state dead --worker SendMail --yes")

  @OptionGroup var selection: JobSelection
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let verb = JobVerb(word: "rm", past: "removed", change: "remove_jobs")
    try await verb.perform(selection.bulk, output, connection, find: selection.find)
  }
}
