internal import BusProtocol
internal import BusSpool

/// What comes to the spool loop.
enum SpoolItem: Sendable {
  /// A `carry` or `publish` of a session, in its frames.
  case message(SessionID, frames: [[UInt8]])
  /// An event that was announced, and whose time has come.
  case announced(Announcement)
  /// A message of a plain PUB socket: topic and data, nobody waits for an answer.
  case plain(frames: [[UInt8]])
}

/// What a turn of the spool loop leads to.
struct SpoolTurn: Sendable {
  var letters: [Letter] = []
  var live: [LiveMessage] = []
  /// Announced events that are on disk.
  var published: [EventID] = []
  /// Announced events that are not.
  var unpublished: [EventID] = []
  /// Set when the log must not be written any more.
  var failure: BrokerError?
}

extension Refusal {
  /// What is told to who asked for something that the spool did not take.
  init(spooling error: any Error) {
    switch error {
    case let refusal as Refusal: self = refusal
    case let error as ProtocolError: self.init(error)
    case let error as SpoolError where error.code == .diskFull:
      self.init(
        code: "disk_full", message: error.message, help: "free space on busd's disk; nothing was lost",
        retryAfter: .seconds(1))
    default: self.init(code: "spool", message: "\(error)", retryAfter: .seconds(1))
    }
  }
}
