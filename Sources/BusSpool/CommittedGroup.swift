public import BusProtocol

/// What one commit brought to disk, in the form of the wire.
public struct CommittedGroup: Hashable, Sendable {
  /// The records, one behind the other, as a reader gets them: salt zero, offsets and sequences final.
  public var bytes: [UInt8]
  /// The first event; one past ``last`` when nothing was appended.
  public var first: Offset
  /// The last event.
  public var last: Offset

  /// The number of events.
  public var count: Int { Int(last.rawValue &+ 1 &- first.rawValue) }
  /// Whether nothing was appended.
  public var isEmpty: Bool { bytes.isEmpty }
}
