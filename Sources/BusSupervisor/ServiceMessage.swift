/// What a process says about itself to its `NOTIFY_SOCKET`: one datagram, lines of `NAME=value`, as sd_notify(3) has it.
struct ServiceMessage: Equatable {
  /// The longest message, and the longest status, in bytes.
  static let maximumByteCount = 4096
  static let maximumStatusByteCount = 200

  /// It is up.
  var isReady = false
  /// It gives itself up: it is to be treated as stuck.
  var isTrigger = false
  /// How many jobs it has done.
  var jobs: Int?
  /// What it is doing, in its own words.
  var status: String?

  /// Reads a datagram; what is not known is passed over.
  init(_ bytes: some Collection<UInt8>) {
    for line in bytes.prefix(ServiceMessage.maximumByteCount).split(separator: UInt8(ascii: "\n")) {
      let text = String(decoding: line, as: UTF8.self)
      switch text {
      case "READY=1": isReady = true
      case "WATCHDOG=trigger": isTrigger = true
      default: break
      }
      if text.hasPrefix("X_BUS_JOBS=") { jobs = Int(text.dropFirst(11)) ?? jobs }
      guard text.hasPrefix("STATUS=") else { continue }
      var words = text.dropFirst(7)
      while words.utf8.count > ServiceMessage.maximumStatusByteCount { words.removeLast() }
      status = String(words)
    }
  }
}
