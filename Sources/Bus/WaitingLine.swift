internal import BusProtocol

/// Jobs that wait here for a hand, the oldest first. To take one from the front moves none of the others.
struct WaitingLine: Sendable {
  /// Before the head stand places that were left.
  private var places: [Assignment?] = []
  /// Since when each waits: beside them, so that who asks for it copies no assignment.
  private var moments: [ContinuousClock.Instant] = []
  private var head = 0
  private(set) var count = 0

  /// So many places that were left are worth moving the others.
  private static let longestTail = 256

  var isEmpty: Bool { count == 0 }

  /// Since when the oldest one waits.
  var since: ContinuousClock.Instant? { head < moments.count ? moments[head] : nil }

  /// All of them, in order.
  var assignments: [Assignment] { places[head...].compactMap(\.self) }

  mutating func append(_ assignment: Assignment, since: ContinuousClock.Instant) {
    places.append(assignment)
    moments.append(since)
    count += 1
  }

  /// Takes the oldest one that may go.
  mutating func popFirst(where mayGo: (JobID) -> Bool) -> Assignment? {
    guard let index = index(where: mayGo) else { return nil }
    return take(at: index)
  }

  /// Takes one by its id.
  mutating func remove(_ id: JobID) -> Assignment? { popFirst { $0 == id } }

  /// Takes all of them.
  mutating func removeAll() -> [Assignment] {
    defer { self = WaitingLine() }
    return assignments
  }

  private func index(where matches: (JobID) -> Bool) -> Int? {
    for index in head..<places.count {
      if let id = places[index]?.id, matches(id) { return index }
    }
    return nil
  }

  private mutating func take(at index: Int) -> Assignment? {
    var taken: Assignment?
    swap(&places[index], &taken)
    count -= 1
    while head < places.count, places[head] == nil { head += 1 }
    if head == places.count {
      places.removeAll(keepingCapacity: true)
      moments.removeAll(keepingCapacity: true)
      head = 0
    } else if head >= WaitingLine.longestTail {
      places.removeFirst(head)
      moments.removeFirst(head)
      head = 0
    }
    return taken
  }
}
