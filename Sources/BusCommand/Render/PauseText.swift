internal import BusProtocol

/// How something is stopped, in few words.
struct PauseText {
  var time: TimeText

  /// `for 3m12s (the index is rebuilt)`.
  func words(_ pause: Pause) -> String {
    let reason = pause.reason.isEmpty ? "" : " (\(Printable.line(pause.reason)))"
    return "for \(Brief.duration(time.now - pause.since))\(reason)"
  }

  /// The pause in an answer about a schedule or a subscription.
  static func pause(_ members: JSONMembers, _ key: String = "pause") throws(ProtocolError) -> Pause? {
    try members.optionalValue(key).map { (json) throws(ProtocolError) in try Pause(json: json) }
  }
}
