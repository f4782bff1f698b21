internal import ArgumentParser
internal import BusProtocol

/// `bus inbox`: what people are told of jobs that ended.
struct InboxCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inbox", abstract: "Show what somebody was told of jobs that ended.",
    discussion: """
      A job tells those whom it was enqueued to notify, such as user:42.

      EXAMPLES  bus inbox user:42
                bus inbox user:42 --unread
                bus inbox read user:42 --all
      """, subcommands: [ListInbox.self, ReadInbox.self], defaultSubcommand: ListInbox.self)
}

/// `bus inbox ls`
struct ListInbox: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "Show an inbox, the newest last.", usage: "bus inbox ls [<options>] <owner>",
    discussion: "EXAMPLE  bus inbox ls user:42 --follow")

  @Argument(help: "Whose inbox.")
  var owner: String

  @Flag(help: "Only what was not marked as read.")
  var unread = false

  @Flag(name: .shortAndLong, help: "Go on with what comes.")
  var follow = false

  @Option(help: ArgumentHelp("At most so many, up to 1000.", valueName: "count"))
  var limit = 50

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    guard (1...1000).contains(limit) else { throw ValidationError("--limit is 1 to 1000.") }
  }

  func run() async throws {
    let (output, follow) = (output, follow)
    let wish: JSONObject = ["owner": .string(owner), "unread": .bool(unread), "limit": limit.jsonValue]
    try await Connection.with(connection) { bus in
      var asked = wish
      var last: UInt64 = 0
      var isFirst = true
      repeat {
        let list = try await bus.list("inbox", asked)
        let items = try bus.reading { () throws(ProtocolError) in
          try list.map { (json) throws(ProtocolError) in try InboxItem(json: json) }
        }
        last = items.last?.number ?? last
        try InboxTable(output).write(items, withHeader: isFirst)
        isFirst = false
        asked["after"] = last.jsonValue
        asked["wait"] = true
      } while follow
    }
  }
}

/// `bus inbox read`
struct ReadInbox: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "read", abstract: "Mark what somebody was told as read.",
    usage: "bus inbox read [<options>] <owner> [<id> ...]",
    discussion: "EXAMPLE  bus inbox read user:42 01JEXJ2M4KQ7R5V8W2X0Y1Z3A4")

  @Argument(help: "Whose inbox.")
  var owner: String

  @Argument(help: ArgumentHelp("The jobs that it was told of, by their whole ids.", valueName: "id"))
  var jobs: [String] = []

  @Flag(help: "All that is there.")
  var all = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    guard jobs.isEmpty == all else { throw ValidationError("Name the jobs, or say --all.") }
    do { _ = try jobs.map { text throws(ProtocolError) in try JobID(text) } } catch {
      throw ValidationError("\(error)")
    }
  }

  func run() async throws {
    let (owner, output) = (owner, output)
    var asked: JSONObject = ["owner": .string(owner)]
    if all { asked["all"] = true } else { asked["ids"] = .array(jobs.map { .string($0) }) }
    try await Connection.with(connection) { [asked] bus in
      let answer = try await bus.change("read_inbox", asked)
      let count = answer["read"].flatMap { Int64(jsonValue: $0) } ?? 0
      try output.write(answer, "\(count) of \(owner) marked as read")
    }
  }
}
