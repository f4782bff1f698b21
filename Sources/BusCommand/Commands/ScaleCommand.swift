internal import ArgumentParser
internal import BusProtocol
internal import BusSupervisor

/// `bus scale`: how many processes.
struct ScaleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scale", abstract: "Have more or fewer processes, now and after a restart.",
    usage: "bus scale [<options>] <engine=number> ...",
    discussion: """
      Those that are too many finish their work. The number holds until the \
      topology has another one, or with 'auto' is what that says: a number, or \
      as many as the load asks for.

      EXAMPLE  bus scale account=20 search=+2 bulk=0
      """)

  @Argument(help: ArgumentHelp("Such as account=20, search=+2, bulk=-1 or mail=auto.", valueName: "engine=number"))
  var counts: [String] = []

  @OptionGroup var supervisor: SupervisorOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    for answer in try await supervisor.answers(.scale(try changes())) {
      guard !output.json else {
        try Output.write(json: answer)
        continue
      }
      let (was, wanted) = (answer.count("was") ?? 0, answer.count("wanted") ?? 0)
      try Output.write(lines: ["\(answer.string("engine") ?? "-")  \(was) -> \(wanted)"])
    }
    output.remark("See how it goes: bus ps")
  }

  private func changes() throws -> [String: ScaleChange] {
    guard !counts.isEmpty else { throw refusal("nothing to scale", where: "bus scale") }
    var changes: [String: ScaleChange] = [:]
    for word in counts {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[0].isEmpty, let change = ScaleChange(parts[1]) else {
        throw refusal("'\(word)' is no number of processes", where: "bus scale \(word)")
      }
      guard changes.updateValue(change, forKey: parts[0]) == nil else {
        throw refusal("\(parts[0]) is named twice", where: "bus scale \(word)")
      }
    }
    return changes
  }

  private func refusal(_ message: String, where location: String) -> CommandError {
    CommandError(
      .usage, message, where: location,
      help: "bus scale account=4, account=+2, account=-1 or account=auto; 0 to 1000")
  }
}
