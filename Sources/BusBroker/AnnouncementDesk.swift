internal import BusProtocol

/// Which announced events are on their way to the spool: a bounded number at a time, each once.
struct AnnouncementDesk {
  /// The most that are on their way at once.
  static let limit = 256
  /// How long to wait after the spool refused some: it has no room.
  static let pause: Duration = .seconds(1)

  private var underWay: Set<EventID> = []
  /// When to try again.
  private(set) var retryAt: ContinuousClock.Instant?

  /// Whether those that are due may be taken now.
  func wantsMore(now: ContinuousClock.Instant) -> Bool { underWay.isEmpty && retryAt.map { $0 <= now } ?? true }

  /// Whether an event is on its way: too late to take it back.
  func isUnderWay(_ id: EventID) -> Bool { underWay.contains(id) }

  /// These go to the spool now.
  mutating func taken(_ ids: [EventID]) {
    underWay = Set(ids)
    retryAt = nil
  }

  /// The spool has some, and has refused others.
  mutating func published(_ ids: [EventID], failed: [EventID], now: ContinuousClock.Instant) {
    underWay.subtract(ids)
    underWay.subtract(failed)
    if !failed.isEmpty { self.failed(now: now) }
  }

  /// They could not be had at all.
  mutating func failed(now: ContinuousClock.Instant) { retryAt = now + AnnouncementDesk.pause }
}
