public import BusProtocol

/// Makes a sound copy of a damaged log. The log itself is read, locked against a writer, and never changed.
///
/// Whole segments are copied byte by byte, damaged ones are written anew with every event that is whole. Offsets stay as
/// they were: where an event is lost there stands one of topic `event_lost`. A torn end is left out, as opening the log
/// would have cut it.
public struct SpoolRepair: Sendable {
  /// The most losses that are written down one by one. A log with more has lost whole segments, which a copy may have.
  public static let maximumLossCount: UInt64 = 1_000_000

  /// Events that are kept.
  public private(set) var keptCount: UInt64 = 0
  /// What is lost, in order.
  public private(set) var lost: [ClosedRange<Offset>] = []
  /// Segments that were copied as they are.
  public private(set) var copiedSegmentCount = 0
  /// Segments that were written anew.
  public private(set) var rewrittenSegmentCount = 0
  /// Files that were left out, and why.
  public private(set) var ignored: [String] = []
  /// The oldest event of the copy; one past ``last`` in an empty one.
  public private(set) var first = Offset(1)
  /// The last event of the copy.
  public private(set) var last = Offset.zero

  /// How many events are lost.
  public var lostCount: UInt64 { lost.reduce(0) { $0 + ($1.upperBound.rawValue - $1.lowerBound.rawValue) + 1 } }

  private let source: SpoolDirectory
  private let target: SpoolDirectory
  private let lossLimit: UInt64
  private let now: Timestamp
  private let random: @Sendable () -> UInt64
  private var log: LogID
  private var time = Timestamp(microseconds: 0)
  private var lossSequence: UInt64 = 0

