public import BusProtocol

/// What one read of a log found.
public struct SpoolChunk: Hashable, Sendable {
  /// The records that were wanted, one behind the other, in the form of the wire.
  public var bytes: [UInt8] = []
  /// Their number.
  public var count = 0
  /// How far the read looked: go on from here. Past the last record in ``bytes`` where those behind it were not wanted.
  public var through: Offset
  /// The last event of the log.
  public var head: Offset
  /// The oldest event that is kept.
  public var first: Offset
  /// What was asked for and is no longer kept; the read began behind it.
  public var missing: ClosedRange<Offset>?

  /// Whether there is more to read.
  public var isBehind: Bool { through < head }
}

/// The size of a log, for people.
public struct SpoolStatus: Hashable, Sendable {
  /// Where it is.
  public var directory: String
  /// How many segments it has.
  public var segments: Int
  /// Their bytes.
  public var byteCount: Int
  /// The oldest event that is kept; one past ``last`` in an empty log.
  public var first: Offset
  /// The last event.
  public var last: Offset
  /// When the last event was recorded.
  public var lastTime: Timestamp
  /// What the file system has left.
  public var freeByteCount: Int
}
