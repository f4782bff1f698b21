internal import ArgumentParser
internal import BusProtocol

/// `bus subs`: who reads what, and how far.
struct SubsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "subs", abstract: "Show the subscriptions: where their cursors are, and who runs them.",
    usage: "bus subs [<options>] [<name>]",
    discussion: "EXAMPLE  bus subs search")

  @Argument(help: "An engine, or a subscription as ENGINE/NAME.")
  var name: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let (name, output) = (name, output)
    try await Connection.with(connection) { bus in
      let subscriptions = try await bus.list("subscriptions").filter { Self.isMeant($0, name) }
      if let name, subscriptions.isEmpty {
        throw CommandError(.notFound, "there is no subscription \(name)", where: bus.endpoint, help: "bus subs")
      }
      if output.json {
        for subscription in subscriptions { try Output.write(json: subscription) }
      } else {
        let terminal = output.terminal
        let table = SubscriptionTable(paint: terminal.paint, columns: terminal.columns)
        try Output.write(lines: try bus.reading { () throws(ProtocolError) in try table.lines(subscriptions) })
      }
    }
  }

  private static func isMeant(_ subscription: JSONValue, _ name: String?) -> Bool {
    guard let name else { return true }
    guard let text = subscription["name"].flatMap(String.init(jsonValue:)) else { return false }
    return text == name || text.hasPrefix("\(name)/")
  }
}
