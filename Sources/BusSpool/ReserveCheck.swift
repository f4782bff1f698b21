internal import BusProtocol

/// When to ask for the room on the file system: a call for every append would cost more than the append.
struct ReserveCheck {
  private static let byteCount = 1 << 20
  private static let interval = Duration.milliseconds(100)

  private(set) var isStopped = false
  private var checkedAt: Timestamp?
  private var appendedByteCount = 0

  /// Whether to ask now, having been asked to append so many bytes.
  ///
  /// What is stopped asks each time: nothing may be refused for want of room that is there again, and by a clock
  /// that was set back a moment ago cannot be told how old the last answer is.
  mutating func isDue(_ byteCount: Int, at now: Timestamp) -> Bool {
    appendedByteCount += byteCount
    guard let checkedAt, !isStopped else { return true }
    // A clock that was set back must not keep the check from coming.
    return appendedByteCount >= ReserveCheck.byteCount || now - checkedAt >= ReserveCheck.interval || now < checkedAt
  }

  mutating func note(isStopped: Bool, at now: Timestamp) {
    self.isStopped = isStopped
    checkedAt = now
    appendedByteCount = 0
  }
}
