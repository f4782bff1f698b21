internal import BusProtocol
internal import Synchronization

/// What waits in an ``InlineBus``, in memory: an equal job that waits takes the wish, and each job runs once.
final class InlineMemory: InlineStore {
  /// A wish and all that were merged into it.
  fileprivate struct Wish {
    var job: NewJob
    var due: DueTime

    init(_ job: NewJob, at now: Timestamp) {
      self.job = job
      due = DueTime(of: job, at: now)
    }

    mutating func take(_ newer: NewJob, at now: Timestamp) {
      due.take(newer, at: now)
      job.priority = max(job.priority, newer.priority)
      job.expiresAt = job.expiresAt.flatMap { time in newer.expiresAt.map { max(time, $0) } }
      guard newer.onMerge != .keep else { return }
      job.inputs = newer.onMerge.inputs(of: job.inputs, with: newer.inputs)
      (job.workerLock, job.limit) = (newer.workerLock, newer.limit)
    }
  }

  fileprivate struct State {
    /// In the order in which they came.
    var waiting: [Wish] = []
    var known: Set<JobID> = []
    /// Which waiting job holds a queue lock.
    var holders: [String: JobID] = [:]
    /// What runs and holds its queue lock until it is over, and the wish for one run more.
    var running: [JobID: (job: NewJob, next: Wish?)] = [:]
    var announcements: [Announcement] = []
    var lastToken: UInt64 = 0
    var groups = InlineGroups()
  }

  /// Jobs and events to come beyond this are refused: somebody publishes, and nobody drains.
  static let maximumCount = 10_000

  private let state = Mutex(State())

  func enqueue(_ jobs: [NewJob], at now: Timestamp) throws -> [EnqueueOutcome] {
    // As they would come back from the store: nothing is carried along but what JSON carries.
    let jobs = try jobs.map { try NewJob(json: JSONParser.parse($0.json.bytes)) }
    return try state.withLock { state in
      try InlineMemory.checkRoom(state.waiting.count + state.groups.waitingCount + jobs.count)
      return jobs.map { state.enqueue($0, at: now) }
    }
  }

  func enqueue(_ group: JobGroup, at now: Timestamp) throws -> [EnqueueOutcome] {
    var group = group
    group.jobs = try group.jobs.map { try NewJob(json: JSONParser.parse($0.json.bytes)) }
    return try state.withLock { state in
      try InlineMemory.checkRoom(state.waiting.count + state.groups.waitingCount + group.all.count)
      return state.enqueue(group, at: now)
    }
  }

  func batch(of job: JobID, from place: Int) throws -> JobBatch? {
    state.withLock { state in
      guard var batch = state.groups.batches[job]?.status else { return nil }
      batch.jobs.removeAll { $0.place < place }
      return batch
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

  /// Nothing is kept of a run but for whoever waits for its end: how it failed is told to whoever drains. One that was
  /// asked for meanwhile waits again, and has not ended yet.
  func finish(_ result: JobResult, at now: Timestamp) throws {
    state.withLock { state in
      guard !state.waitAgain(result.id) else { return }
      for job in state.groups.ended(result) { _ = state.enqueue(job, at: now, isMergeable: false) }
    }
  }

  func note(_ note: JobNote, at now: Timestamp) throws {}

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
    state.withLock { state in (state.waiting.compactMap(\.due.at) + state.announcements.map(\.dueAt)).min() }
  }

  private static func checkRoom(_ count: Int) throws(BusError) {
    guard count > maximumCount else { return }
    throw BusError(
      code: "inline", "more than \(maximumCount) jobs or events wait in the inline bus: it is not drained",
      help: "await drain() or stored(), or run the engines in this process")
  }
}

extension InlineMemory.State {
  fileprivate mutating func enqueue(_ group: JobGroup, at now: Timestamp) -> [EnqueueOutcome] {
    switch group.kind {
    case .batch(let then, let size, let first):
      let outcomes = group.jobs.map { enqueue($0, at: now) }
      for job in groups.add(outcomes.map(\.job), from: first, size: size, then: then) {
        _ = enqueue(job, at: now, isMergeable: false)
      }
      return outcomes + [.enqueued(then.id)]
    case .chain:
      guard let first = group.jobs.first else { return [] }
      let outcome = enqueue(first, at: now)
      var before = outcome.job
      for (step, job) in group.jobs.enumerated().dropFirst() {
        _ = groups.add([before], from: 0, size: 1, step: step, then: job)
        before = job.id
      }
      return [outcome] + group.jobs.dropFirst().map { .enqueued($0.id) }
    }
  }

  /// A job that waited for others is never merged: it takes its queue lock, where that is free.
  fileprivate mutating func enqueue(_ job: NewJob, at now: Timestamp, isMergeable: Bool = true) -> EnqueueOutcome {
    guard !known.contains(job.id) else { return .enqueued(job.id) }
    guard isMergeable, let lock = job.queueLock else {
      wait(InlineMemory.Wish(job, at: now))
      return .enqueued(job.id)
    }
    if let holder = holders[lock] {
      if let index = waiting.firstIndex(where: { $0.job.id == holder }) { waiting[index].take(job, at: now) }
      return .merged(into: holder)
    }
    if job.lockUntil == .done, let run = running.first(where: { $0.value.job.queueLock == lock })?.value {
      askAgain(job, of: run, at: now)
      return .merged(into: run.job.id)
    }
    wait(InlineMemory.Wish(job, at: now))
    return .enqueued(job.id)
  }

  private mutating func wait(_ wish: InlineMemory.Wish) {
    waiting.append(wish)
    known.insert(wish.job.id)
    if let lock = wish.job.queueLock, holders[lock] == nil { holders[lock] = wish.job.id }
  }

  /// The job that runs does the work of the wish too, in a run of its own.
  private mutating func askAgain(_ job: NewJob, of run: (job: NewJob, next: InlineMemory.Wish?), at now: Timestamp) {
    var next = run.next ?? InlineMemory.Wish(run.job, at: now)
    next.take(job, at: now)
    if run.next == nil { (next.due, next.job.expiresAt) = (DueTime(of: job, at: now), job.expiresAt) }
    running[run.job.id]?.next = next
  }

  /// A run is over; whether its job waits again, because it was asked for meanwhile.
  fileprivate mutating func waitAgain(_ id: JobID) -> Bool {
    guard let next = running.removeValue(forKey: id)?.next else { return false }
    wait(next)
    return true
  }

  /// Of the jobs that are due and that can run the first one of the highest priority. Those that expired are forgotten.
  fileprivate mutating func takeNext(at now: Timestamp, _ canRun: (NewJob) -> Bool) -> NewJob? {
    for late in waiting where late.hasExpired(at: now) { leave(late.job) }
    waiting.removeAll { $0.hasExpired(at: now) }
    var next: Int?
    for (index, wish) in waiting.enumerated() where wish.due.at.map({ $0 <= now }) ?? true {
      guard next.map({ waiting[$0].job.priority < wish.job.priority }) ?? true, canRun(wish.job) else { continue }
      next = index
    }
    guard let next else { return nil }
    let job = waiting.remove(at: next).job
    leave(job)
    if job.lockUntil == .done, job.queueLock != nil { running[job.id] = (job, nil) }
    return job
  }

  /// It does not wait any more.
  private mutating func leave(_ job: NewJob) {
    known.remove(job.id)
    if let lock = job.queueLock, holders[lock] == job.id { holders[lock] = nil }
  }
}

extension InlineMemory.Wish {
  fileprivate func hasExpired(at now: Timestamp) -> Bool { job.expiresAt.map { $0 <= now } ?? false }
}
