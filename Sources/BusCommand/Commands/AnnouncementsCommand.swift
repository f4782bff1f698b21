internal import ArgumentParser
internal import BusProtocol

/// `bus announcements`: events that busd publishes later.
struct AnnouncementsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "announcements", abstract: "Show and take back events that are published later.",
    discussion: """
      They come from 'bus publish --at' and '--delay', and from publish(…, at:).

      EXAMPLES  bus announcements
                bus announcements rm 01M7YQ6WQMFHV8B3ZJ1T5K9R2E
      """, subcommands: [ListAnnouncements.self, RemoveAnnouncements.self],
    defaultSubcommand: ListAnnouncements.self)
}

/// `bus announcements ls`
struct ListAnnouncements: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "Show events to come, the first due first.",
    usage: "bus announcements ls [<options>]",
    discussion: "EXAMPLE  bus announcements ls --limit 10")

  @Option(help: ArgumentHelp("At most so many, up to 1000.", valueName: "count"))
  var limit = 50

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    guard (1...1000).contains(limit) else { throw ValidationError("--limit is 1 to 1000.") }
  }

  func run() async throws {
    let (limit, output) = (limit, output)
    try await Connection.with(connection) { bus in
      let announcements = try await bus.list("announcements", ["limit": limit.jsonValue])
      guard !output.json else { return try announcements.forEach { try Output.write(json: $0) } }
      let terminal = output.terminal
      let table = AnnouncementTable(time: output.timeText, paint: terminal.paint, columns: terminal.columns)
      try Output.write(lines: try bus.reading { () throws(ProtocolError) in try table.lines(announcements) })
    }
  }
}

/// `bus announcements rm`
struct RemoveAnnouncements: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Take back events to come: they are not published.",
    usage: "bus announcements rm [<options>] <id> ...",
    discussion: "EXAMPLE  bus announcements rm 01M7YQ6WQMFHV8B3ZJ1T5K9R2E")

  @Argument(
    help: ArgumentHelp("Their ids, as 'bus announcements' shows them.", valueName: "id"), transform: Words.event)
  var ids: [EventID]

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let (ids, output) = (ids, output)
    try await Connection.with(connection) { bus in
      let withdrawn = try await bus.withdraw(ids)
      for id in withdrawn {
        if output.json { try Output.write(json: ["id": id.jsonValue]) } else { try Output.write("\(id) taken back\n") }
      }
      guard let missed = ids.first(where: { !withdrawn.contains($0) }) else { return }
      throw CommandError(
        .notFound, "there is no event \(missed) to come: it is published already, or never was", where: bus.endpoint,
        help: "bus why \(missed), or bus announcements")
    }
  }
}
