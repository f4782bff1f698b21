internal import BusProtocol
internal import BusStore

/// Who has free hands, who holds which job, and until when. Decides which claims to make; the store picks the jobs.
///
/// All of it is rebuilt after a restart: workers say again what they can take and what they hold, and the leases that
/// the store remembers get one full period of grace.
struct JobDesk {
  /// How a queue stands among the others.
  struct QueueRank: Hashable, Sendable {
    var priority: Int
    /// Its share of the turns among those of its priority.
    var weight = 1
    var starveAfter: Duration?

    /// What a queue is that no topology names.
    static let unnamed = QueueRank(priority: 100, starveAfter: nil)
  }

  private struct Worker {
    var hands: Hands
    var process: String
    var claimQueues: [Claim.Source]
    /// How many leases name its session.
    var heldCount = 0
    /// Workers that its engine has and this process does not know: not for it.
    var unknown: Set<Name> = []
    var isLost = false

    var free: Int { isLost ? 0 : max(0, hands.concurrency - heldCount) }
  }

  private struct Lease {
    var token: UInt64
    var session: SessionID?
    var deadline: ContinuousClock.Instant
  }

  /// After its connection broke a process may come back within this time and keep what it holds.
  static let reconnectGrace: Duration = .seconds(1)
  /// The most jobs that one claim takes while several processes ask, so that they share what is ready.
  static let sharedClaim = 64
  /// The most jobs that one claim takes: each costs a transaction.
  static let maximumClaim = 512

  private let lease: Duration
  private var ranks: [QueueName: QueueRank]
  private var workers: [SessionID: Worker] = [:]
  private var leases: [JobID: Lease] = [:]
  /// Queues that may have something ready; a claim that came back short clears its queues.
  private var promising: Set<QueueName> = []
  private var rotation: UInt64 = 0

  /// When to look for leases that ended; never later than the first that ends.
  private(set) var nextExpiry: ContinuousClock.Instant?

  init(lease: Duration, ranks: [QueueName: QueueRank]) {
    self.lease = lease
    self.ranks = ranks
  }

  var leaseCount: Int { leases.count }

  /// Takes over a lease that the store remembers from before busd started.
  mutating func remember(_ id: JobID, token: UInt64, now: ContinuousClock.Instant) {
    leases[id] = Lease(token: token, session: nil, deadline: now + lease)
    note(now + lease)
  }

  /// The store could not be told how a lease ended: it still runs there, and ends once more unless its end is told.
  mutating func recall(_ id: JobID, token: UInt64, now: ContinuousClock.Instant) {
    if leases[id] == nil { remember(id, token: token, now: now) }
  }

  /// Who holds the job.
  func holder(of id: JobID) -> SessionID? { leases[id]?.session }

  /// A process says what it can take from now on.
  mutating func setHands(_ hands: Hands, of session: SessionID, process: String) {
    var worker = workers[session] ?? Worker(hands: hands, process: process, claimQueues: [])
    // What a process that came back said it holds, before it said what it can take.
    if workers[session] == nil { worker.heldCount = leases.values.count { $0.session == session } }
    worker.hands = hands
    worker.unknown = []
    worker.claimQueues = hands.queues
      .map { (queue: $0, rank: ranks[$0] ?? .unnamed) }
      .sorted { ($1.rank.priority, $0.queue) < ($0.rank.priority, $1.queue) }
      .map {
        Claim.Source(
          $0.queue, priority: $0.rank.priority, weight: $0.rank.weight, starveAfter: $0.rank.starveAfter)
      }
    workers[session] = worker
    promising.formUnion(hands.queues)
  }

  /// Something may have become ready in a queue.
  mutating func expectWork(in queue: QueueName) { promising.insert(queue) }

  /// Something may have become ready anywhere: a lock was released, a time came.
  mutating func expectWorkAnywhere() { for worker in workers.values { promising.formUnion(worker.hands.queues) } }

  /// The claims to make now: for each process with free hands and a queue that may have work.
  ///
  /// Who is asked first changes from turn to turn, so that no process is always the last.
  mutating func claims() -> [(session: SessionID, claim: Claim)] {
    guard !promising.isEmpty else { return [] }
    var askers = workers.filter { _, worker in
      worker.free > 0 && worker.claimQueues.contains { promising.contains($0.queue) }
    }.map { (session: $0.key, worker: $0.value) }
    if askers.count > 1 {
      rotation &+= 1
      askers.sort { $0.session < $1.session }
      let start = Int(rotation % UInt64(askers.count))
      askers = Array(askers[start...] + askers[..<start])
    }
    let most = askers.count > 1 ? JobDesk.sharedClaim : JobDesk.maximumClaim
    return askers.map { session, worker in
      let claim = Claim(
        worker.claimQueues, limit: min(worker.free, most), process: worker.process, except: worker.unknown)
      return (session, claim)
    }
  }

