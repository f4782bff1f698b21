public import BusProtocol

/// What a publication leaves in the publisher's hands: its id, and a way to wait for busd's disk.
public struct Receipt: Sendable {
  /// The event's name for ever.
  public let id: EventID

  /// Where the event is.
  enum Place {
    case outbox(OutboxCarrier, UInt64)
    case inline(InlineBus)
    case suppressed
    case discarded(BusError)
    case refused(BusError)
  }

  /// Who has an event.
  public enum Taker: String, Hashable, Sendable {
    /// This process's outbox, and soon busd.
    case outbox
    /// The engines in this process.
    case inline
    /// Nobody: the environment is ``BusEnvironment/suppress``.
    case suppressed
    /// Nobody: it could not be kept, and ``Fallback/discard`` gave it up.
    case discarded
    /// Nobody: it could not be kept, and ``Receipt/stored(timeout:)`` says why.
    case refused
  }

  private let place: Place

  init(id: EventID, place: Place) {
    self.id = id
    self.place = place
  }

  /// Who took the event.
  public var taker: Taker {
    switch place {
    case .outbox: .outbox
    case .inline: .inline
    case .suppressed: .suppressed
    case .discarded: .discarded
    case .refused: .refused
    }
  }

  /// Returns when the event is on busd's disk; where engines run in this process, when the work is done.
  ///
  /// ```swift
  /// try await bus.publish("order_placed", ["id": 42]).stored()
  /// ```
  /// Throws when the event could not be kept at all, also when it was discarded, `denied` when this process may not
  /// publish it, or `job_failed` when work in this process failed; else `timeout`, `cancelled` or `stopped`, which leave it in the
  /// outbox, from where it goes on trying.
  public func stored(timeout: Duration = .seconds(10)) async throws(BusError) {
    switch place {
    case .outbox(let carrier, let sequence): try await stored(carrier, sequence, timeout: timeout)
    case .inline(let bus): do { try await bus.settle() } catch { throw BusError(caught: error) }
    case .suppressed: return
    case .discarded(let error), .refused(let error): throw error
    }
  }

  private func stored(_ carrier: OutboxCarrier, _ sequence: UInt64, timeout: Duration) async throws(BusError) {
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
    case .denied(let error): throw error
    case .stopped:
      throw BusError(
        code: "stopped", "the client stopped before busd had event \(id)",
        help: "it is in the outbox: the next process of this service sends it")
    }
  }
}
