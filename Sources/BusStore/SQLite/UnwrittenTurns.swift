/// Whose turn under a worker lock came in this transaction and stands in no row yet; see ``SQLiteJobStore/writeTurns()``.
///
/// A lock has one turn in each queue in which jobs wait for it. Which locks have any is known without a look at the
/// others: a large batch has thousands.
struct UnwrittenTurns {
  /// The lock of each, by the row of its job.
  private var locks: [Int64: String] = [:]
  /// How many each lock has: never none.
  private var counts: [String: Int] = [:]

  var isEmpty: Bool { locks.isEmpty }

  /// Whether the turn of somebody under this lock is here.
  func has(_ lock: String) -> Bool { counts[lock] != nil }

  /// The turn of a job came.
  mutating func insert(_ row: Int64, under lock: String) {
    guard locks.updateValue(lock, forKey: row) == nil else { return }
    counts[lock, default: 0] += 1
  }

  /// A job runs, or waits again. Returns whether its turn was here.
  mutating func remove(_ row: Int64) -> Bool {
    guard let lock = locks.removeValue(forKey: row) else { return false }
    if let count = counts[lock], count > 1 { counts[lock] = count - 1 } else { counts[lock] = nil }
    return true
  }

  /// The rows of all, in their order; none is here any more.
  mutating func takeAll() -> [Int64] {
    defer { removeAll() }
    return locks.keys.sorted()
  }

  /// The transaction was given up, and with it all turns.
  mutating func removeAll() {
    locks.removeAll(keepingCapacity: true)
    counts.removeAll(keepingCapacity: true)
  }
}
