internal import GRDB

/// The statements of what runs say and of calls that share a run, prepared with the others; see ``Statements``.
final class NoteStatements {
  let leased, last, addLine, trim, saveProgress, saveCount, lines, forget: SQLStatement
  let runningUnderQueueLock, countMerge: SQLStatement

  init(_ database: Database) throws {
    func prepare(_ sql: String) throws -> SQLStatement { try SQLStatement(database, sql) }
    leased = try prepare("SELECT seq, attempts, line_count FROM job WHERE id = ? AND token = ? AND state = 4")
    last = try prepare("SELECT token, own FROM run_line WHERE job = ? ORDER BY number DESC LIMIT 1")
    addLine = try prepare(
      "INSERT INTO run_line (job, number, token, own, attempt, at, level, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
    trim = try prepare("DELETE FROM run_line WHERE job = ? AND number <= ?")
    saveProgress = try prepare("UPDATE job SET progress = ?, progress_token = ? WHERE seq = ?")
    saveCount = try prepare("UPDATE job SET line_count = ? WHERE seq = ?")
    lines = try prepare(
      """
      SELECT number, attempt, at, level, text FROM run_line
      WHERE job = (SELECT seq FROM job WHERE id = ?) AND number > ? ORDER BY number LIMIT ?
      """)
    forget = try prepare("DELETE FROM run_line WHERE job = ?")
    // Those that run are few, and found by the index of the claims: no index of its own, which each claim would pay for.
    runningUnderQueueLock = try prepare(
      """
      SELECT seq, id FROM job WHERE queue = ? AND state = 4 AND finished_at IS NULL
      AND queue_lock = ? AND worker = ? AND cancel_requested_at IS NULL LIMIT 1
      """)
    countMerge = try prepare("UPDATE job SET merges = merges + 1 WHERE seq = ?")
  }
}
