import BusProtocol
import BusStore
import BusTesting
import Foundation
import Testing

@Suite struct SQLiteJobStoreTests {
  private let directory: TemporaryDirectory
  private let now = Timestamp(microseconds: 1_700_000_000_000_000)

  init() throws { directory = try TemporaryDirectory() }

  private func open() throws -> SQLiteJobStore { try SQLiteJobStore(path: directory.store) { 0 } }

  private func wish(_ number: UInt64, text: String = "") -> NewJob {
    NewJob(id: JobID(high: 1, low: number), queue: shopDefault, worker: "Work", inputs: ["text": .string(text)])
  }

  @Test func `the file and its log are private`() throws {
    let store = try open()
    _ = try store.perform([.enqueue([wish(1)])], at: now)
    for name in ["jobs.sqlite", "jobs.sqlite-wal"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory.path)/\(name)")
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
    }
    try store.close()
  }

  @Test func `a second opener is told that another process has it, and harms nothing`() throws {
    let store = try open()
    let error = #expect(throws: StoreError.self) { try open() }
    #expect(error?.code == .busy)
    _ = try store.perform([.enqueue([wish(1)])], at: now)
    #expect(try store.job(JobID(high: 1, low: 1)) != nil)
    try store.close()
    try open().close()
  }

  @Test func `a directory that is not there is said so`() {
    let error = #expect(throws: StoreError.self) {
      try SQLiteJobStore(path: "\(directory.path)/none/jobs.sqlite") { 0 }
    }
    #expect(error?.code == .cannotOpen)
    #expect(error?.message.contains("none/jobs.sqlite") == true)
  }

  @Test func `what is no database is not opened`() throws {
    try Data(repeating: 7, count: 8192).write(to: URL(filePath: directory.store))
    let error = #expect(throws: StoreError.self) { try open() }
    #expect(error?.code == .corrupt)
  }

  @Test func `a damaged page is found before the store is used`() throws {
    let store = try open()
    for batch: UInt64 in 0..<20 {
      let jobs = (0..<50).map { wish(batch * 50 + $0, text: String(repeating: "x", count: 300)) }
      _ = try store.perform([.enqueue(jobs)], at: now)
    }
    try store.close()
    let file = try FileHandle(forUpdating: URL(filePath: directory.store))
    try file.seek(toOffset: 4096 * 20)
    try file.write(contentsOf: Data(repeating: 0xFF, count: 4096 * 4))
    try file.close()
    let error = #expect(throws: StoreError.self) {
      try SQLiteJobStore(path: directory.store, checksPages: true) { 0 }
    }
    #expect(error?.code == .corrupt)
  }

  @Test func `I26 on a full disk nothing happens, the old is readable, and it goes on when there is room`() throws {
    let store = try open()
    _ = try store.perform([.enqueue([wish(1)])], at: now)
    let counts = try store.queueCounts()
    try store.limit(pages: 40)
    let many = (2..<2000).map { wish($0, text: String(repeating: "x", count: 300)) }
    let other = NewJob(id: JobID(high: 2, low: 1), queue: QueueName(engine: "new", name: "queue"), worker: "Work")
    let error = #expect(throws: StoreError.self) { try store.perform([.enqueue([other] + many)], at: now) }
    #expect(error?.code == .diskFull)
    #expect(try store.queueCounts() == counts)
    #expect(try store.job(JobID(high: 1, low: 2)) == nil)
    let claim = Claim([Claim.Source(shopDefault)], limit: 9, process: "p")
    guard case .claimed(let runs) = try store.perform([.claim(claim)], at: now).first else { return }
    #expect(runs.map(\.id) == [JobID(high: 1, low: 1)], "what is there can be worked")
    try store.limit(pages: 1_000_000)
    _ = try store.perform([.enqueue([other] + many)], at: now)
    #expect(try store.queueCounts().map(\.totals.enqueued) == [1, 1999])
    try store.close()
    let again = try open()
    #expect(try again.queueCounts().map(\.totals.enqueued) == [1, 1999])
    try again.close()
  }

  @Test func `a closed store says so`() throws {
    let store = try open()
    try store.close()
    try store.close()
    #expect(throws: StoreError.self) { try store.job(JobID(high: 1, low: 1)) }
    #expect(throws: StoreError.self) { try store.perform([], at: now) }
  }

  @Test func `tables of a newer version are left alone`() throws {
    try open().close()
    try TableOfVersions.add("99", to: directory.store)
    let error = #expect(throws: StoreError.self) { try open() }
    #expect(error?.code == .schemaTooNew)
  }

  @Test func `a store from before there were limits opens, and its jobs and queues can have them`() throws {
    let old = try open()
    _ = try old.perform([.enqueue([wish(1), wish(2)])], at: now)
    try old.close()
    try TableOfVersions.takeLimitsAway(from: directory.store)
    let store = try open()
    try store.configure(QueueWiring(.any, limits: [shopDefault: QueueLimits(concurrency: 1)]), at: now)
    let limited = NewJob(
      id: JobID(high: 1, low: 3), queue: shopDefault, worker: "Work", limit: JobLimit(key: "t", concurrency: 1))
    _ = try store.perform([.enqueue([limited])], at: now)
    let claim = Claim([Claim.Source(shopDefault)], limit: 9, process: "p")
    guard case .claimed(let runs) = try store.perform([.claim(claim)], at: now).first else { return }
    #expect(runs.map(\.id) == [JobID(high: 1, low: 1)])
    #expect(try store.job(limited.id)?.wish.limit == limited.limit)
    #expect(try store.checkIntegrity().problems.isEmpty)
    try store.close()
  }

  @Test func `a store from before there were merge policies opens, and goes on as before`() throws {
    let old = try open()
    let locked = { (id: UInt64) in
      NewJob(id: JobID(high: 1, low: id), queue: shopDefault, worker: "Work", queueLock: "k")
    }
    _ = try old.perform([.enqueue([locked(1), locked(2)])], at: now)
    try old.close()
    try TableOfVersions.takeMergesAway(from: directory.store)
    let store = try open()
    let job = try #require(try store.job(JobID(high: 1, low: 1)))
    #expect(job.wish.onMerge == .keep && job.wish.lockUntil == .started && job.wish.expiresAt == nil)
    #expect(
      try store.perform([.enqueue([locked(2), locked(3)])], at: now) == [
        .enqueued([.merged(into: job.id), .merged(into: job.id)])
      ])
    #expect(try store.queueCounts().first?.totals.expired == 0)
    #expect(try store.checkIntegrity().problems.isEmpty)
    try store.close()
  }

  @Test func `X22 a store from before pruned jobs were counted opens, and its counts add up`() throws {
    let old = try open()
    _ = try old.perform([.enqueue((1...5).map { wish(UInt64($0)) })], at: now)
    let claim = Claim([Claim.Source(shopDefault)], limit: 4, process: "p")
    guard case .claimed(let runs) = try old.perform([.claim(claim)], at: now).first else { return }
    let results = runs.map { JobResult(id: $0.id, token: $0.token, outcome: .done) }
    _ = try old.perform([.finish(results)], at: now)
    _ = try old.perform([.prune(HistoryRetention(age: .seconds(60), maximumCount: 1), limit: 99)], at: now)
    try old.close()
    try TableOfVersions.takeInsightAway(from: directory.store)
    let store = try open()
    let counts = try #require(try store.queueCounts().first)
    #expect(counts.totals.pruned == 3 && counts.kept == 1 && counts.unaccounted == 0)
    #expect(try store.savings(limit: 9).isEmpty)
    try store.close()
  }

  @Test func `I15 leases outlive a crash right after their claim`() throws {
    let store = try open()
    _ = try store.perform([.enqueue([wish(1), wish(2), wish(3)])], at: now)
    let runs = try claim(2, of: store)
    _ = try store.perform([.finish([JobResult(id: runs[0].id, token: runs[0].token, outcome: .done)])], at: now)
    // What a crash leaves behind.
    let crashed = try TemporaryDirectory()
    for name in ["jobs.sqlite", "jobs.sqlite-wal"] {
      try FileManager.default.copyItem(atPath: "\(directory.path)/\(name)", toPath: "\(crashed.path)/\(name)")
    }
    try store.close()
    let again = try SQLiteJobStore(path: crashed.store) { 0 }
    #expect(try again.running() == [JobLease(job: runs[1].id, token: runs[1].token, process: "p")])
    #expect(try again.queueCounts().map { [$0[.ready], $0[.running], $0.totals.done] } == [[1, 1, 1]])
    #expect(try claim(9, of: again).map(\.token) == [runs[1].token + 1])
    try again.close()
  }

  @Test func `I26 what a failed batch did to leases and to the order of jobs never happened`() throws {
    let store = try open()
    _ = try store.perform([.enqueue((1...6).map { wish($0) })], at: now)
    let runs = try claim(2, of: store)
    try store.limit(pages: 60)
    let next = Claim([Claim.Source(shopDefault)], limit: 2, process: "q")
    let ends = runs.map { JobResult(id: $0.id, token: $0.token, outcome: .done) }
    let many = (10..<2000).map { wish($0, text: String(repeating: "x", count: 300)) }
    let error = #expect(throws: StoreError.self) {
      try store.perform([.finish([ends[0]]), .claim(next), .enqueue(many)], at: now)
    }
    #expect(error?.code == .diskFull)
    #expect(try store.running().map(\.token) == runs.map(\.token))
    #expect(try store.job(runs[0].id)?.state == .running)
    try store.limit(pages: 1_000_000)
    #expect(
      try store.perform([.finish(ends)], at: now) == [
        .finished([.accepted(.done, dueAt: nil), .accepted(.done, dueAt: nil)])
      ])
    #expect(try claim(9, of: store).map(\.id) == (3...6).map { JobID(high: 1, low: $0) })
    try store.close()
  }

  @Test func `a store from before leases had a table opens, and its jobs go on running`() throws {
    let old = try open()
    var passing = wish(1)
    passing.expiresAt = now + .seconds(60)
    _ = try old.perform([.enqueue([passing, wish(2)])], at: now)
    // Of a job that may be too late the lease stands in its row, as each did then.
    let run = try #require(try claim(1, of: old).first)
    try old.close()
    try TableOfVersions.takeLeasesAway(from: directory.store)
    let store = try open()
    #expect(try store.running().map(\.token) == [run.token])
    #expect(try claim(9, of: store).map(\.token) == [run.token + 1])
    #expect(try store.checkIntegrity().problems.isEmpty)
    try store.close()
  }

  private func claim(_ limit: Int, of store: SQLiteJobStore) throws -> [Assignment] {
    let claim = Claim([Claim.Source(shopDefault)], limit: limit, process: "p")
    guard case .claimed(let runs) = try store.perform([.claim(claim)], at: now).first else { return [] }
    return runs
  }

  @Test func `no statement of the inner loop walks through the jobs or sorts them`() throws {
    let store = try open()
    for plan in try store.plans() {
      #expect(!plan.contains("TEMP B-TREE"), "\(plan)")
      #expect(!plan.contains("SCAN job") || plan == "SCAN job USING INDEX job_due", "\(plan)")
    }
    try store.close()
  }
}
