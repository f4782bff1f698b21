internal import ArgumentParser
internal import BusProtocol
internal import BusSupervisor

/// `bus upgrade`: the processes of the programs as they are now.
struct UpgradeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "upgrade", abstract: "Replace all processes by those of the program as it is now.",
    usage: "bus upgrade [<options>] [<engine> ...]",
    discussion: """
      An old process is told to finish only when a new one is ready in its place: \
      there are never fewer than wanted. When new ones fail three times, or one \
      is not ready in time, the old ones come back and the command fails. With \
      --supervisor 'bus work' itself becomes the new program, and keeps the \
      processes that it has.

      EXAMPLE  bus upgrade search
               bus upgrade --supervisor
      """)

  @Argument(help: ArgumentHelp("The engines; all when none is named.", valueName: "engine"))
  var engines: [String] = []

  @Flag(help: "Tell no old one to finish before all new ones are ready.")
  var fleet = false

  @Option(
    help: ArgumentHelp(
      "How many more than wanted there may be meanwhile; a quarter of them, at least one, without it.",
      valueName: "number"))
  var maxExtra: Int?

  @Option(help: ArgumentHelp("How long a new one may take to get ready.", valueName: "duration"))
  var deadline = Patience(.seconds(30))

  @Flag(name: .customLong("supervisor"), help: "Replace the program of 'bus work' itself, and no process.")
  var isOfItself = false

  @OptionGroup var supervisor: SupervisorOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if isOfItself, !engines.isEmpty || fleet || maxExtra != nil {
      throw ValidationError("--supervisor replaces no process: run 'bus upgrade' for them")
    }
    if let maxExtra, !(1...ScaleChange.maximum).contains(maxExtra) {
      throw ValidationError("--max-extra \(maxExtra): it is 1 to \(ScaleChange.maximum)")
    }
  }

  func run() async throws {
    guard !isOfItself else { return try await replaceSupervisor() }
    let plan = UpgradePlan(isFleet: fleet, extra: maxExtra, deadline: deadline.duration)
    var failures: [JSONValue] = []
    let output = output
    try await supervisor.ask(.upgrade(engines, plan), seconds: nil) { answer in
      if answer["taken_back"] != nil { failures.append(answer) }
      if output.json {
        try Output.write(json: answer)
      } else if answer["taken_back"] == nil {
        try Output.write(lines: [Self.text(answer)])
      }
    }
    guard let first = failures.first else { return }
    throw Self.failure(first, others: failures.dropFirst().compactMap { $0.string("engine") })
  }

  private func replaceSupervisor() async throws {
    let output = output
    try await supervisor.ask(.replace, seconds: nil) { answer in
      guard !output.json else { return try Output.write(json: answer) }
      let kept = if case .array(let pids)? = answer["kept"] { pids.count } else { 0 }
      let versions = "\(answer.string("was") ?? "-") -> \(answer.string("version") ?? "-")"
      try Output.write(lines: [
        "supervisor \(answer.count("supervisor") ?? 0)  \(versions), \(kept == 1 ? "1 process" : "\(kept) processes") kept",
        "\(answer.string("was_program") ?? "-") -> \(answer.string("program") ?? "-")",
      ])
    }
  }

  private static func text(_ answer: JSONValue) -> String {
    let (count, killed) = (answer.count("replaced") ?? 0, answer.count("killed") ?? 0)
    let seconds = answer["seconds"].flatMap(Double.init(jsonValue:)) ?? 0
    let duration = Brief.duration(.milliseconds(Int64(min(1e12, max(0, seconds * 1000)))))
    let end = killed == 0 ? "none was cut short" : "\(killed) had to be killed"
    return "\(answer.string("engine") ?? "-")  \(count) of \(count) replaced in \(duration), \(end)"
  }

  private static func failure(_ answer: JSONValue, others: [String]) -> CommandError {
    let engine = answer.string("engine") ?? "-"
    let count = answer.count("processes") ?? 0
    var place = answer.string("process").map { "\($0), " } ?? ""
    place += answer.string("file") ?? engine
    if case .array(let lines)? = answer["output"], !lines.isEmpty {
      place += ", it said:\n" + lines.compactMap(String.init(jsonValue:)).map { "    \($0)" }.joined(separator: "\n")
    }
    let also = others.isEmpty ? "" : " (and of \(others.joined(separator: ", ")))"
    let running = count == 1 ? "the old one works" : "the \(count) old ones work"
    return CommandError(
      .processFailed, "the upgrade of \(engine)\(also) is taken back: \(answer.string("taken_back") ?? "")",
      where: place, help: "\(running); mend it and run the same command again. bus logs \(engine)")
  }
}
