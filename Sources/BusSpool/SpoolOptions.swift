/// How a log's files are made and how far they may grow.
public struct SpoolOptions: Sendable {
  /// The length of a segment, 1 MiB to 1 GiB; only a single group that is longer makes a longer one.
  public var segmentByteCount: Int {
    didSet { segmentByteCount = SpoolOptions.clamped(segmentByteCount) }
  }
  /// Whether a segment's room is reserved when it is made: a sync then has less to write.
  public var preallocates: Bool
  /// Whether a full segment is on disk before the next one begins: the log then refuses to open with a damage that no
  /// torn write explains. Without, appending never waits for the disk, a power cut can take any of the last segments,
  /// and the log goes on before the first that is damaged.
  public var syncsSegments: Bool
  /// Whether events are copied into the segment's memory instead of written by a call: for many small groups.
  public var isMapped: Bool
  /// Room that is left to others; nil uses the file system to its end.
  public var reserve: DiskReserve?
  /// Whether the log is opened to read only: nothing is locked, cut, made or removed.
  public var isReadOnly: Bool
  /// Whether topics are numbered and repeats of publishers known: a spool does, an outbox does not.
  public var tracksState: Bool
  /// Whether an event of a publisher and topic that stand before it is written short: a third less of the disk, and more
  /// work for who writes and who reads.
  public var writesShort: Bool
  /// The most bytes that all segments may have; nil for no limit.
  public var maximumByteCount: Int?

  /// Whether the file of a segment that is not needed any more becomes the next one's. Never where a damage has to be
  /// told from a torn write: what a reused file holds behind its end would be neither.
  var reusesSegments: Bool { isMapped && !syncsSegments }

  /// Options; by default those of a spool.
  public init(
    segmentByteCount: Int = 64 << 20, preallocates: Bool = true, syncsSegments: Bool = true,
    isMapped: Bool = false, reserve: DiskReserve? = DiskReserve(), isReadOnly: Bool = false, tracksState: Bool = true,
    writesShort: Bool = true, maximumByteCount: Int? = nil
  ) {
    self.segmentByteCount = SpoolOptions.clamped(segmentByteCount)
    self.preallocates = preallocates
    self.syncsSegments = syncsSegments
    self.isMapped = isMapped
    self.reserve = reserve
    self.isReadOnly = isReadOnly
    self.tracksState = tracksState
    self.writesShort = writesShort
    self.maximumByteCount = maximumByteCount
  }

  /// Those of a publisher's outbox: small, numbered by itself, bounded, and read but once.
  ///
  /// - Parameter syncs: whether what is in it has to outlive a power cut, and not only its process.
  public static func outbox(maximumByteCount: Int, syncs: Bool) -> SpoolOptions {
    SpoolOptions(
      segmentByteCount: min(8 << 20, maximumByteCount / 4), preallocates: false, syncsSegments: syncs, isMapped: true,
      reserve: nil, tracksState: false, writesShort: false, maximumByteCount: maximumByteCount)
  }

  private static func clamped(_ byteCount: Int) -> Int { min(max(byteCount, 1 << 20), 1 << 30) }
}
