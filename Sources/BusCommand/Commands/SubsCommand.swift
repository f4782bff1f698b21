internal import ArgumentParser
internal import BusProtocol

/// `bus subs`: who reads what, and how far.
struct SubsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "subs",
    abstract: "Show the subscriptions, pause them, move their cursors, forget them.",
    subcommands: [List.self, PauseSubscription.self, ResumeSubscription.self, Seek.self, Remove.self],
    defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ls", abstract: "Show the subscriptions: where their cursors are, and who runs them.",
      usage: "bus subs ls [<options>] [<name>]",
      discussion: "EXAMPLE  bus subs ls search")

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
          let table = SubscriptionTable(time: output.timeText, paint: terminal.paint, columns: terminal.columns)
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

  struct Seek: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "seek", abstract: "Put a subscription's cursor elsewhere: handle events again, or pass them over.",
      usage: "bus subs seek [<options>] <name> <place>",
      discussion: """
        The subscription goes on with the first event behind the place. Events \
        that it handles again make new jobs; those that it passes over make none.

        EXAMPLES  bus subs seek search/user_index 10m
                  bus subs seek search/user_index '#184223' --dry-run
                  bus subs seek search/user_index now
        """)

    @Argument(help: "The subscription, as ENGINE/NAME.", transform: Words.subscription)
    var name: SubscriptionName

    @Argument(help: "An offset ('#184223'), an event's id, a time (10m, 09:30), 'beginning' or 'now'.")
    var place: String

    @Flag(help: "Only say what would happen.")
    var dryRun = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
      let (name, output) = (name, output)
      try await Connection.with(connection) { bus in
        let known = try await bus.list("subscriptions").first { $0["name"] == .string("\(name)") }
        guard let known, let before = known["cursor"].flatMap(UInt64.init(jsonValue:)) else {
          throw CommandError(.notFound, "there is no subscription \(name)", where: bus.endpoint, help: "bus subs")
        }
        let after = try await offset(bus)
        if dryRun {
          return try output.write(
            ["name": .string("\(name)"), "from": before.jsonValue, "to": after.rawValue.jsonValue, "dry_run": true],
            "would go on: \(Self.line(name, before, after.rawValue))")
        }
        let answer = try await bus.change(
          "seek_subscription", ["name": .string("\(name)"), "after": after.rawValue.jsonValue])
        let (from, to) = try bus.reading { () throws(ProtocolError) in
          let members = try answer.members("answer")
          return (try members.offset("from"), try members.offset("to"))
        }
        try output.write(answer, Self.line(name, from.rawValue, to.rawValue))
      }
    }

    private func offset(_ bus: Connection) async throws -> Offset {
      switch place {
      case "beginning": return .zero
      case "now": return bus.headAtStart
      default: return try await TimeArgument(bus: bus).offset(try TimeArgument.word(place, option: "bus subs seek"))
      }
    }

    static func line(_ name: SubscriptionName, _ from: UInt64, _ to: UInt64) -> String {
      let moved = Brief.count(Int(clamping: from > to ? from - to : to - from), "event")
      let effect = from > to ? "\(moved) are looked at again" : from < to ? "\(moved) are passed over" : "as before"
      return "\(name) goes on behind \(Offset(to)), was at \(Offset(from)): \(effect)"
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rm", abstract: "Forget a subscription that nobody runs any more.",
      usage: "bus subs rm [<options>] <name>",
      discussion: """
        A subscription keeps the events that it has not handled from being \
        removed. Its jobs stay. A process that declares it again begins it anew.

        EXAMPLE  bus subs rm search/user_index
        """)

    @Argument(help: "The subscription, as ENGINE/NAME.", transform: Words.subscription)
    var name: SubscriptionName

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
      let (name, output) = (name, output)
      try await Connection.with(connection) { bus in
        let answer = try await bus.change("forget_subscription", ["name": .string("\(name)")])
        try output.write(answer, "\(name) is forgotten")
      }
    }
  }
}
