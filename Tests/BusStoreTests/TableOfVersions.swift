import GRDB

/// The table in which the versions are kept that a file has been through.
enum TableOfVersions {
  static func add(_ version: String, to path: String) throws {
    let database = try DatabaseQueue(path: path)
    try database.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES (?)", arguments: [version]) }
    try database.close()
  }

  /// Makes a file what it was before version 14.
  static func takeLeasesAway(from path: String) throws {
    let database = try DatabaseQueue(path: path)
    try database.write { database in
      try database.execute(sql: "DROP TABLE lease; DELETE FROM grdb_migrations WHERE identifier = '14'")
    }
    try database.close()
  }

  /// Makes a file what it was before version 8.
  static func takeMergesAway(from path: String) throws {
    let database = try DatabaseQueue(path: path)
    let columns = ["on_merge", "lock_until", "debounce_by", "expires_at", "rerun_at", "rerun_wish"]
    try database.write { database in
      try database.execute(sql: "DROP INDEX job_until_done; DROP INDEX job_expires;")
      for column in columns { try database.execute(sql: "ALTER TABLE job DROP COLUMN \(column)") }
      try database.execute(
        sql: """
          ALTER TABLE merge DROP COLUMN policy; ALTER TABLE merge DROP COLUMN is_rerun;
          ALTER TABLE queue DROP COLUMN expired; DELETE FROM grdb_migrations WHERE identifier = '8';
          """)
    }
    try database.close()
  }

  /// Makes a file what it was before version 12.
  static func takeInsightAway(from path: String) throws {
    let database = try DatabaseQueue(path: path)
    try database.write { database in
      try database.execute(
        sql: """
          DROP TABLE lock_saving;
          ALTER TABLE queue DROP COLUMN pruned;
          ALTER TABLE schedule DROP COLUMN paused_at; ALTER TABLE schedule DROP COLUMN pause_reason;
          ALTER TABLE subscription DROP COLUMN paused_at; ALTER TABLE subscription DROP COLUMN pause_reason;
          DELETE FROM grdb_migrations WHERE identifier = '12';
          """)
    }
    try database.close()
  }

  /// Makes a file what it was before version 3.
  static func takeLimitsAway(from path: String) throws {
    let database = try DatabaseQueue(path: path)
    try database.write { database in
      try database.execute(
        sql: """
          DROP INDEX job_limit; DROP INDEX job_limit_line; DROP INDEX job_limit_lock;
          DROP TABLE limit_meter; DROP TABLE gate;
          ALTER TABLE job DROP COLUMN limit_key; ALTER TABLE job DROP COLUMN limit_concurrency;
          ALTER TABLE job DROP COLUMN limit_rate; ALTER TABLE job DROP COLUMN blocked_by;
          DELETE FROM grdb_migrations WHERE identifier = '3';
          ALTER TABLE job DROP COLUMN retry_slot;
          DELETE FROM grdb_migrations WHERE identifier = '9';
          """)
    }
    try database.close()
  }
}
