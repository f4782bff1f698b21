import BusProtocol
import BusStore
import BusTesting
import Foundation
import Testing

/// Prints how fast a job is found among a million; asserts nothing, because the machine is shared.
/// `BUS_MEASURE=1 swift test -c release --filter FilterSpeedTests`
@Suite(.enabled(if: ProcessInfo.processInfo.environment["BUS_MEASURE"] != nil), .serialized)
struct FilterSpeedTests {
  private static let count = 1_000_000
  private static let start = Timestamp(microseconds: 1_700_000_000_000_000)

  @Test func `a job by an input among a million`() throws {
    let directory = try TemporaryDirectory()
    let store = try SQLiteJobStore(path: directory.store) { 0 }
    for first in stride(from: 0, to: FilterSpeedTests.count, by: 1000) {
      let jobs = (first..<first + 1000).map { job($0) }
      _ = try store.perform([.enqueue(jobs)], at: FilterSpeedTests.start)
    }
    for round in 1...6 { try measure("args.user_id == \(4242 + round)", store) }
    for text in [
      "args.user_id:4242", "queue:default args.user_id:999999", "args.email:user77@example.org", "args.user_id == -1",
      "args.reason:signup", "args.email ~ 'user4242@*'", "args.user_id > 999990", "user4242@", "worker:Nobody",
      "queue:other args.user_id:4242",
    ] {
      for _ in 1...2 { try measure(text, store) }
    }
    try store.close()
  }

  private func measure(_ text: String, _ store: SQLiteJobStore) throws {
    let filter = try Filter(text).bound(to: .jobs, at: FilterSpeedTests.start)
    var count = 0
    let duration = try ContinuousClock().measure { count = try store.jobs(JobFilter(where: filter, limit: 50)).count }
    print("\(text): \(count) jobs in \(String(format: "%.1f", duration.inSeconds * 1000)) ms")
  }

  private func job(_ number: Int) -> NewJob {
    let event = EventID(at: FilterSpeedTests.start, random: (UInt64(number), UInt64(number)))
    let cause = JobCause(
      event: event, offset: Offset(UInt64(number)), topic: "user_changed",
      subscription: SubscriptionName(engine: "shop", name: "index"), source: "account/web-3")
    return NewJob(
      id: JobID(high: event.high, low: event.low), queue: shopDefault, worker: "IndexUser",
      inputs: [
        "user_id": number.jsonValue, "email": .string("user\(number)@example.org"),
        "reason": .string(["signup", "change", "delete"][number % 3]), "order": (number &* 7919 % 1_000_003).jsonValue,
      ], cause: cause)
  }
}
