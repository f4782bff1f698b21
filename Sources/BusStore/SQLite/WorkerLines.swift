internal import BusProtocol

/// The first jobs that wait for each worker lock, in the order in which they go: who releases one finds the next without
/// a look at the table.
///
/// What the table says is what counts. All are dropped when a job begins to wait for a lock, or ceases to, in any other
/// way than by being asked for and by its turn (``QueueBook/move(from:to:count:of:isTaken:)`` tells), and when something
/// else of such a job changes. Those that wait for their limit are in none: see ``BlockedBy/limit``.
struct WorkerLines {
  /// The most jobs that are read at once into one.
  static let maximumCount = 256
  /// The most jobs in all of them, and the most bytes of their inputs.
  static let maximumTotal = ReadyWindows.maximumTotal
  static let maximumByteCount = ReadyWindows.maximumByteCount
  /// As many are read the first time.
  private static let firstCount = 8

  /// Those of one queue.
  private struct Line {
    /// By priority and age, the last one first: so the next one is taken from the end.
    var jobs: [ClaimCandidate] = []
    /// Whether there are no others.
    var isWhole: Bool
    var readCount: Int
  }

  /// By lock and queue. A lock that is here has a line for each queue in which jobs wait for it.
  private var lines: [String: [Int64: Line]] = [:]
  private(set) var count = 0
  private(set) var byteCount = 0

  /// The queues in which jobs wait for a lock; nil where that is not known.
  func queues(of lock: String) -> [Int64]? {
    guard let lines = lines[lock] else { return nil }
    return lines.count == 1 ? Array(lines.keys) : lines.keys.sorted()
  }

  /// Whether it is known in which queues jobs wait for a lock.
  func isKnown(_ lock: String) -> Bool { lines[lock] != nil }

  /// Whether a job is here as one of this priority that nothing distinguishes from one that was asked for just now.
  func hasUntimed(_ seq: Int64, priority: Int, of lock: String?, in queue: Int64) -> Bool {
    guard let lock, let jobs = lines[lock]?[queue]?.jobs else { return false }
    return jobs.contains { $0.seq == seq && $0.priority == priority && $0.dueAt == nil && $0.expiresAt == nil }
  }

  /// The first job of a queue that waits for a lock.
  func head(of lock: String, in queue: Int64) -> ClaimCandidate? { lines[lock]?[queue]?.jobs.last }

  /// Whether it is not known who goes next, though somebody waits.
  func wantsMore(of lock: String, in queue: Int64) -> Bool {
    guard let line = lines[lock]?[queue] else { return false }
    return line.jobs.isEmpty && !line.isWhole
  }

  /// How many jobs to read: more each time, as long as nothing drops the line.
  func readCount(of lock: String, in queue: Int64) -> Int {
    let wanted = min(max(WorkerLines.firstCount, 2 * (lines[lock]?[queue]?.readCount ?? 0)), WorkerLines.maximumCount)
    return max(1, min(wanted, WorkerLines.maximumTotal - count))
  }

  mutating func dropAll() { if !lines.isEmpty { self = WorkerLines() } }

  mutating func drop(_ lock: String) {
    guard let lines = lines.removeValue(forKey: lock) else { return }
    for line in lines.values {
      count -= line.jobs.count
      for job in line.jobs { byteCount -= job.byteCount }
    }
  }

  /// Somebody waits for a lock in these queues, and nowhere else.
  mutating func open(_ lock: String, in queues: [Int64]) {
    drop(lock)
    guard lines.count < WorkerLines.maximumTotal || !queues.isEmpty else { return }
    lines[lock] = Dictionary(uniqueKeysWithValues: queues.map { ($0, Line(isWhole: false, readCount: 0)) })
  }

  /// Jobs of an empty line were read, in their order, because so many were asked for.
  mutating func fill(_ lock: String, in queue: Int64, _ jobs: [ClaimCandidate], isWhole: Bool, readCount: Int) {
    lines[lock]?[queue] = Line(jobs: jobs.reversed(), isWhole: isWhole, readCount: readCount)
    count += jobs.count
    for job in jobs { byteCount += job.byteCount }
  }

  /// A job was kept that waits for its lock; it is the youngest. It stays out where others that are not here go before
  /// it, and where there is no room.
  mutating func enter(_ job: ClaimCandidate, of lock: String) {
    guard var line = lines[lock]?[job.queue] else { return enterFirst(job, of: lock) }
    let place = line.jobs.firstIndex { job.priority <= $0.priority } ?? line.jobs.count
    // It goes behind all that are here.
    let isLast = place == 0
    guard !isLast || line.isWhole else { return }
    guard hasRoom, line.jobs.count < WorkerLines.maximumCount else {
      guard isLast else { return drop(lock) }
      line.isWhole = false
      lines[lock]?[job.queue] = line
      return
    }
    lines[lock]?[job.queue]?.jobs.insert(job, at: place)
    count += 1
    byteCount += job.byteCount
  }

  /// In its queue nobody waited for the lock.
  private mutating func enterFirst(_ job: ClaimCandidate, of lock: String) {
    guard lines[lock] != nil else { return }
    guard hasRoom else { return drop(lock) }
    lines[lock]?[job.queue] = Line(jobs: [job], isWhole: true, readCount: WorkerLines.firstCount)
    count += 1
    byteCount += job.byteCount
  }

  private var hasRoom: Bool {
    count < WorkerLines.maximumTotal && byteCount < WorkerLines.maximumByteCount
  }

  /// The first job does not wait any more.
  mutating func removeHead(of lock: String, in queue: Int64) {
    guard let job = lines[lock]?[queue]?.jobs.popLast() else { return }
    count -= 1
    byteCount -= job.byteCount
    guard let line = lines[lock]?[queue], line.jobs.isEmpty, line.isWhole else { return }
    lines[lock]?[queue] = nil
  }
}
