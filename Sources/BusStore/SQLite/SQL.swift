/// Every statement that runs more than once in a while. Values are bound, never written into the text.
///
/// Parameters are numbered where one is used twice. `finished_at IS NULL` and the like repeat the condition of the
/// index that the statement is made for, or SQLite would not use it.
enum SQL {
  static let addQueue = "INSERT INTO queue (number, name) VALUES (?, ?)"
  static let saveTotals = """
    UPDATE queue SET enqueued = ?, merged_wishes = ?, done = ?, not_needed = ?, merged = ?, cancelled = ?, removed = ?,
    revived = ?, moved = ?, failed_attempts = ?, snoozed = ?, expired = ?, pruned = ? WHERE number = ?
    """
  static let saveToken = "UPDATE token SET last = ?"

  static let insert = insert(Columns.wish)
  static let insertLocked = insertLocked(Columns.wish)

  /// Keeps what is in nobody's way: no job of the same id is known, and no equal one waits under its queue lock.
  static func insert(_ columns: String) -> String { insert(columns, rowCount: 1) }

  /// So many of ``insert(_:)`` in one statement: then SQLite opens its dozen indexes once.
  static let rowsPerInsert = 8
  static let insertMany = insert(Columns.plainWish, rowCount: rowsPerInsert)
  static let insertPlain = insert(Columns.plainWish)

  private static func insert(_ columns: String, rowCount: Int) -> String {
    let row = "(\(Array(repeating: "?", count: Columns.count(columns)).joined(separator: ", ")))"
    let rows = Array(repeating: row, count: rowCount).joined(separator: ", ")
    return "INSERT INTO job (\(columns)) VALUES \(rows) ON CONFLICT DO NOTHING"
  }

  // One statement looks whether an equal wish waits and inserts or merges: nothing can come between.
  static func insertLocked(_ columns: String) -> String {
    """
    INSERT INTO job (\(columns))
    SELECT \(Columns.places(columns))
    WHERE NOT EXISTS (SELECT 1 FROM merge WHERE id = ?1)
    ON CONFLICT (id) DO NOTHING
    ON CONFLICT (queue_lock) WHERE queue_lock IS NOT NULL AND state <= 3 DO UPDATE SET
    merges = merges + 1, priority = max(priority, excluded.priority), due_at = min(due_at, excluded.due_at),
    debounce_by = min(debounce_by, coalesce(excluded.due_at, excluded.enqueued_at)),
    expires_at = max(expires_at, excluded.expires_at)
    RETURNING id, seq, queue, priority, state
    """
  }

  static let recordMerge = """
    INSERT INTO merge (id, job, event, event_offset, subscription, at, policy, is_rerun)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    """
  static let mergeTarget = "SELECT job FROM merge WHERE id = ?"
  static let outcomeOfKnown = "SELECT state, reason FROM job WHERE id = ?"
  static let rowsFrom = "SELECT seq FROM job WHERE seq >= ? ORDER BY seq"

  static let candidates = """
    SELECT \(Columns.assignment) FROM job WHERE queue = ? AND state = 1 AND finished_at IS NULL
    ORDER BY priority DESC, seq LIMIT ?
    """
  static let candidatesExcept = """
    SELECT \(Columns.assignment) FROM job WHERE queue = ? AND state = 1 AND finished_at IS NULL
    AND worker NOT IN (SELECT value FROM json_each(?)) ORDER BY priority DESC, seq LIMIT ?
    """
  static let head = """
    SELECT \(Columns.assignment) FROM job
    WHERE queue = ? AND state = 1 AND finished_at IS NULL AND priority <= ? ORDER BY priority DESC, seq LIMIT 1
    """
  static let waitingSince = """
    SELECT id, priority, coalesce(due_at, enqueued_at) FROM job
    WHERE queue = ? AND state = 1 AND finished_at IS NULL AND priority <= ? ORDER BY priority DESC, seq
    """
  static let headExcept = """
    SELECT \(Columns.assignment) FROM job
    WHERE queue = ? AND state = 1 AND finished_at IS NULL AND priority <= ?
    AND worker NOT IN (SELECT value FROM json_each(?)) ORDER BY priority DESC, seq LIMIT 1
    """
  static let lease =
    "UPDATE job SET state = 4, token = ?, attempts = ?, started_at = ?, process = ?, debounce_by = NULL WHERE seq = ?"
  static let block = "UPDATE job SET state = 2, blocked_by = ? WHERE seq = ?"

