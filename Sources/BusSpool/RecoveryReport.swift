public import BusProtocol

/// What was found when a log was opened.
public struct RecoveryReport: Hashable, Sendable {
  /// Whether there was no log, and one was made.
  public internal(set) var isNew = false
  /// Segments that hold the log.
  public internal(set) var segmentCount = 0
  /// Records that were read to open it.
  public internal(set) var scannedRecordCount = 0
  /// The oldest event that is kept; one past ``last`` in an empty log.
  public internal(set) var first = Offset(1)
  /// The last event.
  public internal(set) var last = Offset.zero
  /// Whether the log ends with a seal: it was left idle or closed, not killed at work.
  public internal(set) var isSealed = false
  /// Bytes of a group that was never finished, and were cut away; nobody was told that they are on disk.
  public internal(set) var tornByteCount = 0
  /// Segments behind a damaged place of a log that does not sync them, removed with it: a power cut took their events.
  public internal(set) var lostSegmentCount = 0
  /// Side files that were missing or doubtful, and were made again from the segments.
  public internal(set) var rebuiltIndexCount = 0
  /// Files that a crash left over, and were removed.
  public internal(set) var leftoverCount = 0
}
