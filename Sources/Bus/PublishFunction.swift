public import BusProtocol
internal import Logging
internal import Synchronization

/// Publishes an event: `publish("user_changed", ["id": 42])`. Never waits for the network, never throws.
///
/// Goes through the task's client (``BusClient/current``), else through one that is made from the environment at the
/// first call and lives as long as the process.
@discardableResult
public func publish(_ topic: Topic, _ data: JSONObject = [:]) -> Receipt? {
  (BusClient.current ?? ProcessClient.shared)?.publish(topic, data)
}

/// The client of those who never made one.
private enum ProcessClient {
  static let shared: BusClient? = {
    do { return try BusClient(BusConfiguration.fromEnvironment()) } catch {
      Logger(label: "bus").critical("nothing can be published", metadata: ["error": "\(error)"])
      return nil
    }
  }()
}