  // Two statements: RETURNING costs as much again as both of them.
  static let ending = """
    SELECT seq, queue, worker_lock, limit_key, watched, notify FROM job
    WHERE id = ? AND token = ? AND state = 4 AND rerun_at IS NULL
    """
  static let finish = "UPDATE job SET state = ?, finished_at = ?, reason = NULL, result = ? WHERE seq = ?"
  static let live = "SELECT \(Columns.live) FROM job WHERE seq = ?"
  static let liveUnderLease = "SELECT \(Columns.live) FROM job WHERE id = ? AND token = ? AND state = 4"
  static let liveByID = "SELECT \(Columns.live) FROM job WHERE id = ?"
  static let requestCancel = """
    UPDATE job SET cancel_requested_at = coalesce(cancel_requested_at, ?), reason = coalesce(reason, ?)
    WHERE seq = ? RETURNING process, token
    """
  static let countRetry =
    "UPDATE job SET retries = retries + 1, cancel_requested_at = NULL, result = NULL, expires_at = NULL WHERE seq = ?"
  static let reposition = """
    UPDATE job SET state = 3, parked_by = 0, blocked_by = NULL, queue = ?, priority = ?, due_at = ?,
    inputs = coalesce(?, inputs) WHERE seq = ?
    """
  static let remove = "DELETE FROM job WHERE seq = ?"
  static let setLife = """
    UPDATE job SET state = ?, due_at = ?, attempts = ?, crashes = ?, reason = ?, parked_by = ?, blocked_by = ?,
    finished_at = ? WHERE seq = ?
    """
  static let wake = "UPDATE job SET state = 1, blocked_by = NULL WHERE seq = ?"
  static let waitingUnderQueueLock =
    "SELECT \(Columns.live) FROM job WHERE queue_lock = ? AND queue_lock IS NOT NULL AND state <= 3"
  static let absorb = """
    UPDATE job SET merges = merges + 1 + ?, attempts = max(attempts, ?), crashes = max(crashes, ?),
    priority = max(priority, ?), due_at = min(due_at, ?), debounce_by = min(debounce_by, ?),
    expires_at = max(expires_at, ?) WHERE seq = ?
    """

  static let addFailure = "INSERT INTO failure (job, attempt, at, error) VALUES (?, ?, ?, ?)"
  static let trimFailures = """
    DELETE FROM failure WHERE job = ?1 AND number <=
    (SELECT number FROM failure WHERE job = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)
    """
  static let copyFailures =
    "INSERT INTO failure (job, attempt, at, error) SELECT ?, attempt, at, error FROM failure WHERE job = ? ORDER BY number"
  static let failures = "SELECT attempt, at, error FROM failure WHERE job = ? ORDER BY number"

  static let lockIsHeld = "SELECT 1 FROM job WHERE worker_lock = ? AND worker_lock IS NOT NULL AND state = 4"
  static let lockAhead = """
    SELECT EXISTS (SELECT 1 FROM job WHERE worker_lock = ?1 AND worker_lock IS NOT NULL AND state = 4)
    OR EXISTS (SELECT 1 FROM job WHERE worker_lock = ?1 AND worker_lock IS NOT NULL AND finished_at IS NULL
    AND state = 1 AND queue = ?2 AND (priority > ?3 OR (priority = ?3 AND seq < ?4)))
    OR EXISTS (SELECT 1 FROM job WHERE worker_lock = ?1 AND blocked_by = 1
    AND queue = ?2 AND (priority > ?3 OR (priority = ?3 AND seq < ?4)))
    """
  static let firstBlocked = """
    SELECT queue FROM job WHERE worker_lock = ? AND worker_lock IS NOT NULL
    AND finished_at IS NULL AND state = 2 AND queue > ? AND blocked_by IS NOT 1 ORDER BY queue LIMIT 1
    """
  static let blocked = """
    SELECT \(Columns.assignment) FROM job WHERE worker_lock = ? AND worker_lock IS NOT NULL
    AND finished_at IS NULL AND state = 2 AND queue = ? AND blocked_by IS NOT 1 ORDER BY priority DESC, seq LIMIT ?
    """

