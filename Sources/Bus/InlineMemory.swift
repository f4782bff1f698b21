internal import BusProtocol
internal import Synchronization

/// What waits in an ``InlineBus``, in memory: an equal job that waits takes the wish, and each job runs once.
final class InlineMemory: InlineStore {
  fileprivate struct State {
    /// In the order in which they came.
    var waiting: [NewJob] = []
    var known: Set<JobID> = []
    /// Which waiting job holds a queue lock.
    var holders: [String: JobID] = [:]
    var announcements: [Announcement] = []
    var lastToken: UInt64 = 0
  }

  /// Jobs and events to come beyond this are refused: somebody publishes, and nobody drains.
  static let maximumCount = 10_000

  private let state = Mutex(State())

  func enqueue(_ jobs: [NewJob], at now: Timestamp) throws -> [EnqueueOutcome] {
    // As they would come back from the store: nothing is carried along but what JSON carries.
    let jobs = try jobs.map { try NewJob(json: JSONParser.parse($0.json.bytes)) }
    return try state.withLock { state in
      try InlineMemory.checkRoom(state.waiting.count + jobs.count)
      return jobs.map { state.enqueue($0) }
    }
  }

  func claim(_ engines: [Hands], at now: Timestamp) throws -> Assignment? {
    state.withLock { state in
      let canRun = { (job: NewJob) in
        engines.contains { $0.engine == job.queue.engine && $0.workers.contains(job.worker) }
      }
      guard let job = state.takeNext(at: now, canRun) else { return nil }
      state.lastToken += 1
      return Assignment(
        id: job.id, token: state.lastToken, attempt: 1, queue: job.queue, worker: job.worker, inputs: job.inputs,
        cause: job.cause)
    }
  }

  /// Nothing is kept of a run: how it failed is told to whoever drains.
  func finish(_ result: JobResult, at now: Timestamp) throws {}

  func announce(_ announcement: Announcement) throws {
    try state.withLock { state in
      try InlineMemory.checkRoom(state.announcements.count + 1)
      state.announcements.append(announcement)
    }
  }

  func withdraw(_ ids: [EventID]) throws -> [EventID] {
    state.withLock { state in
      let found = ids.filter { id in state.announcements.contains { $0.id == id } }
      state.announcements.removeAll { found.contains($0.id) }
      return found
    }
  }

  func takeAnnouncements(dueBy now: Timestamp) throws -> [Announcement] {
    state.withLock { state in
      let due = state.announcements.filter { $0.dueAt <= now }
      state.announcements.removeAll { $0.dueAt <= now }
      return due.sorted { ($0.dueAt, $0.id) < ($1.dueAt, $1.id) }
    }
  }

  func nextDue() throws -> Timestamp? {
    state.withLock { state in (state.waiting.compactMap(\.dueAt) + state.announcements.map(\.dueAt)).min() }
  }

  private static func checkRoom(_ count: Int) throws(BusError) {
    guard count > maximumCount else { return }
    throw BusError(
      code: "inline", "more than \(maximumCount) jobs or events wait in the inline bus: it is not drained",
      help: "await drain() or stored(), or run the engines in this process")
  }
}

extension InlineMemory.State {
  fileprivate mutating func enqueue(_ job: NewJob) -> EnqueueOutcome {
    guard !known.contains(job.id) else { return .enqueued(job.id) }
    if let holder = job.queueLock.flatMap({ holders[$0] }) {
      // A wish that may run earlier makes the one that waits run earlier.
      if let index = waiting.firstIndex(where: { $0.id == holder }) {
        waiting[index].dueAt = waiting[index].dueAt.flatMap { due in job.dueAt.map { min(due, $0) } }
      }
      return .merged(into: holder)
    }
    waiting.append(job)
    known.insert(job.id)
    if let lock = job.queueLock { holders[lock] = job.id }
    return .enqueued(job.id)
  }

  /// Of the jobs that are due and that can run the first one of the highest priority.
  fileprivate mutating func takeNext(at now: Timestamp, _ canRun: (NewJob) -> Bool) -> NewJob? {
    var next: Int?
    for (index, job) in waiting.enumerated() where job.dueAt.map({ $0 <= now }) ?? true {
      guard next.map({ waiting[$0].priority < job.priority }) ?? true, canRun(job) else { continue }
      next = index
    }
    guard let next else { return nil }
    let job = waiting.remove(at: next)
    known.remove(job.id)
    if let lock = job.queueLock { holders[lock] = nil }
    return job
  }
}
