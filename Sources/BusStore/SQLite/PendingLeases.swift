internal import BusProtocol
internal import GRDB

/// Leases that stand in no job's row yet: most jobs end soon, and then their rows are written once instead of twice.
///
/// Each is in the table `lease` from the transaction of its claim on, a row for all jobs of one claim, so that none is
/// lost when the process dies. Only jobs without a limit and the like are kept here; see
/// ``ClaimCandidate/isPlain``. Whoever looks at the rows of running jobs asks ``SQLiteJobStore/settleLeases()`` first.
struct PendingLeases {
  /// More are written into the rows.
  static let maximumCount = 4096
  /// A job that runs for longer has its lease in its row.
  static let maximumAge: Duration = .seconds(1)

  /// One of them.
  struct Lease {
    let job: JobID
    let seq: Int64
    let queue: Int64
    let workerLock: String?
    /// What its row says: ready, or blocked where its turn under its worker lock came in the transaction of its claim.
    let rowState: JobState
    let token: UInt64
    /// Which run of the job it is.
    let attempt: Int
    /// The token of the first lease of its claim, which is the number of the claim's row.
    let claim: Int64
  }

  /// The leases that were given by one claim.
  struct Claim {
    let number: Int64
    let process: String
    let startedAt: Timestamp
    fileprivate(set) var count: Int
  }

  private var leases: [JobID: Lease] = [:]
  private var claims: [Int64: Claim] = [:]
  /// The worker locks of these leases, and of those that are being given.
  private var locks: Set<String> = []
  /// The numbers of claims, the oldest first; some of them have ended.
  private var order: [Int64] = []

  var isEmpty: Bool { leases.isEmpty }
  var count: Int { leases.count }
  var all: Dictionary<JobID, Lease>.Values { leases.values }

  subscript(job: JobID) -> Lease? { leases[job] }

  func claim(of lease: Lease) -> Claim? { claims[lease.claim] }

  /// Whether a job runs under a worker lock by a lease that stands in no row.
  func holds(_ workerLock: String) -> Bool { locks.contains(workerLock) }

  /// A lease is being given.
  mutating func hold(_ workerLock: String) { locks.insert(workerLock) }

  /// A process was given jobs.
  mutating func add(_ added: [Lease], to process: String, at startedAt: Timestamp) {
    guard let first = added.first else { return }
    claims[first.claim] = Claim(number: first.claim, process: process, startedAt: startedAt, count: added.count)
    order.append(first.claim)
    for lease in added {
      leases[lease.job] = lease
      if let lock = lease.workerLock { locks.insert(lock) }
    }
  }

  /// A lease ended, or stands in its row now. Returns whether it was the last one of its claim.
  mutating func remove(_ lease: Lease) -> Bool {
    guard leases.removeValue(forKey: lease.job) != nil else { return false }
    if let lock = lease.workerLock { locks.remove(lock) }
    claims[lease.claim]?.count -= 1
    guard claims[lease.claim]?.count == 0 else { return false }
    claims[lease.claim] = nil
    if leases.isEmpty { order.removeAll(keepingCapacity: true) }
    return true
  }

  mutating func removeAll() { self = PendingLeases() }

  /// Those that were given before a moment.
  mutating func given(before moment: Timestamp) -> [Lease] {
    var numbers: Set<Int64> = []
    var passed = 0
    for number in order {
      guard let claim = claims[number] else {
        passed += 1
        continue
      }
      guard claim.startedAt < moment else { break }
      numbers.insert(number)
      passed += 1
    }
    guard passed > 0 else { return [] }
    order.removeFirst(passed)
    return numbers.isEmpty ? [] : leases.values.filter { numbers.contains($0.claim) }
  }

  // MARK: In the table

  /// The seq and the token of each, 8 bytes each with the highest first.
  static func bytes(of leases: [Lease]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(leases.count * 16)
    for lease in leases {
      for number in [UInt64(bitPattern: lease.seq), lease.token] {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
      }
    }
    return bytes
  }

  private static func places(in bytes: [UInt8]) throws -> [(seq: Int64, token: UInt64)] {
    guard bytes.count.isMultiple(of: 16) else {
      throw StoreError(.corrupt, "the leases of a claim are cut off: restore from a backup")
    }
    func number(at start: Int) -> UInt64 { bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
    return stride(from: 0, to: bytes.count, by: 16).map { (Int64(bitPattern: number(at: $0)), number(at: $0 + 8)) }
  }

  /// Reads the table: a lease holds as long as its job's row is that of a waiting job and knows none that is younger.
  init(loadedFrom database: Database) throws {
    let list = try SQLStatement(database, "SELECT token, process, started_at, jobs FROM lease ORDER BY token")
    let row = try SQLStatement(
      database,
      "SELECT id, queue, attempts, worker_lock, state FROM job WHERE seq = ? AND state IN (1, 2) AND token < ?")
    let rows = try list.all { row in
      let (number, process) = (row.integer(), row.text() ?? "")
      return (number: number, process: process, startedAt: Timestamp(microseconds: row.integer()), jobs: row.blob())
    }
    for claim in rows {
      let leases: [Lease] = try PendingLeases.places(in: claim.jobs).compactMap { place in
        try row.bind(place.seq).bind(place.token).first { row in
          guard let id: JobID = row.id() else { throw StoreError(.corrupt, "a running job has no id") }
          let (queue, attempts, lock) = (row.integer(), Int(row.integer()), row.text())
          return Lease(
            job: id, seq: place.seq, queue: queue, workerLock: lock, rowState: try JobState(code: row.integer()),
            token: place.token, attempt: attempts + 1, claim: claim.number)
        }
      }
      add(leases, to: claim.process, at: claim.startedAt)
    }
  }

  init() {}
}