  /// Repairs the log of one directory into another one, which must be empty or not be there.
  ///
  /// - Parameter progress: told of each segment that is done, and of how many there are.
  public init(
    of path: String, to copy: String, disk: any Disk = RealDisk(), now: Timestamp,
    random: @escaping @Sendable () -> UInt64, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(SpoolError) {
    try self.init(
      of: path, to: copy, disk: disk, lossLimit: SpoolRepair.maximumLossCount, now: now, random: random,
      progress: progress)
  }

  /// With another limit than ``maximumLossCount``: who repairs a hundred thousand logs has no time for so many.
  package init(
    of path: String, to copy: String, disk: any Disk, lossLimit: UInt64, now: Timestamp,
    random: @escaping @Sendable () -> UInt64, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(SpoolError) {
    source = SpoolDirectory(path: path, disk: disk)
    target = SpoolDirectory(path: copy, disk: disk)
    (self.lossLimit, self.now, self.random) = (lossLimit, now, random)
    log = LogID(at: now, random: (random(), random()))
    let lock = try DirectoryLock(source)
    try withExtendedLifetime(lock) { () throws(SpoolError) in try run(progress) }
  }

  private mutating func run(_ progress: (Int, Int) -> Void) throws(SpoolError) {
    try target.make()
    guard try target.listing().bases.isEmpty else {
      throw SpoolError(.locked, "there is a log in \(target.path) already; name an empty directory")
    }
    let mark = try source.contents(SpoolDirectory.headName)
    let head = mark.flatMap { HeadMark($0) }
    let parts = try readHeaders(head)
    last = Offset((parts.first?.base ?? head?.offset.next ?? Offset(1)).rawValue - 1)
    first = last.next
    for (number, part) in parts.enumerated() {
      let next = number + 1 < parts.count ? parts[number + 1].base : nil
      try fillGap(before: part.base)
      try save(part, before: next)
      progress(number + 1, parts.count)
    }
    try finish(head)
  }

  // MARK: What there is

  /// A file that holds a segment of this log; without a header nothing in it can be read.
  private struct Part {
    var base: Offset
    var header: SegmentHeader?
    var file: DiskFile
  }

  private mutating func readHeaders(_ head: HeadMark?) throws(SpoolError) -> [Part] {
    var parts: [Part] = []
    for base in try source.listing().bases {
      let file = try source.open(SpoolDirectory.segmentName(base), .read)
      let page = try file.read(SegmentHeader.byteCount, at: 0)
      var header = SegmentHeader(page.span.bytes)
      if header == nil { header = try indexedHeader(base) }
      parts.append(Part(base: base, header: header, file: file))
    }
    log = head?.log ?? parts.first { $0.header?.base == $0.base }?.header?.log ?? log
    return parts.filter { part in
      guard let header = part.header, header.base != part.base || header.log != log else { return true }
      let why = header.log == log ? "it holds the events from \(header.base)" : "it belongs to another log"
      ignored.append("\(SpoolDirectory.segmentName(part.base)): \(why)")
      return false
    }
  }

  /// What the side file of a full segment knows of its first page.
  private func indexedHeader(_ base: Offset) throws(SpoolError) -> SegmentHeader? {
    guard let bytes = try source.contents(SpoolDirectory.indexName(base)) else { return nil }
    return SegmentIndex.header(bytes)
  }

  // MARK: Writing

  private mutating func save(_ part: Part, before next: Offset?) throws(SpoolError) {
    guard let header = part.header else { return try rewrite(part, nil, before: next, end: 0) }
    let scan = try SegmentScan(header, file: part.file) { _, _, _ in }
    let isWhole = scan.damage == nil && (next == nil || scan.segment.last.next == next)
    let page = try part.file.read(SegmentHeader.byteCount, at: 0)
    if isWhole, SegmentHeader(page.span.bytes) == header { return try copy(part, scan) }
    var end = try part.file.byteCount()
    // A group that was never finished is no loss: nobody was told of it.
    if next == nil, case .torn = scan.damage { end = scan.segment.end }
    try rewrite(part, header, before: next, end: end)
  }

  private mutating func copy(_ part: Part, _ scan: SegmentScan) throws(SpoolError) {
    let file = try target.open(SpoolDirectory.segmentName(part.base), .replace)
    var position = 0
    while position < scan.segment.end {
      let bytes = try part.file.read(min(1 << 20, scan.segment.end - position), at: position)
      try file.write(bytes.span.bytes, at: position)
      position += bytes.count
    }
    try file.sync()
    try copySide(SpoolDirectory.indexName(part.base))
    // Behind a loss the log's own numbers are counted anew.
    if rewrittenSegmentCount == 0 { try copySide(SpoolDirectory.stateName(part.base)) }
    copiedSegmentCount += 1
    keptCount += UInt64(scan.recordCount)
    (last, time) = (scan.segment.last, max(time, scan.segment.lastTime))
  }

  private func copySide(_ name: String) throws(SpoolError) {
    guard let bytes = try source.contents(name) else { return }
    try target.put(bytes, as: name)
  }

  private mutating func rewrite(
    _ part: Part, _ header: SegmentHeader?, before next: Offset?, end: Int
  ) throws(SpoolError) {
    if rewrittenSegmentCount == 0 { try copySide(SpoolDirectory.stateName(part.base)) }
    var rewrite = try begin(part.base, createdAt: header?.createdAt ?? now)
    if let header {
      var salvage = SegmentSalvage(header, file: part.file, end: end)
      while let (record, bytes) = try salvage.next() {
        if let next, record.offset >= next { break }
        try fill(&rewrite, through: Offset(record.offset.rawValue - 1))
        try rewrite.append(record, bytes)
        keptCount += 1
      }
    }
    if let next { try fill(&rewrite, through: Offset(next.rawValue - 1)) }
    try finish(&rewrite)
  }

  /// Whole segments that are not there.
  private mutating func fillGap(before base: Offset) throws(SpoolError) {
    guard last.next < base else { return }
    var rewrite = try begin(last.next, createdAt: time)
    try fill(&rewrite, through: Offset(base.rawValue - 1))
    try finish(&rewrite)
  }

  private func begin(_ base: Offset, createdAt: Timestamp) throws(SpoolError) -> SegmentRewrite {
    let header = SegmentHeader(log: log, salt: Spool.salt(random, after: 0), base: base, createdAt: createdAt)
    return try SegmentRewrite(header, in: target, after: time, now: now, random: random)
  }

  private mutating func fill(_ rewrite: inout SegmentRewrite, through end: Offset) throws(SpoolError) {
    guard rewrite.segment.last < end else { return }
    let loss = rewrite.segment.last.next...end
    guard lostCount + (end.rawValue - loss.lowerBound.rawValue) < lossLimit else {
      throw SpoolError(
        .corrupt,
        "events \(loss.lowerBound) to \(end) of the log in \(source.path) are missing, more than can be written down "
          + "one by one; restore their segments from a copy first")
    }
    lost.append(loss)
    try rewrite.fill(through: end, sequence: &lossSequence)
  }

  private mutating func finish(_ rewrite: inout SegmentRewrite) throws(SpoolError) {
    try rewrite.finish()
    rewrittenSegmentCount += 1
    (last, time) = (rewrite.segment.last, rewrite.segment.lastTime)
  }

  /// What was on disk behind the last segment is lost too. Then the copy is opened, which proves it, and sealed.
  private mutating func finish(_ head: HeadMark?) throws(SpoolError) {
    if let head, head.log == log {
      if copiedSegmentCount + rewrittenSegmentCount == 0 {
        // Nothing is left of it: the numbers go on behind what was there.
        var rewrite = try begin(last.next, createdAt: now)
        try rewrite.finish()
      } else {
        try fillGap(before: head.offset.next)
      }
    }
    try target.sync()
    let spool = try Spool(
      directory: target.path, options: SpoolOptions(preallocates: false, reserve: nil), disk: target.disk, now: now,
      random: random)
    try spool.seal(now: now)
    spool.close()
  }
}