  /// A claim was answered: the leases run from now.
  mutating func assigned(
    _ assignments: [Assignment], to session: SessionID, for claim: Claim, now: ContinuousClock.Instant
  ) {
    if assignments.count < claim.limit { promising.subtract(claim.sources.map(\.queue)) }
    for assignment in assignments {
      leases[assignment.id] = Lease(token: assignment.token, session: session, deadline: now + lease)
    }
    workers[session]?.heldCount += assignments.count
    if !assignments.isEmpty { note(now + lease) }
  }

  /// Runs ended and their hands are free.
  mutating func ended(_ results: [JobResult]) {
    var freed: SessionID?
    for result in results {
      guard let held = leases.removeValue(forKey: result.id) else { continue }
      guard held.token == result.token else {
        leases[result.id] = held
        continue
      }
      guard let session = held.session else { continue }
      workers[session]?.heldCount -= 1
      // They come from one process, nearly always.
      guard session != freed, let queues = workers[session]?.hands.queues else { continue }
      promising.formUnion(queues)
      freed = session
    }
  }

  /// A process does not know a worker: its next claims leave that worker's jobs to others.
  mutating func doesNotKnow(_ worker: Name, session: SessionID) { workers[session]?.unknown.insert(worker) }

  /// Whether some connected process of the engine says that it knows the worker.
  func isKnown(_ worker: Name, of engine: Name) -> Bool {
    workers.values.contains {
      $0.hands.engine == engine && $0.hands.workers.contains(worker) && !$0.unknown.contains(worker)
    }
  }

  /// A process is alive and holds these: their leases run anew. Answers with those that had ended.
  mutating func beat(
    _ jobs: [Held<JobID>], from session: SessionID, process: String, now: ContinuousClock.Instant
  ) -> [JobID] {
    var lost: [JobID] = []
    for job in jobs {
      guard var lease = leases[job.id], lease.token == job.token else {
        lost.append(job.id)
        continue
      }
      if lease.session != session {
        if let before = lease.session { workers[before]?.heldCount -= 1 }
        workers[session]?.heldCount += 1
      }
      lease.session = session
      lease.deadline = now + self.lease
      leases[job.id] = lease
    }
    return lost
  }

  /// A process said goodbye: what it still holds goes back. Most of that crossed with its goodbye, and no run of it began.
  mutating func left(_ session: SessionID) -> [(id: JobID, token: UInt64)] {
    guard workers.removeValue(forKey: session) != nil else { return [] }
    return held(by: session).compactMap { id in leases.removeValue(forKey: id).map { (id, $0.token) } }
  }

  private func held(by session: SessionID) -> [JobID] {
    leases.compactMap { $0.value.session == session ? $0.key : nil }.sorted()
  }

  /// A connection broke: what its process held ends soon, unless the process comes back.
  mutating func disconnected(_ session: SessionID, now: ContinuousClock.Instant) {
    let deadline = now + JobDesk.reconnectGrace
    guard workers.removeValue(forKey: session) != nil else { return }
    for id in held(by: session) {
      guard let lease = leases[id], lease.deadline > deadline else { continue }
      leases[id]?.deadline = deadline
      note(deadline)
    }
  }

  /// The leases that have ended; they are forgotten here, the store is told to take the jobs back.
  mutating func expire(now: ContinuousClock.Instant) -> [(id: JobID, token: UInt64)] {
    guard let next = nextExpiry, next <= now else { return [] }
    nextExpiry = nil
    var ended: [(id: JobID, token: UInt64)] = []
    for (id, lease) in leases {
      if lease.deadline <= now {
        ended.append((id, lease.token))
      } else {
        note(lease.deadline)
      }
    }
    for job in ended {
      let session = leases.removeValue(forKey: job.id)?.session
      if let session { workers[session]?.heldCount -= 1 }
    }
    return ended.sorted { $0.id < $1.id }
  }

  private mutating func note(_ deadline: ContinuousClock.Instant) {
    nextExpiry = nextExpiry.map { min($0, deadline) } ?? deadline
  }

  /// For people: hands and held jobs of the processes that work a queue.
  func occupancy(of queue: QueueName) -> (hands: Int, busy: Int) {
    workers.values.reduce(into: (0, 0)) { sum, worker in
      guard worker.hands.queues.contains(queue) else { return }
      sum.0 += worker.hands.concurrency
      sum.1 += worker.heldCount
    }
  }
}
