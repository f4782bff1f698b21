internal import ArgumentParser
internal import BusProtocol

/// `bus queues`: what waits where, and what is stopped.
struct QueuesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queues", abstract: "Show the queues: what waits, what runs, what is dead. Pause and purge them.",
    discussion: """
      EXAMPLES  bus queues search
                bus queues pause search/refresh --for 10m --reason 'the index is rebuilt'
                bus queues resume search/refresh
      """,
    subcommands: [
      ListQueues.self, PeekQueue.self, PauseQueue.self, DrainQueue.self, ResumeQueue.self, PurgeQueues.self,
    ],
    defaultSubcommand: ListQueues.self)
}

/// `bus queues ls`
struct ListQueues: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "Show the queues: what waits, what runs, what is dead.",
    usage: "bus queues ls [<options>] [<name>]",
    discussion: "EXAMPLE  bus queues ls search")

  @Argument(help: "An engine, or a queue as ENGINE/QUEUE.")
  var name: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let (name, output) = (name, output)
    try await Connection.with(connection) { bus in
      let queues = try await bus.list("queues").filter { Self.isMeant($0, name) }
      if let name, queues.isEmpty {
        throw CommandError(.notFound, "there is no queue \(name)", where: bus.endpoint, help: "bus queues")
      }
      if output.json {
        for queue in queues { try Output.write(json: queue) }
      } else {
        let terminal = output.terminal
        let table = QueueTable(time: output.timeText, paint: terminal.paint, columns: terminal.columns)
        try Output.write(lines: try bus.reading { () throws(ProtocolError) in try table.lines(queues) })
      }
    }
  }

  private static func isMeant(_ queue: JSONValue, _ name: String?) -> Bool {
    guard let name else { return true }
    guard let text = queue["queue"].flatMap(String.init(jsonValue:)) else { return false }
    return text == name || text.hasPrefix("\(name)/")
  }
}
