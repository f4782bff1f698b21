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

/// `bus spool repair`
struct RepairSpool: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repair", abstract: "Make a sound copy of a damaged spool, and say what is lost.",
    usage: "bus spool repair [<options>] [<directory>]",
    discussion: """
      The spool itself is never changed, and no busd may be at work on it. \
      Every event that is whole keeps its offset. Where one is lost, the copy has \
      an event 'event_lost' in its place, so that no reader passes it in silence. \
      Look at the copy, then put it in the spool's place; --replace does that, \
      and keeps the damaged one beside it.

      EXAMPLES  bus spool repair
                bus spool repair /var/lib/bus/spool --to /mnt/spool --json
      """)

  @OptionGroup var place: SpoolPlace

  @Option(help: ArgumentHelp("Where the copy goes; else beside it, '.repaired'.", valueName: "directory"))
  var to: String?

  @Flag(help: "Put the copy in the spool's place, and keep that as '.damaged'.")
  var replace = false

  @OptionGroup var output: OutputOptions

  func run() async throws {
    let path = try place.path()
    let copy = to ?? "\(path).repaired"
    let words = output.words
    let repair = try SpoolPlace.reading(path, help: "stop its busd, and see that \(copy) is free and has room") {
      () throws(SpoolError) in
      try SpoolRepair(
        of: path, to: copy, now: SystemClock.now(), random: { SystemRandom.word() },
        progress: { done, all in if words.isTerminal { Output.say("segment \(done) of \(all)") } })
    }
    if replace { try put(copy, inPlaceOf: path) }
    let result = replace ? path : copy
    if output.json {
      try Output.write(json: RepairText.json(repair, copy: result))
    } else {
      try Output.write(lines: RepairText.lines(repair, copy: result))
    }
    guard !replace else { return }
    output.remark("Look: bus spool verify \(copy)  Then, with busd stopped: mv it to \(path)")
  }

  /// Two names change, the damaged one first: whatever happens between, both directories are there.
  private func put(_ copy: String, inPlaceOf path: String) throws {
    let damaged = "\(path).damaged"
    guard access(damaged, F_OK) != 0 else {
      throw CommandError(
        .system, "the copy was not put in the spool's place: there is \(damaged) already", where: copy,
        help: "the copy is whole; move the older one away, then: mv \(path) \(damaged) && mv \(copy) \(path)")
    }
    for (from, name) in [(path, damaged), (copy, path)] where rename(from, name) != 0 {
      throw CommandError(
        .system, "\(from) cannot be renamed to \(name): \(String(cString: strerror(errno)))", where: from,
        help: "the copy in \(copy) is whole; rename by hand")
    }
  }
}
