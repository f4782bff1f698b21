internal import ArgumentParser
internal import BusSupervisor

/// Supervises processes in the foreground, with their lines on standard output and our own words on standard error.
struct Foreground: Sendable {
  private let definitions: [ProcessDefinition]
  private let environment: [String: String]
  private let color: Terminal.Color
  private let listen: @Sendable (_ process: String, _ line: String) -> Void

  /// Processes, what is in the environment of all, and who else hears their lines.
  init(
    _ definitions: [ProcessDefinition], environment: [String: String], color: Terminal.Color,
    listen: @escaping @Sendable (_ process: String, _ line: String) -> Void = { _, _ in }
  ) {
    self.definitions = definitions
    self.environment = environment
    self.color = color
    self.listen = listen
  }

  /// Runs until a signal ends it; exits with 130 after Ctrl-C.
  func run() async throws {
    let signals = try Signals.taken()
    let names = definitions.map(\.name)
    let all = ProcessEnvironment.all
    let output = SupervisorText(names: names, paint: Terminal(descriptor: 1, color: color, environment: all).paint)
    let words = SupervisorText(names: names, paint: Terminal(descriptor: 2, color: color, environment: all).paint)
    let supervisor = Supervisor(definitions, environment: all.merging(environment) { $1 }) { line in
      switch line {
      case .output(let process, let text):
        listen(process, text)
        // Nobody reads any more: there is nothing left to run for in the foreground.
        do { try Output.write(lines: [output.text(line)]) } catch { signals.wish(.gracefully) }
      case .notice: Output.say(words.text(line))
      }
    }
    switch await supervisor.run(until: signals.wishes) {
    case .stopped: if signals.exitStatus != 0 { throw ExitCode(signals.exitStatus) }
    case .failed(let process):
      throw CommandError(
        .processFailed, "\(process) ended before it was ready", where: process,
        help: "its own words stand above; mend it and run the same command again")
    }
  }
}