  // The line of a limit: who runs under it, who is ready to, who waits for it.
  static let limitRunning = """
    SELECT count(*) FROM (SELECT 1 FROM job WHERE limit_key = ? AND limit_key IS NOT NULL AND finished_at IS NULL
    AND state = 4 LIMIT ?)
    """
  static let limitReady = """
    SELECT count(*) FROM (SELECT 1 FROM job WHERE limit_key = ?1 AND limit_key IS NOT NULL AND finished_at IS NULL
    AND state = 1 AND queue = ?2 AND (priority > ?3 OR (priority = ?3 AND seq < ?4)) LIMIT ?5)
    """
  static let lineHead = """
    SELECT seq, queue, priority, worker_lock, \(Columns.limit) FROM job WHERE limit_key = ? AND blocked_by = 1
    AND queue >= ? ORDER BY queue, priority DESC, seq LIMIT 1
    """
  static let lineAhead = """
    SELECT EXISTS (SELECT 1 FROM job WHERE limit_key = ?1 AND blocked_by = 1
    AND queue = ?2 AND (priority > ?3 OR (priority = ?3 AND seq < ?4)))
    """
  static let lineExists = "SELECT EXISTS (SELECT 1 FROM job WHERE limit_key = ? AND blocked_by = 1)"
  static let meter = "SELECT rested_at FROM limit_meter WHERE key = ?"
  static let saveMeter = """
    INSERT INTO limit_meter (key, rested_at, look_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (key) DO UPDATE SET rested_at = ?2, look_at = ?3
    """
  static let lookEarlier = "UPDATE limit_meter SET look_at = min(look_at, ?) WHERE key = ?"
  static let lookLater = "UPDATE limit_meter SET look_at = ? WHERE key = ?"
  static let metersToLookAt =
    "SELECT key, rested_at FROM limit_meter WHERE look_at <= ? ORDER BY look_at LIMIT ?"
  static let nextLook = "SELECT look_at FROM limit_meter ORDER BY look_at LIMIT 1"
  static let forgetMeter = "DELETE FROM limit_meter WHERE key = ?"

  static let saveGate = """
    INSERT INTO gate (queue, rested_at, stop, reason, since, until, retries_rested_at) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (queue) DO UPDATE SET rested_at = excluded.rested_at, stop = excluded.stop,
    reason = excluded.reason, since = excluded.since, until = excluded.until,
    retries_rested_at = excluded.retries_rested_at
    """
  static let holdBack = "UPDATE job SET due_at = ?1, retry_slot = ?1 WHERE seq = ?2"
  static let isHeldBack = "SELECT 1 FROM job WHERE id = ? AND state = 0 AND retry_slot = due_at"
  static let origin = "SELECT topic, parent FROM job WHERE id = ?"

  static let due = "SELECT seq FROM job WHERE state = 0 AND due_at <= ? ORDER BY due_at LIMIT ?"
  static let nextDue = "SELECT due_at FROM job WHERE state = 0 ORDER BY due_at LIMIT 1"
  static let parkQueue = """
    UPDATE job SET state = 3, parked_by = 0, blocked_by = NULL, reason = ?
    WHERE queue = ? AND state IN (0, 1, 2) AND finished_at IS NULL
    """
  static let parkedByQueue =
    "SELECT seq FROM job WHERE queue = ? AND state = 3 AND finished_at IS NULL AND parked_by = 0"
  static let parkedByWorker =
    "SELECT seq FROM job WHERE queue = ? AND state = 3 AND finished_at IS NULL AND parked_by = 1 AND worker = ?"

  static let pruneJobs = """
    DELETE FROM job WHERE seq IN
    (SELECT seq FROM job WHERE state >= 6 AND finished_at < ? ORDER BY finished_at LIMIT ?)
    RETURNING seq, queue, CASE WHEN awaits IS NULL THEN NULL ELSE id END, line_count
    """
  static let pruneFailures = "DELETE FROM failure WHERE job = ?"
  static let pruneMerges =
    "DELETE FROM merge WHERE id IN (SELECT id FROM merge WHERE at < ? ORDER BY at LIMIT ?)"

  static let declare = """
    INSERT INTO subscription (name, patterns, conditions, start, cursor, declared_at) VALUES (?1, ?2, ?3, ?4, ?4, ?5)
    ON CONFLICT (name) DO UPDATE
    SET patterns = excluded.patterns, conditions = excluded.conditions, declared_at = excluded.declared_at
    """
  static let subscription = "SELECT cursor, token FROM subscription WHERE name = ?"
  static let leaseSubscription = "UPDATE subscription SET token = ? WHERE name = ?"
  static let moveCursor = "UPDATE subscription SET cursor = ? WHERE name = ?"
  static let forgetSubscription = "DELETE FROM subscription WHERE name = ?"
  static let subscriptions = """
    SELECT name, patterns, conditions, start, cursor, declared_at, token, pause_reason, paused_at
    FROM subscription ORDER BY name
    """
  static let minimumCursor = "SELECT min(cursor) FROM subscription"

