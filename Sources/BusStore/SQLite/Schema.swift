internal import GRDB

/// The tables. `job` holds everything there is to a job in one row, so that no lock, lease or count can outlive it.
///
/// States are numbers (see `JobState.code`), times are microseconds since 1970, ids are their 16 bytes, queues are
/// numbered in `queue`. The partial indexes hold only what the hot statements look for, and stay small
/// beside a long history; each statement repeats an index's condition word by word, or SQLite would not use it.
enum Schema {
  /// The newest version, counted from 1.
  static let version = 14

  static func migrator() -> DatabaseMigrator {
    var migrator = DatabaseMigrator().disablingDeferredForeignKeyChecks()
    migrator.registerMigration("1", foreignKeyChecks: .immediate) { database in
      try database.execute(sql: tables)
      try database.execute(sql: indexes)
    }
    migrator.registerMigration("2", foreignKeyChecks: .immediate) { try $0.execute(sql: announcements) }
    migrator.registerMigration("3", foreignKeyChecks: .immediate) { try $0.execute(sql: limits) }
    migrator.registerMigration("4", foreignKeyChecks: .immediate) { try $0.execute(sql: changes) }
    migrator.registerMigration("5", foreignKeyChecks: .immediate) { try $0.execute(sql: schedules) }
    migrator.registerMigration("6", foreignKeyChecks: .immediate) { try $0.execute(sql: causes) }
    migrator.registerMigration("7", foreignKeyChecks: .immediate) {
      try $0.execute(sql: "ALTER TABLE job ADD COLUMN result TEXT")
    }
    migrator.registerMigration("8", foreignKeyChecks: .immediate) { try $0.execute(sql: merges) }
    migrator.registerMigration("9", foreignKeyChecks: .immediate) { try $0.execute(sql: retryBudgets) }
    migrator.registerMigration("10", foreignKeyChecks: .immediate) { try $0.execute(sql: notes) }
    migrator.registerMigration("11", foreignKeyChecks: .immediate) { try $0.execute(sql: BatchSQL.tables) }
    migrator.registerMigration("12", foreignKeyChecks: .immediate) { try $0.execute(sql: insight) }
    migrator.registerMigration("13", foreignKeyChecks: .immediate) {
      try $0.execute(sql: declaredSchedules)
      try $0.execute(sql: inbox)
    }
    migrator.registerMigration("14", foreignKeyChecks: .immediate) { try $0.execute(sql: LeaseStatements.table) }
    return migrator
  }

  private static let tables = """
    CREATE TABLE queue (
      number INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      enqueued INTEGER NOT NULL DEFAULT 0,
      merged_wishes INTEGER NOT NULL DEFAULT 0,
      done INTEGER NOT NULL DEFAULT 0,
      not_needed INTEGER NOT NULL DEFAULT 0,
      merged INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    CREATE TABLE job (
      seq INTEGER PRIMARY KEY,              -- the age: kept over retries
      id BLOB NOT NULL UNIQUE,
      queue INTEGER NOT NULL,
      state INTEGER NOT NULL,
      priority INTEGER NOT NULL,
      due_at INTEGER,                       -- null: at once
      attempts INTEGER NOT NULL DEFAULT 0,
      crashes INTEGER NOT NULL DEFAULT 0,
      merges INTEGER NOT NULL DEFAULT 0,
      token INTEGER NOT NULL DEFAULT 0,
      enqueued_at INTEGER NOT NULL,
      started_at INTEGER,
      finished_at INTEGER,                  -- null: it is not finished
      process TEXT,
      worker TEXT NOT NULL,
      queue_lock TEXT,
      worker_lock TEXT,
      parked_by INTEGER,                    -- 0: its queue is not known, 1: its worker
      reason TEXT,
      event BLOB,
      event_offset INTEGER,
      topic TEXT,
      subscription TEXT,
      parent BLOB,                          -- the job that enqueued it
      correlation BLOB,
      trace TEXT,
      context TEXT,
      source TEXT,
      retry TEXT,                           -- null: the queue's policy
      inputs TEXT NOT NULL
    ) STRICT;

    CREATE TABLE failure (
      number INTEGER PRIMARY KEY,
      job INTEGER NOT NULL,                 -- job.seq
      attempt INTEGER NOT NULL,
      at INTEGER NOT NULL,
      error TEXT NOT NULL
    ) STRICT;

    CREATE TABLE merge (
      id BLOB PRIMARY KEY,                  -- of the wish
      job BLOB NOT NULL,                    -- the id of the job that does the work
      event BLOB,
      event_offset INTEGER,
      subscription TEXT,
      at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE subscription (
      name TEXT PRIMARY KEY,
      patterns TEXT NOT NULL,               -- with spaces between, which no pattern has
      cursor INTEGER NOT NULL,
      token INTEGER NOT NULL DEFAULT 0,
      declared_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE token (last INTEGER NOT NULL) STRICT;
    INSERT INTO token (last) VALUES (0);
    """

