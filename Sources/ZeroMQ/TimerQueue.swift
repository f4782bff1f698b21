/// The timers of a thread, soonest first; of equal ones the first that was set comes first.
///
/// Made for few timers: setting one costs a step for each that is set.
struct TimerQueue {
  struct Entry {
    let id: TimerID
    let deadline: ContinuousClock.Instant
    let work: () -> Void
  }

  private var entries: [Entry] = []

  var count: Int { entries.count }

  mutating func insert(_ entry: Entry) {
    let index = entries.lastIndex { $0.deadline <= entry.deadline }.map { $0 + 1 } ?? 0
    entries.insert(entry, at: index)
  }

  /// Takes a timer out. The caller lets go of it, so that nothing of its closure ends inside the queue.
  mutating func remove(_ id: TimerID) -> Entry? {
    entries.firstIndex { $0.id == id }.map { entries.remove(at: $0) }
  }

  /// Takes the soonest timer out if it is due.
  mutating func popDue(at now: ContinuousClock.Instant) -> Entry? {
    guard let first = entries.first, first.deadline <= now else { return nil }
    return entries.removeFirst()
  }

  /// Milliseconds until the next timer, rounded up so that waking is never early; -1 for no timer.
  func timeout(at now: () -> ContinuousClock.Instant) -> Int {
    guard let next = entries.first?.deadline else { return -1 }
    let (seconds, attoseconds) = max(next - now(), .zero).components
    return Int(min(seconds, 3600)) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}
