internal import ArgumentParser
internal import BusProtocol

/// `bus spool import`
struct ImportSpool: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Publish exported events again, under their own ids.",
    usage: "bus spool import [<options>]",
    discussion: """
      Reads CloudEvents from standard input, a line each, as 'bus spool export' \
      writes them, and publishes them one after the other in this order. They \
      get offsets of their own. An event of an id that busd knows among its last \
      100,000 is stored once, so what was broken off can be begun again.

      EXAMPLES  cat events.ndjson | bus spool import
                zcat events.ndjson.gz | bus spool import --after-line 5000
      """)

  @Option(help: ArgumentHelp("Pass over so many lines: they were read before.", valueName: "count"))
  var afterLine: Int = 0

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let output = output
    var lines = StandardInputLines()
    var (count, last) = (0, Offset.zero)
    try await Connection.with(connection) { bus in
      while let line = try lines.next() {
        guard lines.number > afterLine else { continue }
        do {
          let (publication, data) = try CloudEventLine.read(line)
          last = try await bus.publish(publication, bytes: data)
        } catch let error as ProtocolError {
          throw failure(.badData, error.message, at: lines.number, help: "correct the line")
        } catch let error as CommandError {
          throw failure(error.code, error.message, at: lines.number, help: error.help)
        }
        count += 1
        if count % 1000 == 0, output.words.isTerminal { Output.say("line \(lines.number), \(last)") }
      }
    }
    try output.write(["events": count.jsonValue, "last": last.rawValue.jsonValue], "\(Brief.count(count, "event"))")
  }

  private func failure(_ code: CommandError.Code, _ message: String, at line: Int, help: String) -> CommandError {
    CommandError(
      code, message, where: "standard input, line \(line)",
      help: "\(help); all before it is on disk, go on with --after-line \(line - 1)")
  }
}
