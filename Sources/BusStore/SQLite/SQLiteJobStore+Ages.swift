internal import BusProtocol

/// How long jobs wait: asked as often as somebody looks at the queues.
extension SQLiteJobStore {
  /// Since when the oldest of the first ready jobs of each priority waits.
  ///
  /// What is known by heart is not read, and no lease is written for it: rows of jobs that a claim took are passed over.
  func oldestReady(of queue: Int64) throws -> Timestamp? {
    let known = book[queue].isDisturbed ? [] : windows.heads(of: queue, except: [])
    var moments = known.map(\.since)
    if !known.isEmpty, windows.count(of: queue) == book.ready(of: queue) { return moments.min() }
    var (priority, isLast) = known.last.map { Int64($0.priority).subtractingReportingOverflow(1) } ?? (.max, false)
    while !isLast, moments.count < SQLiteJobStore.maximumPriorities, let next = try first(of: queue, upTo: priority) {
      moments.append(next.since)
      (priority, isLast) = next.priority.subtractingReportingOverflow(1)
    }
    return moments.min()
  }

  private struct ReadyRow {
    let isTaken: Bool
    let priority: Int64
    let since: Timestamp
  }

  /// The first ready job of at most this priority that no claim took.
  private func first(of queue: Int64, upTo priority: Int64) throws -> ReadyRow? {
    let rows = try statements.waitingSince.bind(queue).bind(priority).all { row in
      let isTaken = row.id().map { pending[$0] != nil } ?? false
      return ReadyRow(isTaken: isTaken, priority: row.integer(), since: Timestamp(microseconds: row.integer()))
    } while: {
      $0.isTaken
    }
    return rows.last.flatMap { $0.isTaken ? nil : $0 }
  }
}
