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
    let bytes = JSONValue.object(data).bytes
    let publication = try middleware.prepare(topic, bytes, dueAt: time)
    let announcement = Announcement(
      id: id, topic: publication?.topic ?? topic, data: publication?.data ?? bytes, dueAt: time,
      headers: (publication?.context ?? .current).headers(source: configuration.source))
    switch route {
    case .busd(let connection):
      let reply = try await connection.link.request(timeout: timeout) {
        .announce(request: $0, announcement: announcement)
      }
      guard case .announced = reply else { throw BusClient.unexpected(reply) }
    case .inline(let bus): do { try bus.announce(announcement) } catch { throw BusError(caught: error) }
    case .nowhere: tally.suppress(())
    case .unconnected: throw unconnected
    }
    return id
  }

  /// The same, so long from now.
  @discardableResult
  public func publish(
    _ topic: Topic, _ data: JSONObject = [:], in delay: Duration, timeout: Duration = .seconds(10)
  ) async throws(BusError) -> EventID {
    try await publish(topic, data, at: now() + delay, timeout: timeout)
  }

  /// Takes back events to come. Returns those that were; the others are published already, or never were.
  @discardableResult
  public func withdraw(_ ids: [EventID], timeout: Duration = .seconds(10)) async throws(BusError) -> [EventID] {
    switch route {
    case .busd(let connection):
      let reply = try await connection.link.request(timeout: timeout) { .withdraw(request: $0, ids: ids) }
      guard case .withdrawn(_, let withdrawn) = reply else { throw BusClient.unexpected(reply) }
      return withdrawn
    case .inline(let bus): do { return try bus.withdraw(ids) } catch { throw BusError(caught: error) }
    case .nowhere: return []
    case .unconnected: throw unconnected
    }
  }
}
