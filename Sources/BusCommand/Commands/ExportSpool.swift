internal import ArgumentParser
internal import BusProtocol
internal import BusSpool

/// `bus spool export`
struct ExportSpool: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a spool's events as CloudEvents, a line each.",
    usage: "bus spool export [<options>] [<directory>]",
    discussion: """
      Works without busd, and beside one at work. Each line has the event's \
      offset: what was broken off goes on with --from and the next one.

      EXAMPLES  bus spool export | gzip > events.ndjson.gz
                bus spool export --topic 'user_*' --from '#1001' --to '#2000'
                bus spool export /mnt/spool --from 2026-01-31 | jq .data
      """)

  @OptionGroup var place: SpoolPlace

  @Option(help: ArgumentHelp("Begin with this one: '#1001', or a time.", valueName: "place"))
  var from: String?

  @Option(help: ArgumentHelp("End with this one: '#2000', or before a time.", valueName: "place"))
  var to: String?

  @Option(help: ArgumentHelp("Only these topics; may be repeated.", valueName: "pattern"), transform: Words.pattern)
  var topic: [TopicPattern] = []

  @OptionGroup var output: OutputOptions

  func run() async throws {
    let path = try place.path()
    let reader = try SpoolPlace.reading(path, help: "make a sound copy: bus spool repair \(path)") {
      () throws(SpoolError) in
      try Spool(
        directory: path, options: SpoolOptions(isReadOnly: true), now: SystemClock.now(),
        random: { SystemRandom.word() }
      ).reader()
    }
    var through = try offset(from, option: "--from", in: reader, path).map { Offset(max($0.rawValue, 1) - 1) } ?? .zero
    let end = try last(in: reader, path)
    var count = 0
    while through < end {
      let chunk = try chunk(after: through, in: reader, path)
      count += try write(chunk, through: end)
      through = chunk.through
    }
    output.remark("\(Brief.count(count, "event")) up to \(min(end, reader.head))")
  }

  private func chunk(after offset: Offset, in reader: SpoolReader, _ path: String) throws -> SpoolChunk {
    let filter = TopicFilter(topic.isEmpty ? ["*"] : topic)
    let chunk = try SpoolPlace.reading(
      path, help: "what came out is good; repair, then go on with --from '#\(offset.rawValue + 1)'"
    ) { () throws(SpoolError) in
      try reader.read(after: offset, maximumByteCount: 1 << 20, maximumCount: 5000) { filter.wants($0) }
    }
    if let missing = chunk.missing, offset > .zero || from != nil {
      Output.say("events \(missing.lowerBound) to \(missing.upperBound) are no longer kept")
    }
    if output.words.isTerminal { Output.say("\(chunk.through) of \(chunk.head)") }
    return chunk
  }

  private func write(_ chunk: SpoolChunk, through end: Offset) throws -> Int {
    let events = try Record.events(chunk.bytes).filter { $0.offset <= end }
    try Output.write(lines: events.map { $0.cloudEvent.text })
    return events.count
  }

  /// The last event that is wanted.
  private func last(in reader: SpoolReader, _ path: String) throws -> Offset {
    guard let to else { return reader.head }
    if case .time(let time) = try TimeArgument.word(to, option: "--to") {
      return try SpoolPlace.reading(path, help: Self.repairHelp) { () throws(SpoolError) in try reader.offset(at: time)
      }
    }
    return min(try offset(to, option: "--to", in: reader, path) ?? reader.head, reader.head)
  }

  /// The event that a word means: that of an offset, or the first of a time.
  private func offset(_ word: String?, option: String, in reader: SpoolReader, _ path: String) throws -> Offset? {
    guard let word else { return nil }
    switch try TimeArgument.word(word, option: option) {
    case .offset(let offset): return offset
    case .time(let time):
      return try SpoolPlace.reading(path, help: Self.repairHelp) { () throws(SpoolError) in
        try reader.offset(at: time).next
      }
    case .event:
      throw CommandError(
        .usage, "'\(word)' is an event's id, and a spool is searched by offset and time", where: option,
        help: "bus why \(word) tells its offset")
    }
  }

  private static let repairHelp = "make a sound copy: bus spool repair"
}
