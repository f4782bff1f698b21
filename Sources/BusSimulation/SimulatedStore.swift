internal import BusProtocol
internal import BusStore

/// What a world does to a store.
struct StoreFaults {
  /// Where its process dies.
  enum Death: Hashable { case before, inside, after }

  /// The process dies in a transaction, after so many others.
  var death: (place: Death, after: Int)?
  /// No transaction finds room.
  var isFull = false
  /// The next transaction fails for good.
  var failsForGood = false
}

/// busd's real store, which dies and fails on demand, and tells a witness of all that it does.
///
/// Its file is in memory. Whatever happens to the process, the next one finds what was committed: that is what SQLite
/// with `synchronous = FULL` promises of a power cut, and what is not simulated here.
final class SimulatedStore: JobStore {
  let inner: SQLiteJobStore
  private let life: Life
  private let witness: StoreWitness
  private let mutation: StoreMutation?
  var faults = StoreFaults()

  init(_ inner: SQLiteJobStore, life: Life, witness: StoreWitness, mutation: StoreMutation?) {
    self.inner = inner
    self.life = life
    self.witness = witness
    self.mutation = mutation
  }

  private static let dead = StoreError(.closed, "the process is dead")

  /// The store of a living process.
  private var store: SQLiteJobStore {
    get throws(StoreError) {
      guard life.isAlive else { throw SimulatedStore.dead }
      return inner
    }
  }

  func perform(_ commands: [StoreCommand], at now: Timestamp) throws(StoreError) -> [StoreReply] {
    _ = try store
    if faults.isFull { throw StoreError(.diskFull, "the disk is full") }
    if faults.failsForGood { throw StoreError(.ioFailure, "the disk failed") }
    let death = nextDeath()
    if death == .before {
      life.kill()
      throw SimulatedStore.dead
    }
    let dies = death == .inside ? { self.life.kill() } : nil
    let replies: [StoreReply]
    if let mutation {
      replies = try mutation.perform(commands, on: inner, at: now, dies: dies)
    } else {
      replies = try inner.perform(commands, at: now)
    }
    witness.saw(commands, replies, at: now, instant: life.timeline.now)
    if death != nil {
      life.kill()
      throw SimulatedStore.dead
    }
    return replies
  }

  private func nextDeath() -> StoreFaults.Death? {
    guard let death = faults.death else { return nil }
    faults.death = death.after > 0 ? (death.place, death.after - 1) : nil
    return death.after > 0 ? nil : death.place
  }

  func configure(_ wiring: QueueWiring, at now: Timestamp) throws(StoreError) { try store.configure(wiring, at: now) }
  func job(_ id: JobID) throws(StoreError) -> Job? { try store.job(id) }
  func jobs(withPrefix prefix: String, limit: Int) throws(StoreError) -> [Job] {
    try store.jobs(withPrefix: prefix, limit: limit)
  }
  func lines(of job: JobID, after number: Int, limit: Int) throws(StoreError) -> [KeptLine] {
    try store.lines(of: job, after: number, limit: limit)
  }
  func jobs(_ filter: JobFilter) throws(StoreError) -> [Job] { try store.jobs(filter) }
  func queueCounts() throws(StoreError) -> [QueueCounts] { try store.queueCounts() }
  func subscriptions() throws(StoreError) -> [SubscriptionStatus] { try store.subscriptions() }
  func minimumCursor() throws(StoreError) -> Offset? { try store.minimumCursor() }
  func decisions(forEvent event: EventID) throws(StoreError) -> EventDecisions {
    try store.decisions(forEvent: event)
  }
  func ahead(of job: JobID) throws(StoreError) -> Int? { try store.ahead(of: job) }
  func isHeldBack(_ job: JobID) throws(StoreError) -> Bool { try store.isHeldBack(job) }
  func holder(ofWorkerLock key: String) throws(StoreError) -> Job? { try store.holder(ofWorkerLock: key) }
  func running(underLimit key: String) throws(StoreError) -> Int { try store.running(underLimit: key) }
  func running() throws(StoreError) -> [JobLease] { try store.running() }
  func batch(of job: JobID, from place: Int, limit: Int, onlyOpen: Bool) throws(StoreError) -> JobBatch? {
    try store.batch(of: job, from: place, limit: limit, onlyOpen: onlyOpen)
  }
  func awaiters(of job: JobID) throws(StoreError) -> [JobID] { try store.awaiters(of: job) }
  func nextDue() throws(StoreError) -> Timestamp? { try store.nextDue() }
  func nextAnnouncement() throws(StoreError) -> Timestamp? { try store.nextAnnouncement() }
  func announcements(dueBy moment: Timestamp, limit: Int) throws(StoreError) -> [Announcement] {
    try store.announcements(dueBy: moment, limit: limit)
  }
  func nextOpening(after now: Timestamp) throws(StoreError) -> Timestamp? { try store.nextOpening(after: now) }
  func schedules() throws(StoreError) -> [ScheduleStatus] { try store.schedules() }
  func standing(of job: Job, at now: Timestamp) throws(StoreError) -> JobStanding {
    try store.standing(of: job, at: now)
  }
  func savings(limit: Int) throws(StoreError) -> [LockSaving] { try store.savings(limit: limit) }
  func line(ofLock key: String, limit: Int) throws(StoreError) -> LockLine {
    try store.line(ofLock: key, limit: limit)
  }
  func target(ofWish id: JobID) throws(StoreError) -> JobID? { try store.target(ofWish: id) }
  func declaredSchedules() throws(StoreError) -> [DeclaredSchedule] { try store.declaredSchedules() }
  func inbox(of owner: String, after number: UInt64?, unreadOnly: Bool, limit: Int) throws(StoreError) -> [InboxItem] {
    try store.inbox(of: owner, after: number, unreadOnly: unreadOnly, limit: limit)
  }
  func takeInboxNews() -> Set<String> { life.isAlive ? inner.takeInboxNews() : [] }
  func counters() -> StoreCounters { inner.counters() }
  func checkIntegrity() throws(StoreError) -> StoreIntegrity { try store.checkIntegrity() }
  func close() throws(StoreError) { try store.close() }
}
