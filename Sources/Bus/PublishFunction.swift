public import BusProtocol
internal import Logging
internal import Synchronization

/// Publishes an event: `publish("user_changed", ["id": 42])`. Never waits for the network, never throws.
///
/// Goes through the task's client (``BusClient/current``), else through one that is made from the environment at the
/// first call and lives as long as the process. Nil when that one has no place for its outbox: said in the log, counted.
@discardableResult
public func publish(_ topic: Topic, _ data: JSONObject = [:]) -> Receipt? {
  guard let client = BusClient.current ?? ProcessClient.shared else {
    ProcessClient.countLost(topic)
    return nil
  }
  return client.publish(topic, data)
}

/// The client of those who never made one.
private enum ProcessClient {
  private static let logger = Logger(label: "bus")
  private static let lostCount = Atomic<Int>(0)

  static let shared: BusClient? = {
    do { return try BusClient(BusConfiguration.fromEnvironment()) } catch {
      logger.critical("nothing can be published", metadata: ["error": "\(error)"])
      return nil
    }
  }()

  /// Said once for each power of two, so that the log is not filled.
  static func countLost(_ topic: Topic) {
    let count = lostCount.wrappingAdd(1, ordering: .relaxed).newValue
    guard count & (count - 1) == 0 else { return }
    logger.error(
      "an event was not published: there is no outbox", metadata: ["event.topic": "\(topic)", "count": "\(count)"])
  }
}
