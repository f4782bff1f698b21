internal import BusProtocol

/// Of a job that is not finished, what decides where it goes next. In the order of ``Columns/live``.
struct LiveRow {
  let seq: Int64
  let id: JobID
  let queue: Int64
  let priority: Int
  let merges: Int
  let worker: String
  let queueLock: String?
  let workerLock: String?
  let limit: JobLimit?
  let life: JobLifecycle
  private let retry: String?
  let isCancelRequested: Bool
  let retries: Int
  /// Whether another job waits, or waited, for its end.
  let isWatched: Bool
  /// What it waits for itself, or waited for.
  let awaits: Awaits?
  let onMerge: MergePolicy
  let expiresAt: Timestamp?
  let rerunAt: Timestamp?
  let debounceBy: Timestamp?
  /// Whom its end is told, as it is kept; see ``SQLiteJobStore/owners(_:)``.
  let notify: String?

  init(_ row: SQLStatement) throws {
    seq = row.integer()
    guard let id: JobID = row.id() else { throw StoreError(.corrupt, "a job has no id: restore from a backup") }
    self.id = id
    queue = row.integer()
    let state = try JobState(code: row.integer())
    priority = Int(row.integer())
    let dueAt = row.time()
    let attempts = Int(row.integer())
    let crashes = Int(row.integer())
    merges = Int(row.integer())
    life = JobLifecycle(state: state, dueAt: dueAt, attempts: attempts, crashes: crashes, reason: row.text())
    worker = row.text() ?? ""
    queueLock = row.text()
    workerLock = row.text()
    limit = try row.limit()
    retry = row.text()
    isCancelRequested = row.time() != nil
    retries = Int(row.integer())
    isWatched = row.optionalInteger() != nil
    awaits = row.optionalInteger().flatMap { Awaits(rawValue: $0) }
    onMerge = try MergePolicy(code: row.optionalInteger())
    expiresAt = row.time()
    rerunAt = row.time()
    debounceBy = row.time()
    notify = row.text()
  }

  /// The job's own policy.
  func retryPolicy() throws -> RetryPolicy? {
    try retry.map { try RetryPolicy(json: JSONParser.parse(Array($0.utf8))) }
  }
}
