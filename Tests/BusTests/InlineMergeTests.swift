import BusProtocol
import Testing

@testable import Bus

/// The bus in memory does with a second wish, a pause and an expiry what busd's store does.
struct InlineMergeTests {
  private let memory = InlineMemory()
  private let now = Timestamp(microseconds: 1_700_000_000_000_000)
  private let hands = [Hands(engine: "shop", queues: [], workers: ["Work"], concurrency: 1)]

  private func wish(_ n: UInt64, _ change: (inout NewJob) -> Void) -> NewJob {
    var wish = NewJob(
      id: JobID(high: 1, low: n), queue: QueueName(engine: "shop", name: "default"), worker: "Work",
      inputs: ["n": n.jsonValue], queueLock: "k")
    change(&wish)
    return wish
  }

  private func enqueue(_ wish: NewJob, after seconds: Int = 0) throws -> EnqueueOutcome? {
    try memory.enqueue([wish], at: now + .seconds(seconds)).first
  }

  private func claim(after seconds: Int = 0) throws -> Assignment? {
    try memory.claim(hands, at: now + .seconds(seconds))
  }

  private func finish(_ run: Assignment) throws {
    try memory.finish(JobResult(id: run.id, token: run.token, outcome: .done), at: now)
  }

  @Test func `X2 the newest inputs win, or are laid over the others; the highest priority does`() throws {
    _ = try enqueue(wish(1) { $0.priority = 3 })
    _ = try enqueue(wish(2) { $0.onMerge = .replace })
    _ = try enqueue(wish(3) { ($0.onMerge, $0.inputs) = (.merge, ["m": 3]) })
    _ = try enqueue(wish(4) { ($0.queueLock, $0.priority) = (nil, 1) })
    #expect(try claim()?.inputs == ["n": 2, "m": 3])
  }

  @Test func `X1 until done: asked for while it runs, the same job runs once more`() throws {
    let first = wish(1) { $0.lockUntil = .done }
    _ = try enqueue(first)
    let run = try #require(try claim())
    for n in [2, 3] as [UInt64] {
      #expect(try enqueue(wish(n) { ($0.lockUntil, $0.onMerge) = (.done, .replace) }) == .merged(into: first.id))
    }
    #expect(try claim() == nil)
    try finish(run)
    let again = try #require(try claim())
    #expect(again.id == first.id && again.inputs == ["n": 3])
    try finish(again)
    #expect(try claim() == nil)
    #expect(try enqueue(wish(4) { $0.lockUntil = .done }) == .enqueued(JobID(high: 1, low: 4)))
  }

  @Test func `OT6 a pause after the last wish, and no longer than the bound after the first`() throws {
    for (n, seconds) in [(1, 0), (2, 50), (3, 90)] as [(UInt64, Int)] {
      let wish = wish(n) { $0.debounce = Debounce(after: .seconds(60), atMost: .seconds(100)) }
      _ = try enqueue(wish, after: seconds)
    }
    #expect(try memory.nextDue() == now + .seconds(100))
    #expect(try claim(after: 99) == nil)
    #expect(try claim(after: 100) != nil)
  }

  @Test func `OT9 what has not started in time is forgotten, and its queue lock with it`() throws {
    _ = try enqueue(wish(1) { $0.expiresAt = now + .seconds(10) })
    _ = try enqueue(wish(2) { $0.expiresAt = now + .seconds(20) })
    #expect(try claim(after: 20) == nil)
    #expect(try enqueue(wish(3) { _ in }, after: 20) == .enqueued(JobID(high: 1, low: 3)))
    #expect(try claim(after: 99)?.inputs == ["n": 3])
  }

  @Test func `a worker that waits for a pause needs a queue lock, and is told so where it is asked for`() throws {
    struct Unlocked: Worker {
      static var debounce: Debounce? { Debounce(after: .seconds(1), atMost: .seconds(2)) }
      func work(_ run: Run<Void>) async throws {}
    }
    let error = #expect(throws: ProtocolError.self) { try JobDraft(Unlocked()) }
    #expect(error?.message.contains("has no queue lock") == true)
  }

  @Test func `what a worker declares goes along with its job`() throws {
    struct Refresh: Worker {
      static var onMerge: MergePolicy { .merge }
      static var lockUntil: QueueLockEnd { .done }
      static var debounce: Debounce? { Debounce(after: .seconds(2), atMost: .seconds(9)) }
      var delay: Duration { .seconds(77) }
      var expires: Duration? { .seconds(5) }
      var queueLock: LockKey? { LockKey(1) }
      func work(_ run: Run<Void>) async throws {}
    }
    let draft = try JobDraft(Refresh())
    let id = JobID(high: 1, low: 1)
    let job = draft.job(id: id, engine: "shop", queue: nil, cause: JobCause(), askedAt: now)
    #expect(job.onMerge == .merge && job.lockUntil == .done && job.debounce == Refresh.debounce)
    #expect(job.dueAt == nil && job.expiresAt == now + .seconds(7))
    let later = draft.job(
      id: id, engine: "shop", queue: nil, cause: JobCause(), askedAt: now, dueAt: now + .seconds(50))
    #expect(later.expiresAt == now + .seconds(55))
  }
}
