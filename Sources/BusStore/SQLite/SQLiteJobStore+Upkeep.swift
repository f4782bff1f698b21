public import BusProtocol
internal import GRDB

/// What time and deployments bring about.
extension SQLiteJobStore {
  func promote(at now: Timestamp, in database: Database) throws -> Int {
    try database.run(
      "UPDATE job SET state = 1, ready_at = ?1 WHERE state = 0 AND due_at <= ?1", [now.microseconds])
    return database.changesCount
  }

  func unpark(workersKnown: [Name: Set<Name>], at now: Timestamp, in database: Database) throws -> Int {
    var count = 0
    let parked = try database.rows("SELECT seq, queue, worker FROM job WHERE state = 3 AND reason LIKE 'no process%'")
    for row in parked {
      let queue = try QueueName(row["queue"] as String)
      guard workersKnown[queue.engine]?.contains(try Name(row["worker"], of: "worker")) == true else { continue }
      try bringBack(row["seq"], at: now, in: database)
      count += 1
    }
    return count
  }

  private func bringBack(_ seq: Int64, at now: Timestamp, in database: Database) throws {
    try database.run(
      """
      UPDATE job SET state = CASE WHEN due_at > ?1 THEN 0 ELSE 1 END, ready_at = ?1, reason = NULL WHERE seq = ?2
      """, [now.microseconds, seq])
  }

  func prune(_ history: HistoryRetention, at now: Timestamp, in database: Database) throws -> Int {
    let before = (now - history.age).microseconds
    let old = try database.rows(
      "SELECT seq, id FROM job WHERE state IN (5, 6, 7, 9) AND finished_at < ? ORDER BY finished_at LIMIT ?",
      [before, history.limit])
    for row in old {
      try database.run("DELETE FROM merge WHERE job = ?", [row["id"] as String])
      try database.run("DELETE FROM job WHERE seq = ?", [row["seq"] as Int64])
    }
    return old.count
  }

  /// Parks the jobs of queues that are gone, and brings back those of queues that are there again.
  public func configure(_ wiring: QueueWiring, at now: Timestamp) throws(StoreError) {
    self.wiring = wiring
    do {
      try queue.inDatabase { database in
        try database.inTransaction(.immediate) {
          for row in try database.rows("SELECT DISTINCT queue FROM job WHERE state <= 3") {
            try rewire(try QueueName(row["queue"] as String), at: now, in: database)
          }
          return .commit
        }
      }
    } catch { throw StoreError(error, doing: "wire the queues") }
  }

  private func rewire(_ name: QueueName, at now: Timestamp, in database: Database) throws {
    if wiring.queues.map({ $0[name] == nil }) ?? false {
      try database.run(
        "UPDATE job SET state = 3, reason = ? WHERE queue = ? AND state < 3",
        [SQLiteJobStore.unknownQueue(name), name.description])
      return
    }
    let parked = try database.rows(
      "SELECT seq FROM job WHERE queue = ? AND state = 3 AND reason LIKE 'queue %'", [name.description])
    for row in parked { try bringBack(row["seq"], at: now, in: database) }
  }
}
