internal import GRDB

/// The statements of leases that stand in no job's row; see ``Statements``.
final class LeaseStatements {
  let add, forget, forgetAll, end, endMany, keeper: SQLStatement

  init(_ database: Database) throws {
    add = try SQLStatement(database, Self.add, room: 16 << 10)
    forget = try SQLStatement(database, Self.forget)
    forgetAll = try SQLStatement(database, "DELETE FROM lease")
    end = try SQLStatement(database, Self.end)
    endMany = try SQLStatement(database, Self.endMany)
    keeper = try SQLStatement(database, Self.keeper)
  }

  static let table = """
    CREATE TABLE lease (
      token INTEGER PRIMARY KEY,            -- of the first job of a claim
      process TEXT NOT NULL,
      started_at INTEGER NOT NULL,
      jobs BLOB NOT NULL                    -- of each job its seq and its token, 8 bytes each
    ) STRICT;
    """

  private static let add = "INSERT INTO lease (token, process, started_at, jobs) VALUES (?, ?, ?, ?)"
  private static let forget = "DELETE FROM lease WHERE token = ?"
  private static let end = """
    UPDATE job SET state = ?1, token = ?2, attempts = ?3, started_at = ?4, process = ?5, finished_at = ?6,
    reason = NULL, debounce_by = NULL, result = ?8 WHERE seq = ?7
    """
  // The token grows with the row.
  private static let endMany = """
    UPDATE job SET state = ?1, token = ?2 + seq - ?7, attempts = ?3, started_at = ?4, process = ?5, finished_at = ?6,
    reason = NULL, debounce_by = NULL WHERE seq BETWEEN ?7 AND ?8
    """
  private static let keeper = "SELECT id FROM job WHERE queue_lock = ? AND queue_lock IS NOT NULL AND state <= 3"

  /// Those that run for each job or each claim.
  static let hot = [add, forget, end, endMany, keeper]
}
