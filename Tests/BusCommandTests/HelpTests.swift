import BusProtocol
import Testing

@testable import BusCommand

struct HelpTests {
  static let help = """
    OVERVIEW: Look into a message bus, publish to it, and run its engines.

    A first look: 'bus dev' starts a bus here, 'bus tail' watches it, and
    'bus publish' says something. 'bus demo' shows everything at work.

    ENVIRONMENT  BUS_ENDPOINT, BUS_KEY_FILE, BUS_SERVER_KEY, BUS_TOPOLOGY,
                 BUS_STATE_DIR, BUS_RUNTIME_DIR, NO_COLOR, COLUMNS, TZ
    EXIT STATUS  0 done, 1 failed, 4 not found, 64 usage, 65 bad data or
                 topology, 69 busd unreachable, 75 kept here but not
                 confirmed, 78 configuration, 124 time is up, 130 Ctrl-C

    USAGE: bus <command> [options]

    OPTIONS:
      --version               Show the version.
      -h, --help              Show help information.

    EVENT SUBCOMMANDS:
      tail                    Show events as they come, and those that came before.
      publish, pub            Publish an event.
      announcements           Show and take back events that are published later.
      spool                   Look at the spool, check and repair it.

    JOB SUBCOMMANDS:
      enqueue                 Ask for a job.
      cron                    Show the schedules, pause them, make the job of one
                              now.
      inbox                   Show what somebody was told of jobs that ended.
      jobs                    List jobs, show one, follow it to its end, change
                              what becomes of them.
      dlq                     Show the dead jobs by what they died of; run them
                              again, or forget them.
      queues                  Show the queues: what waits, what runs, what is dead.
                              Pause and purge them.
      locks                   Show the locks: who holds which, who waits, and how
                              many runs they saved.
      subs                    Show the subscriptions, pause them, move their
                              cursors, forget them.
      why                     Tell why a job is where it is, or what became of an
                              event.
      trace                   Show what led to an event or a job, and all that came
                              of it.

    PROCESS SUBCOMMANDS:
      demo                    Run the worked example on real data, kill a worker in
                              the middle, check the result.
      dev                     Run busd and all engines in the foreground; one
                              Ctrl-C ends them.
      work                    Run the engines' processes in the foreground, and
                              keep them running.
      exec                    Be a worker that runs a program for each job.
      ps                      Show the processes that 'bus work' keeps running.
      scale                   Have more or fewer processes, now and after a restart.
      upgrade                 Replace all processes by those of the program as it
                              is now.
      quiet                   Let processes finish their work, and start none until
                              further notice.
      stop                    End 'bus work' and all its processes.
      logs                    Show the last lines that processes wrote, and those
                              that come.
      topology                Check and show the topology file.
      bench                   Put load on a bus that runs, and measure what it does.

    ACCESS SUBCOMMANDS:
      keygen                  Make a pair of keys for busd or for one who comes in.
      auth                    Tell who may do what, and by which rule.

      See 'bus help <subcommand>' for detailed help.

    """

  @Test(arguments: [[], ["--help"], ["help"]]) func `the main help`(arguments: [String]) async throws {
    let result = try await Program(arguments, environment: ["COLUMNS": "80"]).end()
    #expect(result.status == 0)
    #expect(result.error == "")
    #expect(result.output == Self.help)
  }

  /// `bus tail`, `bus jobs`, `bus jobs ls` …
  static let commands = names(below: CommandNames.root, path: "bus") + ["busd"]

  static func names(below entry: CommandNames.Entry, path: String) -> [String] {
    entry.entries.flatMap { ["\(path) \($0.name)"] + names(below: $0, path: "\(path) \($0.name)") }
  }

  @Test(arguments: commands) func `each command explains itself, with an example where it does something`(
    command: String
  ) async throws {
    let words = command.split(separator: " ").map(String.init)
    let program = try Program(
      words.dropFirst() + ["--help"], program: words[0], environment: ["COLUMNS": "80"])
    let result = try await program.end()
    #expect(result.status == 0)
    #expect(result.error == "")
    #expect(result.output.contains("USAGE: \(command) "))
    let isGroup = [
      "bus auth", "bus bench", "bus jobs", "bus queues", "bus spool", "bus subs", "bus topology",
    ].contains(command)
    #expect(isGroup || result.output.contains("EXAMPLE"))
    for line in result.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
  }

  @Test(arguments: ["bus", "busd"]) func `both programs have the project's version`(program: String) async throws {
    let said = try await Program(["--version"], program: program).end()
    #expect(said == Program.Result(status: 0, output: "\(program) \(ProjectVersion.text)\n", error: ""))
  }
}
