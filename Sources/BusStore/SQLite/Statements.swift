internal import GRDB

/// Every statement that runs more than once in a while, prepared when the store is opened.
///
/// Parameters are numbered where one is used twice. `state <= 5` and the like repeat the condition of the index that
/// the statement is made for.
final class Statements {
  let addQueue, saveTotals, saveToken: SQLStatement
  let insert, insertLocked, recordMerge, mergeTarget, outcomeOfKnown: SQLStatement
  let candidates, candidatesExcept, head, headExcept, lease, block: SQLStatement
  let finish, live, liveUnderLease, setLife, wake, waitingUnderQueueLock, absorb: SQLStatement
  let addFailure, trimFailures, copyFailures, failures: SQLStatement
  let lockAhead, lockIsHeld, firstBlocked: SQLStatement
  let due, nextDue, parkQueue, parkedByQueue, parkedByWorker: SQLStatement
  let pruneJobs, pruneFailures, pruneMerges: SQLStatement
  let declare, subscription, leaseSubscription, moveCursor, subscriptions, minimumCursor: SQLStatement
  let job, jobsByID, jobsOfEvent, mergesOfEvent, holder, running, ahead, readyPlace: SQLStatement

  init(_ database: Database) throws {
    func prepare(_ sql: String) throws -> SQLStatement { try SQLStatement(database, sql) }

    addQueue = try prepare("INSERT INTO queue (number, name) VALUES (?, ?)")
    saveTotals = try prepare(
      "UPDATE queue SET enqueued = ?, merged_wishes = ?, done = ?, not_needed = ?, merged = ? WHERE number = ?")
    saveToken = try prepare("UPDATE token SET last = ?")

    insert = try prepare(
      """
      INSERT INTO job (\(SQL.wish)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO NOTHING
      """)
    // One statement looks whether an equal wish waits and inserts or merges: nothing can come between.
    insertLocked = try prepare(
      """
      INSERT INTO job (\(SQL.wish))
      SELECT ?1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
      WHERE NOT EXISTS (SELECT 1 FROM merge WHERE id = ?1)
      ON CONFLICT (id) DO NOTHING
      ON CONFLICT (queue_lock) WHERE queue_lock IS NOT NULL AND state <= 3 DO UPDATE SET
        merges = merges + 1, priority = max(priority, excluded.priority), due_at = min(due_at, excluded.due_at)
      RETURNING id, seq
      """)
    recordMerge = try prepare(
      "INSERT INTO merge (id, job, event, event_offset, subscription, at) VALUES (?, ?, ?, ?, ?, ?)")
    mergeTarget = try prepare("SELECT job FROM merge WHERE id = ?")
    outcomeOfKnown = try prepare("SELECT state, reason FROM job WHERE id = ?")

    candidates = try prepare(
      """
      SELECT \(SQL.assignment) FROM job WHERE queue = ? AND state = 1 AND state <= 5
      ORDER BY priority DESC, seq LIMIT ?
      """)
    candidatesExcept = try prepare(
      """
      SELECT \(SQL.assignment) FROM job WHERE queue = ? AND state = 1 AND state <= 5
      AND worker NOT IN (SELECT value FROM json_each(?)) ORDER BY priority DESC, seq LIMIT ?
      """)
    head = try prepare(
      """
      SELECT priority, coalesce(due_at, enqueued_at), \(SQL.assignment) FROM job
      WHERE queue = ? AND state = 1 AND state <= 5 AND priority < ? ORDER BY priority DESC, seq LIMIT 1
      """)
    headExcept = try prepare(
      """
      SELECT priority, coalesce(due_at, enqueued_at), \(SQL.assignment) FROM job
      WHERE queue = ? AND state = 1 AND state <= 5 AND priority < ?
      AND worker NOT IN (SELECT value FROM json_each(?)) ORDER BY priority DESC, seq LIMIT 1
      """)
    lease = try prepare(
      "UPDATE job SET state = 4, token = ?, attempts = ?, started_at = ?, process = ? WHERE seq = ?")
    block = try prepare("UPDATE job SET state = 2 WHERE seq = ?")

    finish = try prepare(
      """
      UPDATE job SET state = ?, finished_at = ? WHERE id = ? AND token = ? AND state = 4
      RETURNING queue, worker_lock
      """)
    live = try prepare("SELECT \(SQL.live) FROM job WHERE seq = ?")
    liveUnderLease = try prepare("SELECT \(SQL.live) FROM job WHERE id = ? AND token = ? AND state = 4")
    setLife = try prepare(
      """
      UPDATE job SET state = ?, due_at = ?, attempts = ?, crashes = ?, reason = ?, parked_by = ?, finished_at = ?
      WHERE seq = ?
      """)
    wake = try prepare("UPDATE job SET state = 1 WHERE seq = ?")
    waitingUnderQueueLock = try prepare(
      "SELECT \(SQL.live) FROM job WHERE queue_lock = ? AND queue_lock IS NOT NULL AND state <= 3")
    absorb = try prepare(
      """
      UPDATE job SET merges = merges + 1 + ?, attempts = max(attempts, ?), crashes = max(crashes, ?),
        priority = max(priority, ?), due_at = min(due_at, ?) WHERE seq = ?
      """)

    addFailure = try prepare("INSERT INTO failure (job, attempt, at, error) VALUES (?, ?, ?, ?)")
    trimFailures = try prepare(
      """
      DELETE FROM failure WHERE job = ?1 AND number <=
        (SELECT number FROM failure WHERE job = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)
      """)
    copyFailures = try prepare(
      "INSERT INTO failure (job, attempt, at, error) SELECT ?, attempt, at, error FROM failure WHERE job = ? ORDER BY number"
    )
    failures = try prepare("SELECT attempt, at, error FROM failure WHERE job = ? ORDER BY number")

    lockIsHeld = try prepare("SELECT 1 FROM job WHERE worker_lock = ? AND worker_lock IS NOT NULL AND state = 4")
    lockAhead = try prepare(
      """
      SELECT EXISTS (SELECT 1 FROM job WHERE worker_lock = ?1 AND worker_lock IS NOT NULL AND state = 4)
      OR EXISTS (SELECT 1 FROM job WHERE worker_lock = ?1 AND worker_lock IS NOT NULL AND state <= 3
        AND state = 1 AND queue = ?2 AND (priority > ?3 OR (priority = ?3 AND seq < ?4)))
      """)
    firstBlocked = try prepare(
      """
      SELECT seq, queue, priority FROM job WHERE worker_lock = ? AND worker_lock IS NOT NULL AND state <= 3
        AND state = 2 AND queue > ? ORDER BY queue, priority DESC, seq LIMIT 1
      """)

    due = try prepare("SELECT seq FROM job WHERE state = 0 AND due_at <= ? ORDER BY due_at LIMIT ?")
    nextDue = try prepare("SELECT due_at FROM job WHERE state = 0 ORDER BY due_at LIMIT 1")
    parkQueue = try prepare(
      """
      UPDATE job SET state = 3, parked_by = 0, reason = ? WHERE queue = ? AND state IN (0, 1, 2) AND state <= 5
      """)
    parkedByQueue = try prepare("SELECT seq FROM job WHERE queue = ? AND state = 3 AND state <= 5 AND parked_by = 0")
    parkedByWorker = try prepare(
      "SELECT seq FROM job WHERE queue = ? AND state = 3 AND state <= 5 AND parked_by = 1 AND worker = ?")

    pruneJobs = try prepare(
      """
      DELETE FROM job WHERE seq IN
        (SELECT seq FROM job WHERE state >= 6 AND finished_at < ? ORDER BY finished_at LIMIT ?) RETURNING seq, attempts
      """)
    pruneFailures = try prepare("DELETE FROM failure WHERE job = ?")
    pruneMerges = try prepare(
      "DELETE FROM merge WHERE id IN (SELECT id FROM merge WHERE at < ? ORDER BY at LIMIT ?)")

    declare = try prepare(
      """
      INSERT INTO subscription (name, patterns, cursor, declared_at) VALUES (?, ?, ?, ?)
      ON CONFLICT (name) DO UPDATE SET patterns = excluded.patterns, declared_at = excluded.declared_at
      """)
    subscription = try prepare("SELECT cursor, token FROM subscription WHERE name = ?")
    leaseSubscription = try prepare("UPDATE subscription SET token = ? WHERE name = ?")
    moveCursor = try prepare("UPDATE subscription SET cursor = ? WHERE name = ?")
    subscriptions = try prepare("SELECT name, patterns, cursor, declared_at, token FROM subscription ORDER BY name")
    minimumCursor = try prepare("SELECT min(cursor) FROM subscription")

    job = try prepare("SELECT \(SQL.job) FROM job WHERE id = ?")
    jobsByID = try prepare("SELECT \(SQL.job) FROM job WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?")
    jobsOfEvent = try prepare("SELECT \(SQL.job) FROM job WHERE event = ? AND event IS NOT NULL ORDER BY seq LIMIT ?")
    mergesOfEvent = try prepare(
      "SELECT id, job, subscription, at FROM merge WHERE event = ? AND event IS NOT NULL ORDER BY at, id LIMIT ?")
    holder = try prepare("SELECT \(SQL.job) FROM job WHERE worker_lock = ? AND worker_lock IS NOT NULL AND state = 4")
    running = try prepare("SELECT id, token, process FROM job WHERE queue = ? AND state = 4 AND state <= 5")
    readyPlace = try prepare("SELECT queue, priority, seq FROM job WHERE id = ? AND state = 1")
    ahead = try prepare(
      """
      SELECT count(*) FROM job WHERE queue = ?1 AND state = 1 AND state <= 5
        AND (priority > ?2 OR (priority = ?2 AND seq < ?3))
      """)
  }
}

/// Lists of columns, each in the order in which one piece of code binds or reads it.
enum SQL {
  static let cause = "event, event_offset, topic, subscription, parent, correlation, trace, context, source"
  static let wish =
    "id, queue, state, priority, due_at, enqueued_at, worker, queue_lock, worker_lock, parked_by, reason, \(cause), retry, inputs"
  static let assignment = "seq, id, queue, worker, attempts, worker_lock, \(cause), inputs"
  static let live =
    "seq, id, queue, state, priority, due_at, attempts, crashes, merges, reason, worker, queue_lock, worker_lock, retry"
  static let job = """
    seq, id, queue, worker, queue_lock, worker_lock, priority, due_at, \(cause), retry, inputs,
    state, reason, attempts, crashes, merges, enqueued_at, started_at, finished_at, process, token
    """
}
