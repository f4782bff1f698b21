internal import ArgumentParser
internal import BusProtocol
internal import BusSpool

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// `bus spool`: what holds the events.
struct SpoolCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spool", abstract: "Look at the spool, and check it.", subcommands: [Stat.self, Verify.self])

  struct Stat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "stat", abstract: "Show how many events are kept, where, and how much space is left.",
      usage: "bus spool stat [<options>]",
      discussion: "EXAMPLE  bus spool stat")

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
      let output = output
      try await Connection.with(connection) { bus in
        let answer = try await bus.ask("spool")
        if output.json { return try Output.write(json: answer) }
        try Output.write(lines: try bus.reading { () throws(ProtocolError) in try SpoolText.lines(answer) })
      }
    }
  }

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify", abstract: "Read every record of a spool and check it; nothing is changed.",
      usage: "bus spool verify [<options>] [<directory>]",
      discussion: """
        Works without busd. Beside a busd at work the end of the last segment \
        may look torn: it is being written.

        EXAMPLE  bus spool verify /var/lib/bus/spool
        """)

    @Argument(help: "The directory of the segments; else 'spool' in the state directory.")
    var directory: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let path = directory ?? Self.defaultDirectory
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
        throw CommandError(
          .configuration, "there is no spool: no directory \(path)", where: path,
          help: "name it: bus spool verify DIRECTORY; a running busd tells it: bus spool stat")
      }
      let verification = try Self.verified(path)
      if output.json {
        try Output.write(json: VerificationText.json(verification, directory: path))
      } else {
        try Output.write(lines: VerificationText.lines(verification, time: output.timeText))
      }
      guard verification.isSound else {
        throw CommandError(
          .damagedSpool, "the spool is damaged: \(Brief.count(verification.problems.count, "problem"))", where: path,
          help: "keep a copy of the directory before anything else; the events before the first problem are good")
      }
    }

    private static var defaultDirectory: String {
      BusDirectories(environment: ProcessEnvironment.all, userID: getuid()).state + "/spool"
    }

    private static func verified(_ path: String) throws -> SpoolVerification {
      do { return try SpoolVerification(directory: path) } catch {
        throw CommandError(.damagedSpool, error.message, where: path, help: "check the directory and its permissions")
      }
    }
  }
}
