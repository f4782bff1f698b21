internal import GRDB

/// The statements of what people ask about locks and jobs, and of pauses; see ``Statements``. None runs for a job that
/// was not merged.
final class InsightStatements {
  let addSaving, raiseSaving, oldSavings, forgetSaving, savings, savingsOfLock: SQLStatement
  let pauseSchedule, pauseSubscription, pauseOfSubscription: SQLStatement
  let mergesOfJob, mergesOfLock, place, lockLineAhead, limitLineAhead, underLimit, firstOfLock: SQLStatement
  let lockLine, limitLine, lockLineCount, limitLineCount: SQLStatement

  private static let saving = "lock, worker, saved, since, last"
  private static let merge = "m.id, m.job, m.event, m.event_offset, m.subscription, m.at"
  /// So many merged wishes are looked through for those of one job or lock.
  private static let lookedThrough = 20_000
  /// So far a line is counted.
  static let longestCount = 10_000

  init(_ database: Database) throws {
    func prepare(_ sql: String) throws -> SQLStatement { try SQLStatement(database, sql) }
    raiseSaving = try prepare(
      "UPDATE lock_saving SET saved = saved + ?, last = max(last, ?) WHERE lock = ? AND worker = ?")
    addSaving = try prepare(
      """
      INSERT INTO lock_saving (\(Self.saving)) VALUES (?, ?, ?, ?, ?) ON CONFLICT (lock, worker) DO UPDATE SET
      saved = saved + excluded.saved, since = min(since, excluded.since), last = max(last, excluded.last)
      """)
    oldSavings = try prepare(
      "SELECT \(Self.saving) FROM lock_saving WHERE last < ? AND lock <> '' LIMIT ?")
    forgetSaving = try prepare("DELETE FROM lock_saving WHERE lock = ? AND worker = ?")
    savings = try prepare("SELECT \(Self.saving) FROM lock_saving ORDER BY saved DESC, last DESC, lock, worker LIMIT ?")
    savingsOfLock = try prepare("SELECT \(Self.saving) FROM lock_saving WHERE lock = ? ORDER BY saved DESC, worker")

    pauseSchedule = try prepare("UPDATE schedule SET paused_at = ?, pause_reason = ? WHERE name = ?")
    pauseSubscription = try prepare("UPDATE subscription SET paused_at = ?, pause_reason = ? WHERE name = ?")
    pauseOfSubscription = try prepare("SELECT pause_reason, paused_at FROM subscription WHERE name = ?")

    mergesOfJob = try prepare(
      """
      SELECT \(Self.merge) FROM
      (SELECT * FROM merge WHERE at >= ? AND at <= ? ORDER BY at DESC LIMIT \(Self.lookedThrough)) m
      WHERE m.job = ? ORDER BY m.at DESC LIMIT ?
      """)
    mergesOfLock = try prepare(
      """
      SELECT \(Self.merge) FROM (SELECT * FROM merge ORDER BY at DESC LIMIT \(Self.lookedThrough)) m
      JOIN job j ON j.id = m.job WHERE j.queue_lock = ? ORDER BY m.at DESC LIMIT ?
      """)
    place = try prepare("SELECT queue, priority, seq, blocked_by FROM job WHERE id = ?")
    lockLineAhead = try prepare(
      """
      SELECT count(*) FROM job WHERE worker_lock = ?1 AND worker_lock IS NOT NULL AND finished_at IS NULL
      AND state IN (1, 2) AND queue = ?2 AND (priority > ?3 OR (priority = ?3 AND seq < ?4))
      """)
    limitLineAhead = try prepare(
      """
      SELECT count(*) FROM job WHERE limit_key = ?1 AND limit_key IS NOT NULL AND finished_at IS NULL
      AND state IN (1, 2) AND queue = ?2 AND (priority > ?3 OR (priority = ?3 AND seq < ?4))
      """)
    underLimit = try prepare(
      """
      SELECT \(Columns.job) FROM job WHERE limit_key = ? AND limit_key IS NOT NULL AND finished_at IS NULL
      AND state = 4 LIMIT ?
      """)
    firstOfLock = try prepare(
      """
      SELECT id FROM job WHERE worker_lock = ? AND worker_lock IS NOT NULL AND finished_at IS NULL AND state = 1
      ORDER BY queue, priority DESC, seq LIMIT 1
      """)
    let blockedUnderLock = "worker_lock = ? AND worker_lock IS NOT NULL AND finished_at IS NULL AND state IN (1, 2)"
    let blockedUnderLimit = "limit_key = ? AND limit_key IS NOT NULL AND finished_at IS NULL AND state IN (1, 2)"
    let order = "ORDER BY state, queue, priority DESC, seq LIMIT ?"
    lockLine = try prepare("SELECT \(Columns.job) FROM job WHERE \(blockedUnderLock) \(order)")
    limitLine = try prepare("SELECT \(Columns.job) FROM job WHERE \(blockedUnderLimit) \(order)")
    let bound = "LIMIT \(Self.longestCount)"
    lockLineCount = try prepare("SELECT count(*) FROM (SELECT 1 FROM job WHERE \(blockedUnderLock) \(bound))")
    limitLineCount = try prepare("SELECT count(*) FROM (SELECT 1 FROM job WHERE \(blockedUnderLimit) \(bound))")
  }
}
