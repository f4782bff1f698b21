internal import BusProtocol

/// What listeners are told while nothing is published, and when: it wakes every process that listens.
struct Heartbeat {
  /// So long after a batch at most it says that nothing was missed.
  static let first: Duration = .seconds(1)
  /// So often it comes while nothing is published.
  static let quiet: Duration = .seconds(2)

  /// Where the log ends, and that nothing was in between.
  private(set) var message: LiveMessage
  private var isQuiet = false

  init(log: LogID, through last: Offset) { message = Heartbeat.message(log, last) }

  private static func message(_ log: LogID, _ last: Offset) -> LiveMessage {
    .mark(Mark(log: log, after: last, through: last, counts: [:]))
  }

  /// A batch was published; gives back in what time the next one is due instead, nil where it is soon enough.
  mutating func published(_ mark: Mark) -> Duration? {
    message = Heartbeat.message(mark.log, mark.through)
    defer { isQuiet = false }
    return isQuiet ? Heartbeat.first : nil
  }

  /// It is sent; gives back in what time the next one is due.
  mutating func sent() -> Duration {
    isQuiet = true
    return Heartbeat.quiet
  }
}
