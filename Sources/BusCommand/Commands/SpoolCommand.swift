internal import ArgumentParser
internal import BusProtocol
internal import BusSpool

/// `bus spool`: what holds the events.
struct SpoolCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spool", abstract: "Look at the spool, check and repair it.",
    subcommands: [Stat.self, Verify.self, RepairSpool.self, ExportSpool.self, ImportSpool.self])

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

    @OptionGroup var place: SpoolPlace

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let path = try place.path()
      let verification = try SpoolPlace.reading(path, help: "check the directory and its permissions") {
        () throws(SpoolError) in try SpoolVerification(directory: path)
      }
      if output.json {
        try Output.write(json: VerificationText.json(verification, directory: path))
      } else {
        try Output.write(lines: VerificationText.lines(verification, time: output.timeText))
      }
      guard verification.isSound else {
        throw CommandError(
          .damagedSpool, "the spool is damaged: \(Brief.count(verification.problems.count, "problem"))", where: path,
          help: "make a sound copy, which changes nothing here: bus spool repair \(path)")
      }
    }
  }
}
