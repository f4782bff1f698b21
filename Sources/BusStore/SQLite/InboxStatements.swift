internal import GRDB

/// The statements of inboxes, prepared with the others; see ``Statements``.
final class InboxStatements {
  let notified, notify, forget, insert, trim, prune: SQLStatement
  let newest, newestUnread, behind, behindUnread, read, readAll: SQLStatement

  private static let columns = "number, owner, job, queue, worker, state, at, text, result, read_at"

  init(_ database: Database) throws {
    func prepare(_ sql: String) throws -> SQLStatement { try SQLStatement(database, sql) }
    func list(_ condition: String, _ order: String) throws -> SQLStatement {
      try prepare("SELECT \(Self.columns) FROM inbox WHERE owner = ? \(condition) ORDER BY number \(order) LIMIT ?")
    }
    notified = try prepare("SELECT notify FROM job WHERE id = ? AND finished_at IS NULL")
    notify = try prepare("UPDATE job SET notify = ? WHERE id = ?")
    forget = try prepare("DELETE FROM inbox WHERE owner = ? AND job = ?")
    insert = try prepare(
      "INSERT INTO inbox (owner, job, queue, worker, state, at, text, result) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
    trim = try prepare(
      """
      DELETE FROM inbox WHERE owner = ?1 AND number <=
      (SELECT number FROM inbox WHERE owner = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)
      """)
    prune = try prepare(
      "DELETE FROM inbox WHERE number IN (SELECT number FROM inbox WHERE at < ? ORDER BY at LIMIT ?)")
    newest = try list("", "DESC")
    newestUnread = try list("AND read_at IS NULL", "DESC")
    behind = try list("AND number > ?", "")
    behindUnread = try list("AND number > ? AND read_at IS NULL", "")
    read = try prepare("UPDATE inbox SET read_at = ? WHERE owner = ? AND job = ? AND read_at IS NULL")
    readAll = try prepare("UPDATE inbox SET read_at = ? WHERE owner = ? AND read_at IS NULL")
  }
}
