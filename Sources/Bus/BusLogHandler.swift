internal import BusProtocol
public import Logging

/// Publishes log lines as events: `log_info`, `log_error` …, so that publishing is also the logging.
///
/// ```swift
/// LoggingSystem.bootstrap { label in BusLogHandler(label: label, client: client) }
/// ```
/// Lines that come about while a line is published are left out, and so are those of the bus's own loggers (labels
/// `bus` and `bus.…`, and whatever logger a ``BusClient`` was given): its words never make more of themselves.
public struct BusLogHandler: LogHandler {
  /// The least severe level that is published.
  public var logLevel: Logger.Level = .info
  /// What goes with every line.
  public var metadata: Logger.Metadata = [:]

  private let label: String
  private let client: BusClient
  private let topicPrefix: String

  @TaskLocal private static var isPublishing = false

  /// Marks the lines of a client's own logger, with its service.
  static let ownKey = "bus.service"

  /// Publishes what is logged under a label; topics are the prefix and the level.
  public init(label: String, client: BusClient, topicPrefix: String = "log_") {
    self.label = label
    self.client = client
    self.topicPrefix = topicPrefix
  }

  /// A value that goes with every line.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  private var isOwn: Bool {
    label == "bus" || label.hasPrefix("bus.") || metadata[BusLogHandler.ownKey] != nil
  }

  /// Publishes a line.
  public func log(event: LogEvent) {
    guard !BusLogHandler.isPublishing, !isOwn, let topic = try? Topic("\(topicPrefix)\(event.level)") else { return }
    var data: JSONObject = [
      "message": .string("\(event.message)"), "level": .string("\(event.level)"), "label": .string(label),
    ]
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    if !all.isEmpty {
      data["metadata"] = .object(
        JSONObject(all.sorted { $0.key < $1.key }.map { JSONObject.Member($0.key, .string("\($0.value)")) }))
    }
    data["file"] = .string(event.file)
    data["line"] = .integer(Int64(event.line))
    BusLogHandler.$isPublishing.withValue(true) { _ = client.publish(topic, data) }
  }
}
