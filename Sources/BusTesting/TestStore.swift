internal import Bus
internal import BusProtocol
internal import BusStore
internal import Synchronization

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif
#if canImport(Glibc)
  @preconcurrency internal import Glibc
#else
  @preconcurrency internal import Darwin
#endif

/// What waits in a ``TestBus``: busd's own store in a file of its own, so that locks, retries and merges are busd's.
final class TestStore: InlineStore {
  /// Used under the lock alone.
  private let store: Mutex<SQLiteJobStore>
  private let directory: String

  private static let count = Atomic<Int>(0)
  private static let announcementLimit = 1000

  /// Makes a store; chance is always a half, so that a retry's delay is the same each time.
  init() throws {
    let number = TestStore.count.wrappingAdd(1, ordering: .relaxed).newValue
    // Memory where there is a directory of it: a test does not wait for a disk.
    let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    directory = "\(parent)/bus-test-store-\(getpid())-\(number)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    store = Mutex(try SQLiteJobStore(path: "\(directory)/jobs.sqlite", random: { 0.5 }))
  }

  deinit {
    // Nothing depends on it any more: a store that cannot be closed goes with its files.
    store.withLock { try? $0.close() }
    try? FileManager.default.removeItem(atPath: directory)
  }

  func enqueue(_ jobs: [NewJob], at now: Timestamp) throws -> [EnqueueOutcome] {
    guard case .enqueued(let outcomes) = try perform(.enqueue(jobs), at: now) else { throw TestStore.unexpected }
    return outcomes
  }

  func enqueue(_ group: JobGroup, at now: Timestamp) throws -> [EnqueueOutcome] {
    guard case .enqueued(let outcomes) = try perform(.enqueueGroup(group), at: now) else { throw TestStore.unexpected }
    return outcomes
  }

  func batch(of job: JobID, from place: Int) throws -> JobBatch? {
    try read { try $0.batch(of: job, from: place, limit: 1000, onlyOpen: false) }
  }

  /// Jobs of workers that their engine does not have are parked on the way, as busd does it.
  func claim(_ engines: [Hands], at now: Timestamp) throws -> Assignment? {
    try promote(engines, at: now)
    for hands in engines {
      while let assignment = try claim(from: hands, at: now) {
        guard !hands.workers.contains(assignment.worker) else { return assignment }
        try finish(JobResult(id: assignment.id, token: assignment.token, outcome: .unknownWorker), at: now)
      }
    }
    return nil
  }

  private func promote(_ engines: [Hands], at now: Timestamp) throws {
    _ = try perform(.promote, at: now)
    let known = Dictionary(engines.map { ($0.engine, Set($0.workers)) }) { $0.union($1) }
    _ = try perform(.unpark(workersKnown: known), at: now)
  }

  /// From all queues that the engine ever had: no topology says which of them are worked.
  private func claim(from hands: Hands, at now: Timestamp) throws -> Assignment? {
    let queues = try read { try $0.queueCounts() }.map(\.queue).filter { $0.engine == hands.engine }
    guard !queues.isEmpty else { return nil }
    let claim = Claim(queues.map { Claim.Source($0) }, limit: 1, process: "test")
    guard case .claimed(let assignments) = try perform(.claim(claim), at: now) else { throw TestStore.unexpected }
    return assignments.first
  }

  func finish(_ result: JobResult, at now: Timestamp) throws { _ = try perform(.finish([result]), at: now) }

  func note(_ note: JobNote, at now: Timestamp) throws { _ = try perform(.note([note]), at: now) }

  func announce(_ announcement: Announcement) throws {
    _ = try perform(.announce([announcement]), at: announcement.dueAt)
  }

  func withdraw(_ ids: [EventID]) throws -> [EventID] {
    guard !ids.isEmpty else { return [] }
    guard case .withdrawn(let found) = try perform(.withdraw(ids), at: Timestamp(microseconds: 0)) else {
      throw TestStore.unexpected
    }
    return found
  }

  func takeAnnouncements(dueBy now: Timestamp) throws -> [Announcement] {
    let due = try announcements(dueBy: now)
    _ = try withdraw(due.map(\.id))
    return due
  }

  func nextDue() throws -> Timestamp? {
    try read { store in [try store.nextDue(), try store.nextAnnouncement()].compactMap(\.self).min() }
  }

  // MARK: What a test looks at

  func announcements(dueBy moment: Timestamp) throws -> [Announcement] {
    try read { try $0.announcements(dueBy: moment, limit: TestStore.announcementLimit) }
  }

  func jobs(_ filter: JobFilter) throws -> [Job] { try read { try $0.jobs(filter) } }

  func job(_ id: JobID) throws -> Job? { try read { try $0.job(id) } }

  func lines(of job: JobID) throws -> [KeptLine] {
    try read { try $0.lines(of: job, after: 0, limit: JobLine.maximumCount) }
  }

  func holder(ofWorkerLock text: String) throws -> Job? { try read { try $0.holder(ofWorkerLock: text) } }

  private func perform(_ command: StoreCommand, at now: Timestamp) throws -> StoreReply {
    let replies = try read { try $0.perform([command], at: now) }
    guard let reply = replies.first else { throw TestStore.unexpected }
    return reply
  }

  private func read<R: Sendable>(_ body: (SQLiteJobStore) throws -> R) throws -> R {
    try store.withLock { store in try body(store) }
  }

  private static var unexpected: ExpectationFailure {
    ExpectationFailure("store", "the store answered something else than was asked")
  }
}
