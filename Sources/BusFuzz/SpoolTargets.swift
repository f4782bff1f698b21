internal import BusProtocol
internal import BusSpool

extension FuzzTarget {
  static let spoolTargets = [
    FuzzTarget("segment", seeds: { try FuzzLog.seeds(of: .spool) }) { try read(FuzzLog($0), as: .spool) },
    FuzzTarget("outbox", seeds: { try FuzzLog.seeds(of: .outbox) }) { try read(FuzzLog($0), as: .outbox) },
  ]

  private static func read(_ log: FuzzLog, as kind: FuzzLog.Kind) throws {
    let disk = FuzzDisk(log.files)
    let verification = try? SpoolVerification(directory: FuzzLog.directory, disk: disk)
    let events: [Event]
    do {
      let spool = try FuzzLog.open(disk, kind)
      // A full segment is not read when its side file is there: what is wrong in it is found by who reads it.
      events = try read(spool.reader())
      if log.segmentCount == 1, kind == .spool {
        try require(verification?.isSound ?? false, "a log opens that is not sound")
      }
      _ = try spool.append(FuzzSeeds.plainEvent, now: FuzzSeeds.time)
      _ = try spool.commit()
      try spool.seal(now: FuzzSeeds.time)
      spool.close()
    } catch {
      try repair(disk, kind)
      throw error
    }
    let again = try succeed("a log that was written does not open") { try FuzzLog.open(disk, kind) }
    let after = try succeed("a log that was written cannot be read") { try read(again.reader()) }
    try require(after.count == events.count + 1 && after.starts(with: events), "a log forgets or invents events")
  }

  /// All events; one that is no event any more counts as damage.
  private static func read(_ reader: SpoolReader) throws -> [Event] {
    var (events, after): ([Event], Offset) = ([], .zero)
    while true {
      let chunk = try reader.read(after: after, maximumByteCount: 1 << 20, maximumCount: 100) { _ in true }
      events += try Record.events(chunk.bytes)
      try require(chunk.through >= after, "a reader goes back")
      guard chunk.isBehind else { break }
      try require(chunk.through > after, "a reader stands still")
      after = chunk.through
    }
    for (one, next) in zip(events, events.dropFirst()) {
      try require(one.offset < next.offset, "events are out of order")
    }
    _ = try reader.offset(at: FuzzSeeds.time)
    if let first = events.first { _ = try reader.event(at: first.offset) }
    return events
  }

  /// A gap costs its input two bytes, and a repair a record for each event that is missing.
  private static let lossLimit: UInt64 = 300

  /// What is repaired opens.
  private static func repair(_ disk: FuzzDisk, _ kind: FuzzLog.Kind) throws(Breach) {
    let copy = "/copy"
    do {
      _ = try SpoolRepair(
        of: FuzzLog.directory, to: copy, disk: disk, lossLimit: lossLimit, now: FuzzSeeds.time, random: { 7 })
    } catch {
      return
    }
    let spool = try succeed("a repaired log does not open") { try FuzzLog.open(disk, kind, directory: copy) }
    let sound = try succeed("a repaired log cannot be verified") {
      try SpoolVerification(directory: copy, disk: disk).isSound
    }
    try require(sound, "a repaired log is not sound")
    spool.close()
  }
}
