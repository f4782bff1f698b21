internal import BusProtocol

extension Spool {
  /// Makes a segment's file: whole under its name, and the name on disk, before anything in it can be acknowledged.
  static func makeSegment(
    _ header: SegmentHeader, in files: SpoolDirectory, options: SpoolOptions
  ) throws(SpoolError) -> Segment {
    let file = try files.put(
      header.bytes, as: SpoolDirectory.segmentName(header.base),
      allocating: options.preallocates ? options.segmentByteCount : 0,
      mapping: options.isMapped ? options.segmentByteCount : nil, syncing: options.syncsSegments)
    if options.syncsSegments { try files.sync() }
    return Segment(header, file: file)
  }

  /// A segment's salt: by chance, never zero, never the one before.
  static func salt(_ random: () -> UInt64, after previous: UInt32) -> UInt32 {
    let salt = UInt32(truncatingIfNeeded: random())
    return salt == 0 || salt == previous ? (previous &+ 0x9E37_79B9) | 1 : salt
  }

  /// Begins the next segment. The group that waits will be the first in it.
  ///
  /// Where segments are synced, the full one is on disk before the next has a name: only the last segment can have a
  /// torn end.
  func rollOver() throws(SpoolError) {
    if options.syncsSegments { try syncActive() }
    state.evict(stateLimits, now: groupTime)
    var before = state
    before.rollBack()
    var full = active
    let header = SegmentHeader(
      log: logID, salt: Spool.salt(random, after: full.header.salt), base: full.last.next, createdAt: full.lastTime,
      hasShortRecords: options.writesShort)
    if options.tracksState {
      try files.put(before.bytes(log: logID, base: header.base), as: SpoolDirectory.stateName(header.base))
    }
    if let spare = try spares.segment(header, in: files) {
      active = spare
    } else {
      active = try Spool.makeSegment(header, in: files, options: options)
    }
    let file = full.file
    full.file = nil
    log.add(active, closing: full)
    closedByteCount += full.end
    try file?.truncate(to: full.end)
    if options.reusesSegments, let file { spares.keep(file, of: full.base) }
    // Segments that may be torn are read through when the log is opened: nothing would be saved.
    guard options.syncsSegments else { return }
    let topics = before.topics.filter { $0.value.offset >= full.base }.mapValues(\.time)
    try files.put(SegmentIndex(full, topics: topics).bytes, as: SpoolDirectory.indexName(full.base))
  }
}
