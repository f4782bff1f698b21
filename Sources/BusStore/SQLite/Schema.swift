internal import BusProtocol
internal import GRDB

/// The tables. Ids and times are readable with any SQLite tool: ids as their 26 characters, times in microseconds.
enum Schema {
  /// How states are kept: the waiting ones first, so that "waits" is one comparison in an index.
  static let states: [JobState] = [
    .scheduled, .ready, .blocked, .parked, .running, .done, .notNeeded, .merged, .dead, .cancelled,
  ]

  static func number(_ state: JobState) -> Int { states.firstIndex(of: state) ?? 0 }

  static func state(_ number: Int) -> JobState? { states.indices.contains(number) ? states[number] : nil }

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in
      try database.execute(sql: tables)
      try database.execute(sql: indexes)
    }
    return migrator
  }

  private static let tables = """
    CREATE TABLE job(
      seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, state INTEGER NOT NULL, queue TEXT NOT NULL,
      worker TEXT NOT NULL, inputs TEXT NOT NULL, priority INTEGER NOT NULL, due_at INTEGER,
      queue_lock TEXT, worker_lock TEXT, retry TEXT, cause TEXT NOT NULL, event TEXT, reason TEXT,
      attempts INTEGER NOT NULL DEFAULT 0, crashes INTEGER NOT NULL DEFAULT 0, merges INTEGER NOT NULL DEFAULT 0,
      enqueued_at INTEGER NOT NULL, ready_at INTEGER, started_at INTEGER, finished_at INTEGER, process TEXT,
      token INTEGER NOT NULL DEFAULT 0, failures TEXT);
    CREATE TABLE subscription(
      name TEXT PRIMARY KEY, patterns TEXT NOT NULL, cursor INTEGER NOT NULL, declared_at INTEGER NOT NULL,
      token INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
    CREATE TABLE merge(
      wish TEXT PRIMARY KEY, job TEXT NOT NULL, event TEXT, offset INTEGER, subscription TEXT,
      at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE total(
      queue TEXT PRIMARY KEY, done INTEGER NOT NULL DEFAULT 0, not_needed INTEGER NOT NULL DEFAULT 0,
      merged INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
    CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO counter(name, value) VALUES ('token', 0);
    """

  /// Each question of the hot path has a partial index of its own: a row is in few of them at a time.
  private static let indexes = """
    CREATE UNIQUE INDEX job_id ON job(id);
    CREATE INDEX job_event ON job(event) WHERE event IS NOT NULL;
    CREATE UNIQUE INDEX job_queue_lock ON job(queue_lock) WHERE queue_lock IS NOT NULL AND state <= 3;
    CREATE UNIQUE INDEX job_worker_lock ON job(worker_lock) WHERE worker_lock IS NOT NULL AND state = 4;
    CREATE INDEX job_scheduled ON job(due_at, queue) WHERE state = 0;
    CREATE INDEX job_ready ON job(queue, priority DESC, seq) WHERE state = 1;
    CREATE INDEX job_blocked ON job(worker_lock, priority DESC, seq) WHERE state = 2;
    CREATE INDEX job_parked ON job(queue) WHERE state = 3;
    CREATE INDEX job_running ON job(queue) WHERE state = 4;
    CREATE INDEX job_dead ON job(queue) WHERE state = 8;
    CREATE INDEX job_finished ON job(finished_at) WHERE state IN (5, 6, 7, 9);
    CREATE INDEX merge_job ON merge(job);
    CREATE INDEX merge_event ON merge(event) WHERE event IS NOT NULL;
    """
}
