internal import Logging

/// The library's log as a person at a terminal wants it: warnings and worse, as plain words on standard error.
enum QuietLogger {
  static func make() -> Logger {
    Logger(label: "bus", factory: { _ in QuietLogHandler() })
  }
}

private struct QuietLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.warning

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    let facts = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    Output.say("-- \(Printable.line("\(event.message)\(facts)"))")
  }
}
