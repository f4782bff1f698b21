internal import GRDB

/// The statements of schedules, prepared with the others; see ``Statements``.
final class ScheduleStatements {
  let plan, forgetOthers, list, one, isUnfinished, record: SQLStatement
  let declared, keepDeclared, undeclare, forgetDeclared: SQLStatement

  private static let columns = """
    name, definition, decided_at, last_due, last_job, fired, skipped, pause_reason, paused_at
    """

  init(_ database: Database) throws {
    plan = try SQLStatement(
      database,
      """
      INSERT INTO schedule (name, definition, decided_at) VALUES (?, ?, ?)
      ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, decided_at = excluded.decided_at
      WHERE definition <> excluded.definition
      """)
    forgetOthers = try SQLStatement(
      database, "DELETE FROM schedule WHERE name NOT IN (SELECT value FROM json_each(?))")
    list = try SQLStatement(database, "SELECT \(Self.columns) FROM schedule ORDER BY name")
    one = try SQLStatement(database, "SELECT \(Self.columns) FROM schedule WHERE name = ?")
    // Dead is an end as well: a schedule must not stand still for it.
    isUnfinished = try SQLStatement(database, "SELECT 1 FROM job WHERE id = ? AND state <= 4")
    record = try SQLStatement(
      database,
      """
      UPDATE schedule SET decided_at = ?, last_due = ?, last_job = ?, fired = ?, skipped = ? WHERE name = ?
      """)
    declared = try SQLStatement(
      database, "SELECT wish, declared_at, undeclared_at FROM declared_schedule ORDER BY name")
    keepDeclared = try SQLStatement(
      database,
      """
      INSERT INTO declared_schedule (name, wish, declared_at) VALUES (?, ?, ?)
      ON CONFLICT (name) DO UPDATE SET wish = excluded.wish, declared_at = excluded.declared_at, undeclared_at = NULL
      """)
    undeclare = try SQLStatement(database, "UPDATE declared_schedule SET undeclared_at = ? WHERE name = ?")
    forgetDeclared = try SQLStatement(
      database, "DELETE FROM declared_schedule WHERE name = ? AND undeclared_at IS NOT NULL")
  }
}
