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
  /// Throws when the event could not be kept at all, and `timeout` when busd did not have it in time: then it is still
  /// in the outbox, and goes on trying.
  public func stored(timeout: Duration = .seconds(10)) async throws(BusError) {
    if let failure { throw failure }
    let (carrier, sequence) = (carrier, sequence)
    let isStored = await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        // The error says that the client stopped; then the event is not known to be on busd's disk.
        (try? await carrier.stored(sequence)) != nil
      }
      group.addTask {
        // Cancelled when the other was first.
        try? await Task.sleep(for: timeout)
        return false
      }
      let first = await group.next() ?? false
      group.cancelAll()
      if !first { await carrier.stopWaiting(for: sequence) }
      return first
    }
    guard isStored else {
      throw BusError(
        code: "timeout", "event \(id) is not on busd's disk within \(timeout)",
        help: "it is in the outbox and goes on trying; look at busd")
    }
  }
}
