public import BusProtocol

/// What a publication leaves in the publisher's hands: its id, and a way to wait for busd's disk.
public struct Receipt: Sendable {
  /// The event's name for ever.
  public let id: EventID

  private let carrier: OutboxCarrier
  private let sequence: UInt64
  private let failure: BusError?

  init(id: EventID, carrier: OutboxCarrier, sequence: UInt64, failure: BusError?) {
    self.id = id
    self.carrier = carrier
    self.sequence = sequence
    self.failure = failure
  }

  /// Returns when the event is on busd's disk.
  ///
  /// ```swift
  /// try await bus.publish("order_placed", ["id": 42]).stored()
  /// ```
  /// Throws when the event could not be kept at all; else `timeout`, `cancelled` or `stopped`, which leave it in the
  /// outbox, from where it goes on trying.
  public func stored(timeout: Duration = .seconds(10)) async throws(BusError) {
    if let failure { throw failure }
    switch await carrier.stored(sequence, by: .now + timeout) {
    case .stored: return
    case .late:
      throw BusError(
        code: "timeout", "event \(id) is not on busd's disk within \(timeout)",
        help: "it is in the outbox and goes on trying; look at busd")
    case .cancelled:
      throw BusError(
        code: "cancelled", "nobody waits any more for event \(id) to come to busd's disk",
        help: "it is in the outbox and goes on trying")
    case .stopped:
      throw BusError(
        code: "stopped", "the client stopped before busd had event \(id)",
        help: "it is in the outbox: the next process of this service sends it")
    }
  }
}
