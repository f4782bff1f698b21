public import BusProtocol

/// An append-only log of events in segment files: the writer, of which there is one to a directory.
///
/// Events are appended to a group in memory and committed together: one write, one sync. Only then do readers see
/// them. A group that cannot be written is dropped as a whole, as if it had never been appended, and the log goes on
/// once there is room; a sync that failed ends the log for this process.
///
/// A spool belongs to one thread at a time. Its ``reader()`` may be used on any.
///
/// What changes with each event is not watched for overlapping accesses: nothing that is called while one lasts has the
/// spool, and the watch was a sixth of what a publication costs.
public final class Spool {
  /// What was found when the log was opened.
  public let recovery: RecoveryReport
  /// The log's name, kept for ever.
  public let logID: LogID
  /// The directory that holds it.
  public var directory: String { files.path }
  /// The last number of each topic and publisher, with what is appended and not committed.
  @exclusivity(unchecked) public internal(set) var state: SpoolState
  /// How many topics and publishers are remembered.
  public var stateLimits = SpoolState.Limits()

  let files: SpoolDirectory
  let options: SpoolOptions
  let log: SpoolLog
  let random: @Sendable () -> UInt64
  /// The segment that is written, with all that was written to it.
  @exclusivity(unchecked) var active: Segment
  /// Bytes of the segments before it.
  @exclusivity(unchecked) var closedByteCount: Int
  /// The group: records in the form of the wire, with the offsets from ``Segment/last`` of ``active`` on.
  @exclusivity(unchecked) var group: [UInt8] = []
  @exclusivity(unchecked) var encoder = SegmentEncoder()
  @exclusivity(unchecked) var groupLast: Offset
  @exclusivity(unchecked) var groupTime: Timestamp
  /// On disk, whatever happens.
  @exclusivity(unchecked) public internal(set) var durable: Offset
  @exclusivity(unchecked) var isSealed: Bool
  /// Why nothing more is taken, once that is so.
  @exclusivity(unchecked) package internal(set) var failure: SpoolError?
  private var lock: DirectoryLock?
  @exclusivity(unchecked) var reserveCheck = ReserveCheck()
  var spares = SpareSegments()
  @exclusivity(unchecked) var trail = CacheTrail()

  /// The most bytes in a group; beyond it comes a commit first.
  public static let maximumGroupByteCount = 64 << 20

  /// Opens the log of a directory, or makes one there.
  ///
  /// - Parameters:
  ///   - now: the moment, for a log that is made.
  ///   - random: the source of chance for ids and salts.
  public init(
    directory: String, options: SpoolOptions = SpoolOptions(), disk: any Disk = RealDisk(), now: Timestamp,
    random: @escaping @Sendable () -> UInt64
  ) throws(SpoolError) {
    let files = SpoolDirectory(path: directory, disk: disk)
    if !options.isReadOnly {
      try files.make()
      lock = try DirectoryLock(files)
    }
    let recovered = try Recovery(files, options: options)
    var (report, segments) = (recovered.report, recovered.segments)
    if segments.isEmpty {
      guard !options.isReadOnly else {
        throw SpoolError(.notFound, "there is no log in \(directory); name its directory")
      }
      let header = SegmentHeader(
        log: LogID(at: now, random: (random(), random())), salt: Spool.salt(random, after: 0), base: Offset(1),
        createdAt: now, hasShortRecords: options.writesShort)
      segments = [try Spool.makeSegment(header, in: files, options: options)]
      (report.isNew, report.segmentCount) = (true, 1)
    }
    active = segments.removeLast()
    (self.files, self.options, self.random, recovery, state) = (files, options, random, report, recovered.state)
    logID = active.header.log
    closedByteCount = segments.reduce(0) { $0 + $1.end }
    (durable, groupLast, groupTime) = (active.last, active.last, active.lastTime)
    isSealed = report.isSealed || report.isNew
    log = SpoolLog(files, SpoolLog.View(closed: segments, active: active, durable: active.last))
  }

  /// The last event that was appended, on disk or not.
  public var head: Offset { groupLast }
  /// The offset of the next event.
  public var next: Offset { groupLast.next }

  /// Reads the log on any thread, also after the writer was closed.
  public func reader() -> SpoolReader { SpoolReader(log) }

  /// The last number that was taken of a publisher; nil when it is not known.
  public func lastSequence(of publisher: PublisherID) -> UInt64? { state.lastSequence(of: publisher) }

  /// Lets the directory go. What was appended and not committed is dropped.
  ///
  /// Seal before, to say that the end is the end.
  public func close() {
    guard lock != nil else { return }
    dropGroup()
    lock = nil
    failure = failure ?? SpoolError(.closed, "the log in \(directory) was closed; open it anew")
  }

  /// Closes the log and removes it from the disk, with its directory if nothing else is in it.
  public func removeAll() throws(SpoolError) {
    try requireWritable()
    let view = log.view
    failure = SpoolError(.closed, "the log in \(directory) was removed; open a new one")
    for number in 0..<view.count { try files.removeSegment(view[number].base) }
    try spares.removeAll(in: files)
    try files.remove(SpoolDirectory.headName)
    // The lock's file goes last: until then nobody takes the directory for one that lies idle.
    try files.remove(SpoolDirectory.lockName)
    close()
    try files.removeIfEmpty()
  }

  /// Takes nothing any more: a file beside the log could not be synced, and so its disk is not to be trusted.
  package func fail(_ error: SpoolError) { failure = failure ?? error }

  func requireWritable() throws(SpoolError) {
    if let failure { throw failure }
    guard !options.isReadOnly else {
      throw SpoolError(.readOnly, "the log in \(directory) was opened for reading; open it to write")
    }
  }

  /// Forgets what was appended since the last commit.
  func dropGroup() {
    group.removeAll(keepingCapacity: true)
    state.rollBack()
    encoder.forgetLeaders()
    groupLast = active.last
    groupTime = active.lastTime
  }
}