  private static let schedules = """
    CREATE TABLE schedule (
      name TEXT PRIMARY KEY,                -- engine/name
      definition TEXT NOT NULL,             -- another text is another plan
      decided_at INTEGER NOT NULL,          -- due times up to here have a job or were skipped
      last_due INTEGER,
      last_job BLOB,
      fired INTEGER NOT NULL DEFAULT 0,
      skipped INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
    """

  /// What binaries declare, also while none of them runs.
  private static let declaredSchedules = """
    CREATE TABLE declared_schedule (
      name TEXT PRIMARY KEY,                -- engine/name
      wish TEXT NOT NULL,                   -- as the wire has it
      declared_at INTEGER NOT NULL,
      undeclared_at INTEGER                 -- null: it is declared
    ) STRICT, WITHOUT ROWID;
    """

  /// What people are told of ended jobs; apart from the jobs, which may be pruned or run again.
  private static let inbox = """
    ALTER TABLE job ADD COLUMN notify TEXT;   -- whom its end is told, as a list in JSON
    CREATE TABLE inbox (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      owner TEXT NOT NULL,
      job BLOB NOT NULL,
      queue TEXT NOT NULL,
      worker TEXT NOT NULL,
      state INTEGER NOT NULL,
      at INTEGER NOT NULL,
      text TEXT,                            -- how it failed, or why it ended like that
      result TEXT,
      read_at INTEGER                       -- null: it is new
    ) STRICT;
    CREATE UNIQUE INDEX inbox_job ON inbox (owner, job);
    CREATE INDEX inbox_owner ON inbox (owner, number);
    CREATE INDEX inbox_at ON inbox (at);
    """

  /// What changes by hand need, and sums that account for every job.
  private static let changes = """
    ALTER TABLE job ADD COLUMN retries INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE job ADD COLUMN cancel_requested_at INTEGER;
    ALTER TABLE queue ADD COLUMN cancelled INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE queue ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE queue ADD COLUMN revived INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE queue ADD COLUMN moved INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE queue ADD COLUMN failed_attempts INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE queue ADD COLUMN snoozed INTEGER NOT NULL DEFAULT 0;
    """

  /// What runs say while they run.
  private static let notes = """
    ALTER TABLE job ADD COLUMN progress TEXT;
    ALTER TABLE job ADD COLUMN progress_token INTEGER;   -- of another lease than the last one it says nothing
    ALTER TABLE job ADD COLUMN line_count INTEGER;       -- null: none ever

    CREATE TABLE run_line (
      job INTEGER NOT NULL,                 -- job.seq
      number INTEGER NOT NULL,              -- among the job's lines, from 1
      token INTEGER NOT NULL,
      own INTEGER NOT NULL,                 -- the number that its run gave it
      attempt INTEGER NOT NULL,
      at INTEGER NOT NULL,
      level TEXT,                           -- null: text is a part of the answer, as JSON
      text TEXT NOT NULL,
      PRIMARY KEY (job, number)
    ) STRICT, WITHOUT ROWID;
    """

  /// Pauses, what locks saved, and how many finished jobs of a queue were forgotten.
  private static let insight = """
    ALTER TABLE schedule ADD COLUMN paused_at INTEGER;        -- null: it is not paused
    ALTER TABLE schedule ADD COLUMN pause_reason TEXT;
    ALTER TABLE subscription ADD COLUMN paused_at INTEGER;    -- null: it is not paused
    ALTER TABLE subscription ADD COLUMN pause_reason TEXT;
    ALTER TABLE queue ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;
    UPDATE queue SET pruned = done + not_needed + merged + cancelled + expired - revived - coalesce(
      (SELECT kept FROM (SELECT queue, count(*) AS kept FROM job WHERE state >= 6 GROUP BY queue) AS history
       WHERE history.queue = queue.number), 0);

    CREATE TABLE lock_saving (
      lock TEXT NOT NULL,                   -- a queue lock; empty: those that are not kept one by one
      worker TEXT NOT NULL,
      saved INTEGER NOT NULL,
      since INTEGER NOT NULL,
      last INTEGER NOT NULL,
      PRIMARY KEY (lock, worker)
    ) STRICT, WITHOUT ROWID;
    """

  private static let announcements = """
    CREATE TABLE announcement (
      id BLOB PRIMARY KEY,                  -- of the event to come
      due_at INTEGER NOT NULL,
      topic TEXT NOT NULL,
      data BLOB NOT NULL,
      headers BLOB NOT NULL                 -- as in a record
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX announcement_due ON announcement (due_at);
    """

