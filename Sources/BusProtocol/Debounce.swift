/// Waits for a pause: each equal wish puts the one job off, so that a burst of them makes one run after the last.
public struct Debounce: Hashable, Sendable {
  /// So long after the last wish it runs.
  public var after: Duration
  /// So long after the first wish it runs at the latest, however many more come.
  public var atMost: Duration

  /// A pause, and a bound; a bound shorter than the pause is as long as it.
  public init(after: Duration, atMost: Duration) {
    self.after = max(.zero, after)
    self.atMost = max(self.after, atMost)
  }

  /// The times as the wire carries them, in microseconds.
  public var json: JSONValue {
    ["after": .integer(after.inMicroseconds), "at_most": .integer(atMost.inMicroseconds)]
  }

  /// Reads what ``json`` wrote.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("debounce")
    let (after, atMost): (Int64, Int64) = (try members.integer("after"), try members.integer("at_most"))
    guard after > 0, atMost >= after else {
      throw ProtocolError(
        .badJSON, "debounce waits \(after) µs, at most \(atMost): give after, and an at_most that is not shorter")
    }
    self.init(after: .microseconds(after), atMost: .microseconds(atMost))
  }
}
