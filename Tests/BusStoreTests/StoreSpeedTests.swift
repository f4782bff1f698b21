import BusProtocol
import BusStore
import BusTesting
import Foundation
import Testing

/// Prints how fast the store is; asserts nothing, because the machine is shared.
/// `BUS_MEASURE=1 swift test -c release --filter StoreSpeedTests`
@Suite(.enabled(if: ProcessInfo.processInfo.environment["BUS_MEASURE"] != nil), .serialized)
struct StoreSpeedTests {
  private enum Kind: String, CaseIterable {
    case plain = "no locks, no cause"
    case fromEvent = "no locks, from an event"
    case queueLock = "queue lock, from an event"
    case bothLocks = "both locks, from an event"
  }

  @Test func `jobs per second through enqueue, claim and finish in batches of 100`() throws {
    for kind in Kind.allCases { try measure(kind, batches: 300) }
    try measure(.fromEvent, batches: 300, backlog: 200_000)
  }

  private static let farAhead = Timestamp(microseconds: 1_900_000_000_000_000)
  private static let saturated = JobLimit(key: "saturated", concurrency: 1)

  /// What the limits cost, each beside a queue without any; BUS_MEASURE_BACKLOG jobs wait, a million unless told.
  @Test func `jobs per second with limits, and beside many jobs that cannot run`() throws {
    let backlog = ProcessInfo.processInfo.environment["BUS_MEASURE_BACKLOG"].flatMap(Int.init) ?? 1_000_000
    let rate = RateLimit(1_000_000, per: .second, burst: 1_000_000)
    try measure(.fromEvent, batches: 20)
    for _ in 1...3 {
      try measure(.fromEvent, batches: 200)
      try measure(.fromEvent, batches: 200, queue: QueueLimits(concurrency: 1000, rate: rate, waiting: 10_000_000))
    }
    let tenants = { JobLimit(key: "tenant(\($0 / 4))", concurrency: 4) }
    try measure(.fromEvent, batches: 200, limit: tenants)
    try measure(.fromEvent, batches: 200, backlog: 100_000, change: { $0.dueAt = Self.farAhead })
    try measure(.fromEvent, batches: 200)
    try measure(.fromEvent, batches: 200, backlog: backlog, change: { $0.limit = Self.saturated })
    try measure(.fromEvent, batches: 200, backlog: backlog, limit: tenants, change: { $0.limit = Self.saturated })
  }

  @Test func `a batch of 10,000 jobs, beside as many that nobody waits for`() throws {
    for isBatch in [false, true, false, true] {
      let directory = try TemporaryDirectory()
      let store = try SQLiteJobStore(path: directory.store) { 0 }
      let (now, clock) = (Timestamp(microseconds: 1_600_000_000_000_000), ContinuousClock())
      let jobs = (0..<10_000).map { job(.plain, UInt64($0), now) }
      let then = job(.plain, 10_000, now)
      let group = JobGroup(batch: jobs, then: then)
      let enqueue = try clock.measure {
        _ = try store.perform([isBatch ? .enqueueGroup(group) : .enqueue(group.all)], at: now)
      }
      let claim = Claim([Claim.Source(shopDefault)], limit: 100, process: "search.2@web-3:4101")
      var (finish, count) = (Duration.zero, 0)
      while case .claimed(let runs)? = try store.perform([.claim(claim)], at: now).first, !runs.isEmpty {
        let results = runs.map { JobResult(id: $0.id, token: $0.token, outcome: .done, result: ["width": 640]) }
        finish += try clock.measure { _ = try store.perform([.finish(results)], at: now) }
        count += runs.count
      }
      #expect(count == 10_001)
      print("10,000 jobs, a batch: \(isBatch): enqueue \(enqueue), finish \(finish)")
      try store.close()
    }
  }

  private func measure(
    _ kind: Kind, batches: Int, backlog: Int = 0, queue: QueueLimits = .none,
    limit: (Int) -> JobLimit? = { _ in nil }, change: ((inout NewJob) -> Void)? = nil
  ) throws {
    let directory = try TemporaryDirectory()
    let store = try SQLiteJobStore(path: directory.store) { 0 }
    try store.configure(QueueWiring(.any, limits: [shopDefault: queue]), at: Timestamp(microseconds: 0))
    let claim = Claim([Claim.Source(shopDefault)], limit: 100, process: "search.2@web-3:4101")
    let clock = ContinuousClock()
    var (enqueue, claimed, finish) = (Duration.zero, Duration.zero, Duration.zero)
    let start = Timestamp(microseconds: 1_600_000_000_000_000)
    for first in stride(from: 0, to: backlog, by: 1000) {
      var jobs = (first..<first + 1000).map { job(kind, UInt64($0), start) }
      if let change { for index in jobs.indices { change(&jobs[index]) } }
      _ = try store.perform([.enqueue(jobs)], at: start)
    }
    // The one of a saturated key that may run does: the others wait for it all along.
    if change != nil { _ = try store.perform([.claim(claim)], at: start) }
    let processor = processorTime()
    for batch in 0..<batches {
      let now = Timestamp(microseconds: 1_700_000_000_000_000 + Int64(batch) * 1000)
      var jobs = (0..<100).map { job(kind, UInt64(batch * 100 + $0), now) }
      for index in jobs.indices { jobs[index].limit = limit(index) }
      enqueue += try clock.measure { _ = try store.perform([.enqueue(jobs)], at: now) }
      var runs: [Assignment] = []
      claimed += try clock.measure {
        if case .claimed(let given) = try store.perform([.claim(claim)], at: now).first { runs = given }
      }
      #expect(runs.count == 100)
      let results = runs.map { JobResult(id: $0.id, token: $0.token, outcome: .done) }
      finish += try clock.measure { _ = try store.perform([.finish(results)], at: now) }
    }
    let total = (enqueue + claimed + finish).inSeconds
    let count = Double(batches * 100)
    func each(_ duration: Duration) -> String { String(format: "%.1f", duration.inSeconds / count * 1e6) }
    let cpu = String(format: "%.1f", (processorTime() - processor) / count * 1e6)
    print(
      "\(kind.rawValue)\(queue == .none ? "" : ", queue limits")\(limit(0) == nil ? "" : ", key limits"), backlog "
        + "\(backlog)\(change == nil ? "" : " that cannot run"): \(Int(count / total)) jobs/s; µs a job: enqueue \(each(enqueue)), claim \(each(claimed)),"
        + " finish \(each(finish)); CPU with making the jobs \(cpu)")
    try store.close()
  }

  private func job(_ kind: Kind, _ number: UInt64, _ now: Timestamp) -> NewJob {
    let event = EventID(at: now, random: (number, number))
    let cause = JobCause(
      event: event, offset: Offset(number), topic: "user_changed",
      subscription: SubscriptionName(engine: "search", name: "user_index"),
      correlation: CorrelationID(high: event.high, low: event.low), source: "account/web-3")
    return NewJob(
      id: JobID(at: now, random: (number, number)), queue: shopDefault, worker: "IndexUser",
      inputs: ["userID": .integer(Int64(number))],
      queueLock: kind == .queueLock || kind == .bothLocks ? "search.IndexUser(\(number))" : nil,
      workerLock: kind == .bothLocks ? "search.IndexUser(\(number))" : nil,
      cause: kind == .plain ? JobCause() : cause)
  }

  /// What the process has used of the processors, in seconds.
  private func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
