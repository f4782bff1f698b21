internal import GRDB

/// What only jobs with a merge policy, a pause between wishes, a lock until their end or an expiry need; see
/// ``Statements``.
final class MergeStatements {
  let insert, insertLocked: SQLStatement
  let inputs, setInputs, leavePlace, putOff, runningUntilDone, askAgain, rerunWish, forgetRerun: SQLStatement
  let expired, nextExpiry: SQLStatement

  init(_ database: Database) throws {
    func prepare(_ sql: String) throws -> SQLStatement { try SQLStatement(database, sql) }
    insert = try prepare(SQL.insert(Columns.wishWithOptions))
    insertLocked = try prepare(SQL.insertLocked(Columns.wishWithOptions))
    inputs = try prepare("SELECT inputs FROM job WHERE seq = ?")
    setInputs = try prepare(
      """
      UPDATE job SET inputs = ?, worker_lock = ?, limit_key = ?, limit_concurrency = ?, limit_rate = ? WHERE seq = ?
      """)
    leavePlace = try prepare("UPDATE job SET state = 3, parked_by = 0, blocked_by = NULL WHERE seq = ?")
    putOff = try prepare("UPDATE job SET due_at = ?, debounce_by = ? WHERE seq = ?")
    runningUntilDone = try prepare(Self.runningUntilDone)
    askAgain = try prepare(
      """
      UPDATE job SET merges = merges + 1, priority = max(priority, ?1), debounce_by = ?3, rerun_wish = ?4,
      expires_at = CASE WHEN rerun_at IS NULL THEN ?5 ELSE max(expires_at, ?5) END, rerun_at = ?2 WHERE seq = ?6
      """)
    rerunWish = try prepare("SELECT rerun_wish FROM job WHERE seq = ?")
    forgetRerun = try prepare("UPDATE job SET rerun_at = NULL, rerun_wish = NULL WHERE seq = ?")
    expired = try prepare(Self.expired)
    nextExpiry = try prepare(Self.nextExpiry)
  }

  private static let runningUntilDone = """
    SELECT seq, id, rerun_at, debounce_by, rerun_wish, inputs FROM job
    WHERE queue_lock = ? AND lock_until = 1 AND state = 4 AND cancel_requested_at IS NULL LIMIT 1
    """
  private static let expired = """
    SELECT seq FROM job WHERE expires_at <= ? AND expires_at IS NOT NULL AND state <= 3 AND attempts = 0
    ORDER BY expires_at LIMIT ?
    """
  private static let nextExpiry = """
    SELECT expires_at FROM job WHERE expires_at IS NOT NULL AND state <= 3 AND attempts = 0 ORDER BY expires_at LIMIT 1
    """

  /// Those that look for rows.
  static let hot = [SQL.insertLocked(Columns.wishWithOptions), runningUntilDone, expired, nextExpiry]
}
