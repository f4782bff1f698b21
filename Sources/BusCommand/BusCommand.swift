internal import ArgumentParser
internal import BusProtocol

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The window to the bus: watch, publish, ask why, start what works.
@main
struct BusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bus",
    abstract: "Look into a message bus, publish to it, and run its engines.",
    usage: "bus <command> [options]",
    discussion: """
      A first look: 'bus dev' starts a bus here, 'bus tail' watches it, and
      'bus publish' says something. 'bus demo' shows everything at work.

      ENVIRONMENT  BUS_ENDPOINT, BUS_KEY_FILE, BUS_SERVER_KEY, BUS_TOPOLOGY,
                   BUS_STATE_DIR, BUS_RUNTIME_DIR, NO_COLOR, COLUMNS, TZ
      EXIT STATUS  0 done, 1 failed, 4 not found, 64 usage, 65 bad data or
                   topology, 69 busd unreachable, 75 kept here but not
                   confirmed, 78 configuration, 124 time is up, 130 Ctrl-C
      """,
    version: "bus \(ProjectVersion.text)",
    groupedSubcommands: [
      CommandGroup(
        name: "Event",
        subcommands: [TailCommand.self, PublishCommand.self, AnnouncementsCommand.self, SpoolCommand.self]),
      CommandGroup(
        name: "Job",
        subcommands: [
          EnqueueCommand.self, CronCommand.self, InboxCommand.self, JobsCommand.self, DeadLettersCommand.self,
          QueuesCommand.self, LocksCommand.self, SubsCommand.self, WhyCommand.self, TraceCommand.self,
        ]),
      CommandGroup(
        name: "Process",
        subcommands: [
          DemoCommand.self, DevCommand.self, WorkCommand.self, ExecCommand.self, PsCommand.self, ScaleCommand.self,
          UpgradeCommand.self, QuietCommand.self, StopCommand.self, LogsCommand.self, TopologyCommand.self,
          BenchCommand.self,
        ]),
      CommandGroup(name: "Access", subcommands: [KeygenCommand.self, AuthCommand.self]),
    ])

  static func main() async {
    // A closed pipe is an error of the write, not the end of a supervisor.
    signal(SIGPIPE, SIG_IGN)
    endProcess(await status(of: Array(CommandLine.arguments.dropFirst())))
  }

  /// Runs a command line and tells what the process exits with; all failures are said here.
  private static func status(of arguments: [String]) async -> Int32 {
    do {
      if let text = HelpTopic.text(for: arguments) {
        try Output.write(text + "\n")
        return 0
      }
      if let mistake = CommandNames.mistake(in: arguments) { throw mistake }
      var command = try parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      return 0
    } catch is ClosedPipe {
      return 0
    } catch let code as ExitCode {
      return code.rawValue
    } catch let error as CommandError {
      return report(error, arguments)
    } catch {
      return report(parserError: error, arguments)
    }
  }

  /// Help and version are no errors; everything else that the parser throws is one of usage.
  private static func report(parserError error: any Error, _ arguments: [String]) -> Int32 {
    guard exitCode(for: error) != .success else {
      do { try Output.write(fullMessage(for: error) + "\n") } catch { return 0 }
      return 0
    }
    let path = CommandNames.path(of: arguments)
    let line = "bus \(arguments.joined(separator: " "))"
    return report(CommandError(.usage, message(for: error), where: line, help: "\(path) --help"), arguments)
  }

  private static func report(_ error: CommandError, _ arguments: [String]) -> Int32 {
    let isJSON = arguments.prefix { $0 != "--" }.contains("--json")
    Output.say(isJSON ? error.json.text : String(error.text.dropLast()))
    return error.code.exitStatus
  }
}

/// The parser has an `exit` of its own.
private func endProcess(_ status: Int32) -> Never { exit(status) }
