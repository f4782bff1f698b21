internal import ArgumentParser
internal import Bus
internal import BusProtocol

/// `bus publish`: says that something happened.
struct PublishCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "publish", abstract: "Publish an event.", usage: "bus publish [<options>] <topic> [<data>]",
    discussion: """
      The event is kept in this machine's outbox first, and the command waits \
      until it is on busd's disk. Where that does not come in time the event \
      stays in the outbox, the exit status is 75, and the next 'bus publish' \
      sends it.

      With --id it goes to busd directly; publish it again when that fails: the \
      same id is stored once. With --at or --delay busd keeps it until then; \
      'bus announcements' lists those and takes them back.

      EXAMPLES  bus publish user_changed '{"id":42}'
                bus publish trial_ended '{"id":42}' --delay 14d
                jq -c '.[]' users.json | bus publish user_changed --ndjson
      """, aliases: ["pub"])

  @Argument(help: "What it is about: a name such as user_changed.", transform: Words.topic)
  var topic: Topic

  @Argument(help: "The data as a JSON object, - for standard input, @FILE for a file; else {}.")
  var data: String?

  @Flag(help: "Publish each line of standard input, a JSON object a line.")
  var ndjson = false

  @Option(help: "The event's id, 26 characters; an event of the same id is stored once.", transform: Words.event)
  var id: EventID?

  @Option(help: ArgumentHelp("Not before then: 09:30, tomorrow, RFC 3339.", valueName: "time"))
  var at: String?

  @Option(
    name: [.customLong("delay"), .customLong("in")],
    help: ArgumentHelp("Not before so long from now: 10m, 2d.", valueName: "duration"))
  var delay: Patience?

  @Option(help: ArgumentHelp("Where it comes from; else bus/HOST.", valueName: "name"))
  var source: String?

  @Flag(inversion: .prefixedNo, help: "Wait until it is on busd's disk, for 2s or --timeout.")
  var wait = true

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if ndjson, data != nil || id != nil {
      throw ValidationError("--ndjson takes its events from standard input alone.")
    }
    if at != nil, delay != nil { throw ValidationError("--at and --delay say the same thing: use one.") }
    if at != nil || delay != nil, ndjson || !wait {
      throw ValidationError("--at and --delay go to busd directly, one event at a time.")
    }
    if id != nil, !wait { throw ValidationError("--id goes to busd directly, and cannot be used with --no-wait.") }
  }

  func run() async throws {
    let object = try data.map { try InputText.object($0, what: "the data of \(topic)") } ?? [:]
    let now = SystemClock.now()
    if let dueAt = try at.map({ try TimeArgument.moment($0, option: "--at") }) ?? delay.map({ now + $0.duration }) {
      return try await announce(object, at: dueAt, now: now)
    }
    if let id { return try await publishDirectly(id, object) }
    let outgoing = try Outgoing(connection, source: source)
    // After an error nothing more is waited for: what was kept stays in the outbox.
    try await publish(object, outgoing)
    await outgoing.close()
  }

  private func publish(_ object: JSONObject, _ outgoing: Outgoing) async throws {
    var last: Receipt?
    var count = 0
    func send(_ data: JSONObject) throws {
      let receipt = try outgoing.publish(topic, data)
      try show(receipt.id)
      last = receipt
      count += 1
    }
    if ndjson {
      var lines = StandardInputLines()
      while let line = try lines.next() {
        let place = "standard input, line \(lines.number)"
        try send(try InputText.object(line, what: "the data of \(topic)", where: place))
      }
    } else {
      try send(object)
    }
    guard wait, let last else { return }
    try await outgoing.confirm(last, count: count, timeout: connection.timeout?.duration ?? .seconds(2))
    output.remark("\(count == 1 ? "It is" : "\(count) events are") on busd's disk. Look: bus why \(last.id)")
  }

  private func publishDirectly(_ id: EventID, _ object: JSONObject) async throws {
    let own = try Connection.configuration(connection).source
    let headers = EventHeaders(source: source ?? own)
    let offset = try await Connection.with(connection) { bus in
      try await bus.publish(Publication(topic: topic, id: id, headers: headers), object)
    }
    try show(id)
    output.remark("It is on busd's disk as \(offset). Look: bus why '\(offset)'")
  }

  private func announce(_ object: JSONObject, at dueAt: Timestamp, now: Timestamp) async throws {
    var identifiers = IdentifierSource(random: { SystemRandom.word() })
    let own = try Connection.configuration(connection).source
    let announcement = Announcement(
      id: id ?? identifiers.next(at: now), topic: topic, data: JSONValue.object(object).bytes, dueAt: dueAt,
      headers: EventHeaders(source: source ?? own))
    try await Connection.with(connection) { try await $0.announce(announcement) }
    try show(announcement.id)
    output.remark(
      "busd publishes it \(output.timeText(dueAt)). Take it back: bus announcements rm \(announcement.id)")
  }

  private func show(_ id: EventID) throws {
    if output.json { try Output.write(json: ["id": id.jsonValue]) } else { try Output.write("\(id)\n") }
  }
}