  static let announce =
    "INSERT INTO announcement (id, due_at, topic, data, headers) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
  static let withdraw = "DELETE FROM announcement WHERE id = ?"
  static let nextAnnouncement = "SELECT due_at FROM announcement ORDER BY due_at LIMIT 1"
  static let announcements =
    "SELECT id, due_at, topic, data, headers FROM announcement WHERE due_at <= ? ORDER BY due_at, id LIMIT ?"

  static let job = "SELECT \(Columns.job) FROM job WHERE id = ?"
  static let jobsByID = "SELECT \(Columns.job) FROM job WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?"
  static let jobsOfEvent =
    "SELECT \(Columns.job) FROM job WHERE event = ? AND event IS NOT NULL ORDER BY seq LIMIT ?"
  static let inputsBehind = "SELECT seq, id, inputs FROM job WHERE seq > ? ORDER BY seq LIMIT ?"
  static let jobInRow = "SELECT id FROM job WHERE seq = ?"
  static let mergesOfEvent =
    "SELECT id, job, subscription, at, policy, is_rerun FROM merge WHERE event = ? AND event IS NOT NULL ORDER BY at, id LIMIT ?"
  static let holder =
    "SELECT \(Columns.job) FROM job WHERE worker_lock = ? AND worker_lock IS NOT NULL AND state = 4"
  static let running = "SELECT id, token, process FROM job WHERE queue = ? AND state = 4 AND finished_at IS NULL"
  static let readyPlace = "SELECT queue, priority, seq FROM job WHERE id = ? AND state = 1"
  static let ahead = """
    SELECT count(*) FROM job WHERE queue = ?1 AND state = 1 AND finished_at IS NULL
    AND (priority > ?2 OR (priority = ?2 AND seq < ?3))
    """

  /// Those that run for every job or every batch: none may cost more the more jobs there are.
  static let hot =
    [
      insert, insertMany, insertLocked, mergeTarget, candidates, head, waitingSince, lease, block, ending, finish, live,
      liveUnderLease, setLife, waitingUnderQueueLock, lockAhead, lockIsHeld, firstBlocked, blocked, limitRunning,
      limitReady, lineHead, lineAhead, lineExists, meter, saveMeter, lookEarlier, lookLater, metersToLookAt, nextLook,
      forgetMeter, saveGate, due, nextDue, nextAnnouncement, pruneJobs, pruneMerges,
      subscription,
    ] + MergeStatements.hot + LeaseStatements.hot
}

/// Lists of columns, each in the order in which one piece of code binds or reads it.
enum Columns {
  static let cause = "event, event_offset, topic, subscription, parent, correlation, trace, context, source"
  static let limit = "limit_key, limit_concurrency, limit_rate"
  static let plainWish = """
    id, seq, queue, state, priority, due_at, enqueued_at, worker, queue_lock, parked_by, reason, \(cause), retry, inputs,
    worker_lock
    """
  static let wish = "\(plainWish), \(limit), blocked_by"
  static let wishWithOptions = "\(wish), on_merge, lock_until, expires_at, debounce_by"
  static let assignment = """
    seq, id, queue, worker, attempts, worker_lock, \(limit), \(cause), inputs, expires_at, priority, due_at, enqueued_at,
    watched, notify, lock_until
    """
  static let live = """
    seq, id, queue, state, priority, due_at, attempts, crashes, merges, reason, worker, queue_lock, worker_lock,
    \(limit), retry, cancel_requested_at, retries, watched, awaits, on_merge, expires_at, rerun_at, debounce_by, notify
    """
  static let job = """
    seq, id, queue, worker, queue_lock, worker_lock, \(limit), priority, due_at, \(cause), retry, inputs,
    state, reason, attempts, crashes, merges, enqueued_at, started_at, finished_at, process, token,
    retries, cancel_requested_at, result, on_merge, lock_until, expires_at, rerun_at, progress, progress_token,
    line_count, notify
    """

  static func count(_ columns: String) -> Int { columns.count { $0 == "," } + 1 }

  /// A numbered parameter for each column of a list.
  static func places(_ columns: String) -> String {
    (1...count(columns)).map { "?\($0)" }.joined(separator: ", ")
  }
}
