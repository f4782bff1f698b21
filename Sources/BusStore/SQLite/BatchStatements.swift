internal import GRDB

/// The statements of batches and chains, prepared with the others; see ``Statements``.
final class BatchStatements {
  let open, numberOf, add, watch, wait, release: SQLStatement
  let end, close, stop, handOver, endedIn, reopen, reopened: SQLStatement
  let forgetMembers, forget: SQLStatement
  let batch, members, openMembers, awaiters: SQLStatement

  init(_ database: Database) throws {
    func prepare(_ sql: String) throws -> SQLStatement { try SQLStatement(database, sql) }
    open = try prepare(BatchSQL.open)
    numberOf = try prepare(BatchSQL.numberOf)
    add = try prepare(BatchSQL.add)
    watch = try prepare(BatchSQL.watch)
    wait = try prepare(BatchSQL.wait)
    release = try prepare(BatchSQL.release)
    end = try prepare(BatchSQL.end)
    close = try prepare(BatchSQL.close)
    stop = try prepare(BatchSQL.stop)
    handOver = try prepare(BatchSQL.handOver)
    endedIn = try prepare(BatchSQL.endedIn)
    reopen = try prepare(BatchSQL.reopen)
    reopened = try prepare(BatchSQL.reopened)
    forgetMembers = try prepare(BatchSQL.forgetMembers)
    forget = try prepare(BatchSQL.forget)
    batch = try prepare(BatchSQL.batch)
    members = try prepare(BatchSQL.members)
    openMembers = try prepare(BatchSQL.openMembers)
    awaiters = try prepare(BatchSQL.awaiters)
  }
}

/// The tables of batches and chains, and what is asked of them.
///
/// A batch is a row with the job that waits, a member of it a row with the job that is waited for. A chain is one such
/// batch for each of its steps but the first: it waits for the step before.
enum BatchSQL {
  static let tables = """
    CREATE TABLE batch (
      number INTEGER PRIMARY KEY,
      job BLOB NOT NULL UNIQUE,             -- the id of the job that waits
      size INTEGER NOT NULL,
      open INTEGER NOT NULL,                -- how many have not ended, or were not asked for yet
      step INTEGER,                         -- null: a batch; else which step of a chain is waited for
      stopped INTEGER NOT NULL DEFAULT 0,   -- 1: that step did not get done
      queue_lock TEXT                       -- of the job that waits: it takes it when its turn comes
    ) STRICT;

    CREATE TABLE batch_member (
      batch INTEGER NOT NULL,               -- batch.number
      place INTEGER NOT NULL,
      job BLOB NOT NULL,                    -- the id of the job that does the work
      ended INTEGER,                        -- the state in which it ended; null: it is waited for
      PRIMARY KEY (batch, place)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX batch_member_job ON batch_member (job);

    -- 1: a member of a batch, whose end is to be told. Null for nearly all.
    ALTER TABLE job ADD COLUMN watched INTEGER;
    -- 1: it waits for its batch, 2: for the step before it, 0: it did.
    ALTER TABLE job ADD COLUMN awaits INTEGER;
    """

  static let open = "INSERT INTO batch (job, size, open, step, queue_lock) VALUES (?1, ?2, ?2, ?3, ?4) RETURNING number"
  static let numberOf = "SELECT number FROM batch WHERE job = ?"
  static let add = "INSERT INTO batch_member (batch, place, job) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
  static let watch = "UPDATE job SET watched = 1 WHERE id = ? RETURNING state"
  static let wait = "UPDATE job SET awaits = ?, parked_by = 2, queue_lock = NULL WHERE id = ?"
  static let release = "UPDATE job SET awaits = 0, queue_lock = ? WHERE id = ?"

  static let end = "UPDATE batch_member SET ended = ? WHERE job = ? AND ended IS NULL RETURNING batch"
  static let close =
    "UPDATE batch SET open = open - 1 WHERE number = ? RETURNING open, job, step, queue_lock"
  static let stop = "UPDATE batch SET stopped = 1 WHERE number = ?"
  static let handOver = "UPDATE batch_member SET job = ? WHERE job = ? AND ended IS NULL"
  static let endedIn = """
    SELECT number, job, stopped FROM batch WHERE number IN
    (SELECT batch FROM batch_member WHERE job = ? AND ended IS NOT NULL)
    """
  static let reopen = "UPDATE batch_member SET ended = NULL WHERE batch = ? AND job = ?"
  static let reopened = "UPDATE batch SET open = open + ?, stopped = 0 WHERE number = ?"

  static let forgetMembers = "DELETE FROM batch_member WHERE batch IN (SELECT number FROM batch WHERE job = ?)"
  static let forget = "DELETE FROM batch WHERE job = ?"

  static let batch = "SELECT number, size, open, step FROM batch WHERE job = ?"
  static let members = """
    SELECT place, member.job, ended, state, result,
    coalesce((SELECT error FROM failure WHERE job = job.seq ORDER BY number DESC LIMIT 1), reason)
    FROM batch_member AS member LEFT JOIN job ON job.id = member.job
    WHERE batch = ? AND place >= ? ORDER BY place LIMIT ?
    """
  static let openMembers = members.replacing("place >= ?", with: "place >= ? AND ended IS NULL")
  static let awaiters =
    "SELECT DISTINCT batch.job FROM batch_member JOIN batch ON number = batch WHERE batch_member.job = ? LIMIT 100"

  /// Those that run for each job of a batch: none may cost more the larger it is.
  static let hot = [add, watch, end, close]
}

/// What a job waits for before it may wait for a hand.
enum Awaits: Int64 {
  /// Nothing any more.
  case nothing = 0
  case batch = 1
  case step = 2

  var reason: String? {
    switch self {
    case .nothing: nil
    case .batch: "it waits for the jobs of its batch"
    case .step: "it waits for the step before it"
    }
  }

  var parkedBy: ParkedBy? { self == .nothing ? nil : .others }
}