  private static let retryBudgets = """
    ALTER TABLE gate ADD COLUMN retries_rested_at INTEGER;  -- in nanoseconds: when no retry is used up or promised
    ALTER TABLE job ADD COLUMN retry_slot INTEGER;          -- what it was promised: then it is due, and may come back
    """

  private static let causes = """
    -- What a job enqueued while it ran; most jobs come from events and take no room here.
    CREATE INDEX job_parent ON job (parent) WHERE parent IS NOT NULL;
    -- Why a subscription asked for nothing: what it demands of the data, and the last event before its time.
    ALTER TABLE subscription ADD COLUMN conditions TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE subscription ADD COLUMN start INTEGER;
    """

  private static let indexes = """
    -- Claims, in their order; and the counts.
    CREATE INDEX job_active ON job (queue, state, priority DESC) WHERE finished_at IS NULL;
    CREATE INDEX job_dead ON job (queue) WHERE state = 5;
    -- The queue lock: at most one waits.
    CREATE UNIQUE INDEX job_queue_lock ON job (queue_lock) WHERE queue_lock IS NOT NULL AND state <= 3;
    -- The worker lock: at most one runs.
    CREATE UNIQUE INDEX job_worker_lock ON job (worker_lock) WHERE worker_lock IS NOT NULL AND state = 4;
    -- Who waits for a worker lock, in their order.
    CREATE INDEX job_line ON job (worker_lock, state, queue, priority DESC) 
      WHERE worker_lock IS NOT NULL AND finished_at IS NULL;
    CREATE INDEX job_due ON job (due_at) WHERE state = 0;
    CREATE INDEX job_history ON job (finished_at) WHERE state >= 6;
    CREATE INDEX job_event ON job (event) WHERE event IS NOT NULL;
    CREATE INDEX failure_job ON failure (job);
    CREATE INDEX merge_event ON merge (event) WHERE event IS NOT NULL;
    CREATE INDEX merge_at ON merge (at);
    """

  /// What a queue lock does with a second wish, and until when a job may start. The indexes hold nothing of other jobs.
  private static let merges = """
    ALTER TABLE job ADD COLUMN on_merge INTEGER;     -- see MergePolicy.code; null: keep
    ALTER TABLE job ADD COLUMN lock_until INTEGER;   -- 1: its run is over; else it starts
    ALTER TABLE job ADD COLUMN debounce_by INTEGER;  -- to when wishes may put it off; null: they do not
    ALTER TABLE job ADD COLUMN expires_at INTEGER;
    ALTER TABLE job ADD COLUMN rerun_at INTEGER;     -- asked for while it ran: once more after that run, due then
    ALTER TABLE job ADD COLUMN rerun_wish TEXT;      -- with what; null: as it is
    ALTER TABLE merge ADD COLUMN policy INTEGER;
    ALTER TABLE merge ADD COLUMN is_rerun INTEGER;
    ALTER TABLE queue ADD COLUMN expired INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX job_until_done ON job (queue_lock) WHERE lock_until = 1 AND state = 4;
    CREATE INDEX job_expires ON job (expires_at) WHERE expires_at IS NOT NULL AND state <= 3 AND attempts = 0;
    """

  /// Limits and pauses. Of a limit nothing is counted here: who runs under it says so in its own row.
  private static let limits = """
    ALTER TABLE job ADD COLUMN limit_key TEXT;
    ALTER TABLE job ADD COLUMN limit_concurrency INTEGER;
    ALTER TABLE job ADD COLUMN limit_rate TEXT;
    ALTER TABLE job ADD COLUMN blocked_by INTEGER;   -- 1: its limit; else its worker lock

    -- Who runs under a limit, and who of a queue is ready to.
    CREATE INDEX job_limit ON job (limit_key, state, queue, priority DESC)
      WHERE limit_key IS NOT NULL AND finished_at IS NULL;
    -- Who waits for a limit, in their order.
    CREATE INDEX job_limit_line ON job (limit_key, queue, priority DESC) WHERE blocked_by = 1;
    -- Who of them has a worker lock, and so goes before the others of it.
    CREATE INDEX job_limit_lock ON job (worker_lock, queue) WHERE blocked_by = 1;

    CREATE TABLE limit_meter (
      key TEXT PRIMARY KEY,
      rested_at INTEGER NOT NULL,           -- in nanoseconds: when nothing of the rate is used up
      look_at INTEGER NOT NULL              -- when the first of the line may go, or this row
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX limit_meter_look ON limit_meter (look_at);

    CREATE TABLE gate (
      queue INTEGER PRIMARY KEY,            -- queue.number
      rested_at INTEGER NOT NULL,           -- in nanoseconds: when nothing of the queue's rate is used up
      stop TEXT,                            -- pause, drain; null: it is open
      reason TEXT,
      since INTEGER,
      until INTEGER
    ) STRICT;
    """
}
