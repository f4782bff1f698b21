internal import ArgumentParser
internal import BusProtocol

/// The names of all commands: what ArgumentParser does not say about a wrong one.
enum CommandNames {
  /// A command and the commands below it.
  struct Entry {
    var name: String
    var names: [String]
    var entries: [Entry]
    /// Whether words that are no command are arguments of the one that stands for none.
    var takesArguments = false
  }

  static let root = entry(BusCommand.self)

  /// A first word that is no command, with the one that was meant.
  static func mistake(in arguments: [String]) -> CommandError? {
    var entry = root
    var path = "bus"
    for argument in arguments {
      // A flag before a command is for the parser; so is everything behind it.
      guard !argument.hasPrefix("-"), !entry.entries.isEmpty, argument != "help" else { return nil }
      guard let next = entry.entries.first(where: { $0.names.contains(argument) }) else {
        return entry.takesArguments ? nil : unknown(argument, path: path, in: entry)
      }
      entry = next
      path += " \(next.name)"
    }
    return nil
  }

  /// The command that the words name, as far as they name one: `bus jobs ls`.
  static func path(of arguments: [String]) -> String {
    var entry = root
    var path = "bus"
    for argument in arguments {
      guard let next = entry.entries.first(where: { $0.names.contains(argument) }) else { break }
      entry = next
      path += " \(next.name)"
    }
    return path
  }

  private static func unknown(_ word: String, path: String, in entry: Entry) -> CommandError {
    let known = entry.entries.flatMap(\.names)
    let help: String
    if let near = NearestWord.to(word, among: known) {
      help = "did you mean '\(path) \(near)'?"
    } else if word.first?.isNumber == true, entry.entries.contains(where: { $0.name == "show" }) {
      help = "to see one: \(path) show \(word)"
    } else {
      help = "\(path) has: \(entry.entries.map(\.name).joined(separator: ", "))"
    }
    return CommandError(.usage, "'\(word)' is no command", where: "\(path) \(word)", help: help)
  }

  private static func entry(_ command: any ParsableCommand.Type) -> Entry {
    let configuration = command.configuration
    let below = configuration.groupedSubcommands.flatMap(\.subcommands) + configuration.ungroupedSubcommands
    let name = configuration.commandName ?? ""
    return Entry(
      name: name, names: [name] + configuration.aliases, entries: below.map(entry),
      takesArguments: configuration.defaultSubcommand.map { command in
        ["<name>", "<owner>"].contains { command.configuration.usage?.contains($0) == true }
      } ?? false)
  }
}
