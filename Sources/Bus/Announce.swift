public import BusProtocol

extension BusClient {
  /// Publishes an event later: busd keeps it on disk, and publishes it under the id that is returned.
  ///
  /// ```swift
  /// let id = try await bus.publish("trial_ended", ["id": 42], at: end)
  /// ```
  /// Asked again until busd answers, under one id. Throws `timeout` when it did not answer in time: then the event may
  /// still come to be. A time in the past is now.
  @discardableResult
  public func publish(
    _ topic: Topic, _ data: JSONObject = [:], at time: Timestamp, timeout: Duration = .seconds(10)
  ) async throws(BusError) -> EventID {
    let id = nextEventID()
    let announcement = Announcement(
      id: id, topic: topic, data: JSONValue.object(data).bytes, dueAt: time,
      headers: BusContext.current.headers(source: configuration.source, event: id))
    let reply = try await link.request(timeout: timeout) { .announce(request: $0, announcement: announcement) }
    guard case .announced = reply else { throw BusClient.unexpected(reply) }
    return id
  }

  /// The same, so long from now.
  @discardableResult
  public func publish(
    _ topic: Topic, _ data: JSONObject = [:], in delay: Duration, timeout: Duration = .seconds(10)
  ) async throws(BusError) -> EventID {
    try await publish(topic, data, at: configuration.now() + delay, timeout: timeout)
  }

  /// Takes back events to come. Returns those that were; the others are published already, or never were.
  @discardableResult
  public func withdraw(_ ids: [EventID], timeout: Duration = .seconds(10)) async throws(BusError) -> [EventID] {
    let reply = try await link.request(timeout: timeout) { .withdraw(request: $0, ids: ids) }
    guard case .withdrawn(_, let withdrawn) = reply else { throw BusClient.unexpected(reply) }
    return withdrawn
  }
}
