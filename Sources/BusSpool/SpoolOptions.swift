/// How a log's files are made and how far they may grow.
public struct SpoolOptions: Sendable {
  /// The length of a segment, 1 MiB to 1 GiB; only a single group that is longer makes a longer one.
  public var segmentByteCount: Int {
    didSet { segmentByteCount = SpoolOptions.clamped(segmentByteCount) }
  }
  /// Whether a segment's room is reserved when it is made: a sync then has less to write.
  public var preallocates: Bool
  /// Room that is left to others; nil uses the file system to its end.
  public var reserve: DiskReserve?
  /// Whether the log is opened to read only: nothing is locked, cut, made or removed.
  public var isReadOnly: Bool
  /// Whether topics are numbered and repeats of publishers known: a spool does, an outbox does not.
  public var tracksState: Bool
  /// The most bytes that all segments may have; nil for no limit.
  public var maximumByteCount: Int?

  /// Options; by default those of a spool.
  public init(
    segmentByteCount: Int = 64 << 20, preallocates: Bool = true, reserve: DiskReserve? = DiskReserve(),
    isReadOnly: Bool = false, tracksState: Bool = true, maximumByteCount: Int? = nil
  ) {
    self.segmentByteCount = SpoolOptions.clamped(segmentByteCount)
    self.preallocates = preallocates
    self.reserve = reserve
    self.isReadOnly = isReadOnly
    self.tracksState = tracksState
    self.maximumByteCount = maximumByteCount
  }

  /// Those of a publisher's outbox: small, numbered by itself, and bounded.
  public static func outbox(maximumByteCount: Int) -> SpoolOptions {
    SpoolOptions(
      segmentByteCount: min(8 << 20, maximumByteCount / 4), preallocates: false, reserve: nil, tracksState: false,
      maximumByteCount: maximumByteCount)
  }

  private static func clamped(_ byteCount: Int) -> Int { min(max(byteCount, 1 << 20), 1 << 30) }
}
