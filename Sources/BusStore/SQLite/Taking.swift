internal import BusProtocol

/// A claim that is being carried out.
struct Taking {
  let claim: Claim
  let now: Timestamp
  /// The workers that the process does not know, as JSON; nil for none.
  let unknown: String?
  var taken: [Assignment] = []
  /// Those of the taken jobs whose leases get into no row.
  var leases: [PendingLeases.Lease] = []
  /// Queues whose jobs are all of such workers.
  var exhausted: Set<Int64> = []
  /// Whether jobs became ready on the way.
  var wasWoken = false {
    didSet { if wasWoken { exhausted = [] } }
  }

  init(_ claim: Claim, at now: Timestamp) {
    self.claim = claim
    self.now = now
    unknown = claim.except.isEmpty ? nil : JSONValue.array(claim.except.sorted().map { .string($0.text) }).text
  }

  /// How many of those that were to start were too late. Many are for ``StoreCommand/promote``, in bounded steps.
  var expired = 0

  /// How many hands are still free.
  var wanted: Int { expired < StoreCommand.promotionLimit ? claim.limit - taken.count : 0 }
}

/// A queue of a claim that has a number.
struct ClaimSource {
  let number: Int64
  let source: Claim.Source

  /// Neighbours of one priority together, each other queue alone.
  static func tiers(_ sources: [ClaimSource]) -> [ArraySlice<ClaimSource>] {
    var tiers: [ArraySlice<ClaimSource>] = []
    var start = 0
    for end in sources.indices.dropFirst() {
      let (last, next) = (sources[end - 1].source, sources[end].source)
      if let priority = next.priority, last.priority == priority, last.queue.engine == next.queue.engine { continue }
      tiers.append(sources[start..<end])
      start = end
    }
    if start < sources.count { tiers.append(sources[start...]) }
    return tiers
  }
}

/// A ready job that may be taken, shared by who knows of it and who takes it: its assignment still without a token, and with the attempts before this one.
final class ClaimCandidate {
  let seq: Int64
  let queue: Int64
  let workerLock: String?
  let limit: JobLimit?
  let assignment: Assignment
  let expiresAt: Timestamp?
  let priority: Int
  let dueAt: Timestamp?
  let enqueuedAt: Timestamp
  /// Whether its run may stay out of its row: nobody finds it there by a limit, and its end is all there is to tell.
  let isPlain: Bool
  /// Of its inputs, as they are kept.
  let byteCount: Int

  /// Since when it may run.
  var since: Timestamp { dueAt ?? enqueuedAt }

  /// In the order of ``Columns/assignment``.
  init(_ row: SQLStatement, _ book: QueueBook) throws {
    seq = row.integer()
    let id: JobID? = row.id()
    queue = row.integer()
    guard let id, book.contains(queue) else { throw StoreError(.corrupt, "job \(seq) has no id or no queue") }
    let worker = try Name(row.text() ?? "")
    let attempts = Int(row.integer())
    workerLock = row.text()
    limit = try row.limit()
    let cause = try JobCause(row)
    byteCount = row.byteCount
    assignment = Assignment(
      id: id, token: 0, attempt: attempts, queue: book[queue].name, worker: worker, given: try row.given(),
      cause: cause)
    expiresAt = row.time()
    priority = Int(row.integer())
    dueAt = row.time()
    enqueuedAt = Timestamp(microseconds: row.integer())
    let (isWatched, tells, locksUntilEnd) = (row.isPresent(), row.isPresent(), row.isPresent())
    isPlain = limit == nil && expiresAt == nil && !isWatched && !tells && !locksUntilEnd
  }

  /// A job that was kept just now, without a limit or an option.
  init(_ wish: NewJob, seq: Int64, queue: Int64, byteCount: Int, at now: Timestamp) {
    self.seq = seq
    self.queue = queue
    self.byteCount = byteCount
    (workerLock, limit, expiresAt) = (wish.workerLock, nil, nil)
    assignment = Assignment(
      id: wish.id, token: 0, attempt: 0, queue: wish.queue, worker: wish.worker, given: wish.given,
      cause: wish.cause)
    priority = wish.priority
    dueAt = wish.dueAt
    enqueuedAt = now
    isPlain = true
  }
}
