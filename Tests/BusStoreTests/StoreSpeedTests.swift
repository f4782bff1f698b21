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

  private func measure(_ kind: Kind, batches: Int, backlog: Int = 0) throws {
    let directory = try TemporaryDirectory()
    let store = try SQLiteJobStore(path: directory.store) { 0 }
    let claim = Claim([Claim.Source(shopDefault)], limit: 100, process: "search.2@web-3:4101")
    let clock = ContinuousClock()
    var (enqueue, claimed, finish) = (Duration.zero, Duration.zero, Duration.zero)
    let start = Timestamp(microseconds: 1_600_000_000_000_000)
    for first in stride(from: 0, to: backlog, by: 1000) {
      let jobs = (first..<first + 1000).map { job(kind, UInt64($0), start) }
      _ = try store.perform([.enqueue(jobs)], at: start)
    }
    let processor = processorTime()
    for batch in 0..<batches {
      let now = Timestamp(microseconds: 1_700_000_000_000_000 + Int64(batch) * 1000)
      let jobs = (0..<100).map { job(kind, UInt64(batch * 100 + $0), now) }
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
      "\(kind.rawValue), backlog \(backlog): \(Int(count / total)) jobs/s; µs a job: enqueue \(each(enqueue)), claim \(each(claimed)),"
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
