package import BusProtocol

/// Decides what of an outbox goes next to busd: in order, within a window, back to where busd says after a hole.
package struct Carrier {
  /// Messages that may be unanswered.
  static let window = 16
  /// The most bytes and records of one message.
  package static let maximumByteCount = 256 << 10
  package static let maximumRecordCount = 2000
  /// How long it waits where trying again at once would only repeat what just failed.
  static let pause: Duration = .seconds(1)

  /// Everything up to here was sent.
  package private(set) var sent: Offset
  /// Everything up to here is on busd's disk.
  package private(set) var acknowledged: Offset
  /// Answers of messages from before a rewind say nothing about what is sent now.
  package private(set) var generation = 0
  package private(set) var pausedUntil: ContinuousClock.Instant?
  private var outstanding = 0
  /// The highest sequence that busd confirmed since the last rewind. Until it confirms something only one message goes:
  /// to a busd that does not know the publisher yet, whatever comes first is its beginning.
  private var confirmed: Offset?
  /// Where the last rewind went, until busd confirms something: going there twice in a row is no progress.
  private var lastRewind: Offset?

  package init(acknowledged: Offset) {
    self.acknowledged = acknowledged
    sent = acknowledged
  }

  /// Whether nothing can go before an answer comes or the pause is over, whatever is published meanwhile.
  package var isBlocked: Bool { pausedUntil != nil || outstanding >= openWindow }

  private var openWindow: Int { confirmed == nil ? 1 : Carrier.window }

  /// Whether a message may go now, given where the outbox ends.
  package mutating func wantsToSend(head: Offset, now: ContinuousClock.Instant) -> Bool {
    if let until = pausedUntil {
      guard now >= until else { return false }
      pausedUntil = nil
    }
    return sent < head && outstanding < openWindow
  }

  /// A message went off with everything up to here.
  package mutating func didSend(through: Offset) {
    sent = through
    outstanding += 1
  }

  /// busd has everything up to here on disk; true when that is news.
  package mutating func carried(through: Offset, generation: Int, now: ContinuousClock.Instant) -> Bool {
    let isNews = through > acknowledged
    acknowledged = max(acknowledged, through)
    guard generation == self.generation else {
      sent = max(sent, acknowledged)
      return isNews
    }
    outstanding -= 1
    confirmed = max(confirmed ?? .zero, through)
    lastRewind = nil
    // All is answered, and less is on disk than was sent: the rest has to go again.
    if outstanding == 0, let confirmed, confirmed < sent { rewind(to: confirmed, pausingFrom: now) }
    return isNews
  }

  /// busd did not take a message: what it expects, or what follows the last acknowledgement, goes again.
  package mutating func refused(_ refusal: Refusal, generation: Int, now: ContinuousClock.Instant) {
    guard generation == self.generation else { return }
    // Never forward: what busd has not confirmed is not left out.
    let place = refusal.expected.map { min(Offset(max($0, 1) - 1), sent) } ?? acknowledged
    let isHole = refusal.code == "gap" && lastRewind != place
    rewind(to: place, pausingFrom: isHole ? nil : now, for: refusal.retryAfter)
    lastRewind = place
  }

  private mutating func rewind(
    to place: Offset, pausingFrom now: ContinuousClock.Instant?, for pause: Duration? = nil
  ) {
    generation += 1
    outstanding = 0
    confirmed = nil
    sent = place
    pausedUntil = now.map { $0 + (pause ?? Carrier.pause) }
  }
}
