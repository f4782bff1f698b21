internal import BusProtocol

/// What claims remember of each other, so that whoever had to wait goes next. Pure.
struct ClaimTurns {
  /// Queues that take turns: those of one priority in one engine.
  struct Group: Hashable {
    var engine: Name
    var priority: Int
  }

  var groups: [Group: QueueTurns] = [:]
  /// Engines whose starving jobs went last: the others go next.
  private var starvedWent: Set<Name> = []

  /// Whether a starving job of the engine goes next. They get every second hand, so that neither a flood above nor a
  /// backlog below can stop the other.
  func isTurnOfStarved(_ engine: Name) -> Bool { !starvedWent.contains(engine) }

  mutating func starvedGo(_ engine: Name) { starvedWent.insert(engine) }

  mutating func othersGo(_ engine: Name) {
    if !starvedWent.isEmpty { starvedWent.remove(engine) }
  }
}
