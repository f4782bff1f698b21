public import BusProtocol
internal import GRDB

/// What can be asked. All from stored state, so the answers are the same after a restart.
extension SQLiteJobStore {
  /// The job of an id.
  public func job(_ id: JobID) throws(StoreError) -> Job? {
    try reading("job \(id)") { database in
      try database.row("SELECT * FROM job WHERE id = ?", [id.description]).map { try Job($0) }
    }
  }

  /// Jobs whose id begins with the characters.
  public func jobs(withPrefix prefix: String, limit: Int) throws(StoreError) -> [Job] {
    try reading("jobs") { database in
      // Every id is upper case and digits, so "~" is above all that can follow.
      try database.rows("SELECT * FROM job WHERE id >= ?1 AND id < ?1 || '~' LIMIT ?2", [prefix, limit])
        .map { try Job($0) }
    }
  }

  /// Jobs that match, the newest first.
  public func jobs(_ filter: JobFilter) throws(StoreError) -> [Job] {
    var conditions: [String] = []
    var arguments: [(any DatabaseValueConvertible)?] = []
    func want(_ condition: String, _ values: (any DatabaseValueConvertible)?...) {
      conditions.append(condition)
      arguments += values
    }
    if let state = filter.state { want("state = \(Schema.number(state))") }
    if let queue = filter.queue { want("queue = ?", queue.description) }
    if let engine = filter.engine { want("queue >= ? AND queue < ?", "\(engine)/", "\(engine)0") }
    if let worker = filter.worker { want("worker = ?", worker.text) }
    if let lock = filter.lock { want("(queue_lock = ? OR worker_lock = ?)", lock, lock) }
    if let event = filter.event { want("event = ?", event.description) }
    if let since = filter.since { want("enqueued_at >= ?", since.microseconds) }
    let wanted = conditions.isEmpty ? "1" : conditions.joined(separator: " AND ")
    let values = arguments + [filter.limit]
    return try reading("jobs") { database in
      try database.rows("SELECT * FROM job WHERE \(wanted) ORDER BY seq DESC LIMIT ?", values).map { try Job($0) }
    }
  }

  /// What each queue holds and has done, answered from the index of each state.
  public func queueCounts() throws(StoreError) -> [QueueCounts] {
    try reading("queues") { database in
      var counts: [String: QueueCounts] = [:]
      func note(_ row: Row, _ change: (inout QueueCounts, Row) -> Void) throws {
        let text: String = row["queue"]
        var count = try counts[text] ?? QueueCounts(queue: QueueName(text))
        change(&count, row)
        counts[text] = count
      }
      // Each number is answered by the partial index of its state, however long the history is.
      let states: [(Int, WritableKeyPath<QueueCounts, Int>)] = [
        (0, \.scheduled), (1, \.ready), (2, \.blocked), (3, \.parked), (4, \.running), (8, \.dead),
      ]
      for (state, path) in states {
        for row in try database.rows(
          "SELECT queue, count(*) AS count, min(ready_at) AS oldest FROM job WHERE state = \(state) GROUP BY queue")
        {
          try note(row) { count, row in
            count[keyPath: path] = row["count"]
            if state == 1 { count.oldestReadyAt = (row["oldest"] as Int64?).map { Timestamp(microseconds: $0) } }
          }
        }
      }
      for row in try database.rows("SELECT * FROM total") {
        try note(row) { count, row in
          (count.done, count.notNeeded, count.merged) = (row["done"], row["not_needed"], row["merged"])
        }
      }
      return counts.values.sorted { $0.queue < $1.queue }
    }
  }

  /// Every subscription that was ever declared, by name.
  public func subscriptions() throws(StoreError) -> [SubscriptionStatus] {
    try reading("subscriptions") { database in
      try database.rows("SELECT * FROM subscription ORDER BY name").map { row in
        guard case .array(let texts) = try JSONParser.parse((row["patterns"] as String).utf8) else {
          throw StoreError(.damaged, "a subscription's patterns are no list")
        }
        return SubscriptionStatus(
          name: try SubscriptionName(row["name"] as String),
          patterns: try texts.map { try TopicPattern(String(jsonValue: $0) ?? "") },
          cursor: Offset(UInt64(row["cursor"] as Int64)), declaredAt: Timestamp(microseconds: row["declared_at"]),
          token: UInt64(row["token"] as Int64))
      }
    }
  }

  /// The lowest cursor; nil without subscriptions.
  public func minimumCursor() throws(StoreError) -> Offset? {
    try reading("cursors") { database in
      (try Int64.fetchOne(database, sql: "SELECT min(cursor) FROM subscription")).map { Offset(UInt64($0)) }
    }
  }

  /// The jobs that an event made, and the jobs into which its wishes were merged.
  public func decisions(forEvent event: EventID) throws(StoreError) -> (jobs: [Job], merges: [Merge]) {
    try reading("what became of event \(event)") { database in
      let jobs = try database.rows("SELECT * FROM job WHERE event = ? ORDER BY seq", [event.description])
      let merges = try database.rows("SELECT * FROM merge WHERE event = ? ORDER BY at", [event.description])
      return (try jobs.map { try Job($0) }, try merges.map { try Merge($0) })
    }
  }

  /// The first hundred wishes that were merged into a job.
  public func merges(into job: JobID) throws(StoreError) -> [Merge] {
    try reading("merges") { database in
      try database.rows("SELECT * FROM merge WHERE job = ? ORDER BY at LIMIT 100", [job.description])
        .map { try Merge($0) }
    }
  }

  /// How many ready jobs of its queue go before it.
  public func ahead(of job: Job) throws(StoreError) -> Int {
    try reading("queue \(job.wish.queue)") { database in
      let row = try database.row(
        """
        SELECT count(*) AS count FROM job AS other, (SELECT seq, priority, queue FROM job WHERE id = ?) AS this
        WHERE other.queue = this.queue AND other.state = 1
        AND (other.priority > this.priority OR (other.priority = this.priority AND other.seq < this.seq))
        """, [job.id.description])
      return row?["count"] ?? 0
    }
  }

  /// The running job that holds a worker lock.
  public func holder(ofWorkerLock lock: String) throws(StoreError) -> Job? {
    try reading("worker lock \(lock)") { database in
      try database.row(
        "SELECT * FROM job WHERE worker_lock = ? AND worker_lock IS NOT NULL AND state = 4", [lock]
      ).map { try Job($0) }
    }
  }

  /// The leases that are out.
  public func running() throws(StoreError) -> [Lease] {
    try reading("leases") { database in
      try database.rows("SELECT id, token, process FROM job WHERE state = 4").map {
        Lease(job: try JobID($0["id"] as String), token: UInt64($0["token"] as Int64), process: $0["process"])
      }
    }
  }

  /// When the next scheduled job is due.
  public func nextDue() throws(StoreError) -> Timestamp? {
    try reading("the next due job") { database in
      let row = try database.row("SELECT min(due_at) AS due FROM job WHERE state = 0")
      return (row?["due"] as Int64?).map { Timestamp(microseconds: $0) }
    }
  }
}
