internal import BusProtocol

/// Decides what of an outbox goes next to busd: in order, within a window, back to where busd says after a hole.
struct Carrier {
  /// Messages that may be unanswered.
  static let window = 16
  /// The most bytes and records of one message.
  static let maximumByteCount = 256 << 10
  static let maximumRecordCount = 2000

  /// Everything up to here was sent.
  private(set) var sent: Offset
  /// Everything up to here is on busd's disk.
  private(set) var acknowledged: Offset
  private var outstanding = 0
  /// Answers of messages from before a rewind say nothing about what is sent now.
  private(set) var generation = 0
  private(set) var pausedUntil: ContinuousClock.Instant?

  init(acknowledged: Offset) {
    self.acknowledged = acknowledged
    sent = acknowledged
  }

  var isIdle: Bool { outstanding == 0 && pausedUntil == nil }

  /// Whether a message may go now, given where the outbox ends.
  mutating func wantsToSend(head: Offset, now: ContinuousClock.Instant) -> Bool {
    if let until = pausedUntil {
      guard now >= until else { return false }
      pausedUntil = nil
    }
    return sent < head && outstanding < Carrier.window
  }

  /// A message went off with everything up to here.
  mutating func didSend(through: Offset) {
    sent = through
    outstanding += 1
  }

  /// busd has everything up to here on disk; true when that is news.
  mutating func carried(through: Offset, generation: Int) -> Bool {
    if generation == self.generation { outstanding -= 1 }
    guard through > acknowledged else { return false }
    acknowledged = through
    sent = max(sent, through)
    return true
  }

  /// busd did not take a message: what it expects, or what follows the last acknowledgement, goes again after a pause.
  mutating func refused(_ refusal: Refusal, generation: Int, now: ContinuousClock.Instant) {
    guard generation == self.generation else { return }
    self.generation += 1
    outstanding = 0
    sent = refusal.expected.map { Offset(max($0, 1) - 1) } ?? acknowledged
    if refusal.code != "gap" { pausedUntil = now + (refusal.retryAfter ?? .seconds(1)) }
  }
}
