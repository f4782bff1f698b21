import Bus
import BusTesting
import Synchronization
import Testing

/// The truth of these tests: who is in the index, and how often it was written.
final class Index: Sendable {
  private let documents = Mutex<[Int: Int]>([:])
  var writes: [Int: Int] { documents.withLock { $0 } }
  func write(_ id: Int) { documents.withLock { $0[id, default: 0] += 1 } }
}

struct NotYet: Error {}

struct IndexUser: Worker {
  let userID: Int
  var queueLock: LockKey? { LockKey(userID) }
  var workerLock: LockKey? { LockKey("index") }

  func isNeeded(_ run: Run<Index>) async throws -> Bool { userID != 0 }
  func work(_ run: Run<Index>) async throws {
    run.services.write(userID)
    publish("user_indexed", ["id": userID.jsonValue])
  }
}

struct Stumble: Worker {
  static let retry: RetryPolicy? = RetryPolicy(attempts: 3, base: .seconds(10))
  let times: Int
  func work(_ run: Run<Index>) async throws {
    guard run.attempt > times else { throw NotYet() }
    run.services.write(-times)
  }
}

struct Stranger: Worker {
  static let engine: Name? = "search"
  func work(_ run: Run<Void>) async throws {}
}

struct MakeReport: Worker {
  let rows: Int
  func work(_ run: Run<Index>) async throws {
    for row in 1...rows {
      run.progress(row, of: rows)
      try run.send(["row": row])
    }
    run.log("all of them")
    try run.answer(rows)
  }
}

struct TestBusTests {
  private let index = Index()
  private let bus: TestBus

  init() async throws {
    bus = try TestBus()
    let index = index
    try await bus.add(
      Engine("search", services: index, configuration: try bus.configuration(service: "search")) {
        Subscription("user_changed") { event in IndexUser(userID: try event["id"]) }
        Workers(Stumble.self, MakeReport.self)
      })
  }

  @Test func `GM6 what a run says and answers is kept with its job`() async throws {
    try await bus.client.enqueue(MakeReport(rows: 3), engine: "search")
    try await bus.drain()
    let job = try #require(try bus.jobs("MakeReport").first)
    #expect(job.progress == JobProgress(3, of: 3, at: bus.now))
    #expect(job.result == 3)
    let lines = try bus.lines(of: job.id)
    #expect(lines.map(\.number) == [1, 2, 3, 4])
    #expect(lines.first?.line.content == .part(["row": 1]))
    #expect(lines.last?.line == JobLine("all of them", at: bus.now))
  }

  @Test func `TR13 what was published and enqueued can be expected before anything runs`() async throws {
    await bus.run { publish("user_changed", ["id": 42]) }
    let events = try bus.expectPublished("user_changed", times: 1) { try $0["id"] == 42 }
    #expect(events[0].time == bus.now)
    let workers = try bus.expectEnqueued(IndexUser.self, lock: LockKey(42), times: 1)
    #expect(workers.map(\.userID) == [42])
    #expect(index.writes.isEmpty)
    try await bus.drain()
    #expect(index.writes == [42: 1])
    try bus.expectPublished("user_indexed")
    #expect(try bus.jobs("IndexUser").map(\.state) == [.done])
  }

  @Test func `TR13 an expectation that is not met says what was there instead`() async throws {
    await bus.run { publish("user_changed", ["id": 42]) }
    let published = #expect(throws: ExpectationFailure.self) { try bus.expectPublished("user_change") }
    #expect(
      published?.description
        == #"event user_change was expected at least once, was published 0 times; published: user_changed {"id":42}"#)
    let enqueued = #expect(throws: ExpectationFailure.self) {
      try bus.expectEnqueued(IndexUser.self, lock: LockKey("42"))
    }
    #expect(
      enqueued?.description
        == #"IndexUser was expected to be enqueued under lock ("42") at least once, was 0 times; asked for: IndexUser {"userID":42}"#
    )
    #expect(throws: ExpectationFailure.self) { try bus.expectPublished("user_changed", times: 0) }
    #expect(throws: ExpectationFailure.self) { try bus.expectPublished("user_changed") { try $0["id"] == 1 } }
    #expect(throws: ExpectationFailure.self) { try bus.expectEnqueued(IndexUser.self) { $0.userID == 1 } }
    #expect(throws: ExpectationFailure.self) { try bus.expectMerged(IndexUser.self) }
  }

  @Test func `TR13 merges are visible, and the queue lock is free once the job is picked up`() async throws {
    await bus.run { for _ in 0..<3 { publish("user_changed", ["id": 42]) } }
    try bus.expectEnqueued(IndexUser.self, times: 1)
    try bus.expectMerged(IndexUser.self, lock: LockKey(42), times: 2)
    let waiting = try #require(try bus.holder(ofQueueLock: LockKey(42), of: IndexUser.self))
    #expect(waiting.merges == 2)
    #expect(try bus.holder(ofQueueLock: LockKey(7), of: IndexUser.self) == nil)
    try await bus.drain()
    #expect(try bus.holder(ofQueueLock: LockKey(42), of: IndexUser.self) == nil)
    #expect(index.writes == [42: 1])
    await bus.run { publish("user_changed", ["id": 42]) }
    try await bus.drain()
    #expect(index.writes == [42: 2])
  }

  @Test func `TR13 step does one piece of work at a time`() async throws {
    await bus.run { for id in [1, 2] { publish("user_changed", ["id": id.jsonValue]) } }
    #expect(try await bus.step()?.state == .done)
    #expect(index.writes == [1: 1])
    try await bus.step()
    #expect(index.writes == [1: 1, 2: 1])
    #expect(try await bus.step() == nil)
  }

  @Test func `S3-3 drain throws what failed, and next time that a retry is left`() async throws {
    try await bus.client.enqueue(Stumble(times: 1), engine: "search")
    let failure = await #expect(throws: WorkFailure.self) { try await bus.drain() }
    #expect(failure?.failures.first?.error is NotYet)
    let left = await #expect(throws: ExpectationFailure.self) { try await bus.drain() }
    #expect(left?.description.hasPrefix("work is left: search.Stumble is scheduled") == true)
    try await bus.drain(keepingScheduled: true)
    try await bus.advance(by: .seconds(3600))
    try await bus.drain()
    #expect(index.writes == [-1: 1])
    #expect(try bus.jobs("Stumble").first?.attempts == 2)
  }

  @Test func `S3-3 a job that died stays, and drain says so`() async throws {
    try await bus.client.enqueue(Stumble(times: 9), engine: "search")
    let failure = await #expect(throws: WorkFailure.self) { try await bus.advance(by: .seconds(86_400)) }
    #expect(failure?.failures.count == 3)
    let left = await #expect(throws: ExpectationFailure.self) { try await bus.drain(keepingScheduled: true) }
    #expect(left?.code == "work_left")
    #expect(try bus.jobs(state: .dead).count == 1)
  }

  @Test func `S3-3 a job that nobody here can run is parked and left`() async throws {
    let outcome = try await bus.client.enqueue(Stranger())
    guard case .parked = outcome else {
      Issue.record("the job was not parked: \(outcome)")
      return
    }
    let left = await #expect(throws: ExpectationFailure.self) { try await bus.drain() }
    #expect(left?.description.contains("search.Stranger is parked") == true)
    try await bus.add(Engine("search", configuration: try bus.configuration()) { Workers(Stranger.self) })
    try await bus.drain()
  }

  @Test func `TR13 delayed jobs and events run when the clock is moved, each at its moment`() async throws {
    try await bus.client.enqueue(IndexUser(userID: 1), engine: "search", in: .seconds(60))
    try await bus.client.publish("user_changed", ["id": 2], in: .seconds(30))
    #expect(try bus.announcements.map(\.topic) == ["user_changed"])
    await #expect(throws: ExpectationFailure.self) { try await bus.drain() }
    try await bus.advance(by: .seconds(59))
    #expect(index.writes == [2: 1])
    try await bus.advance(by: .seconds(1))
    #expect(index.writes == [1: 1, 2: 1])
    #expect(bus.now == TestBus.firstMoment + .seconds(60))
    #expect(try bus.jobs("IndexUser").map(\.startedAt) == [bus.now, TestBus.firstMoment + .seconds(30)])
  }

  @Test func `a run made by one clock is due by the same`() async throws {
    try await bus.client.enqueue(IndexUser(userID: 1), engine: "search", at: bus.now - .seconds(5))
    try await bus.drain()
    #expect(index.writes == [1: 1])
  }

  @Test func `S3-2 clients of a task come to its bus, and tests beside each other share nothing`() async throws {
    let other = try TestBus()
    let client = try BusClient(other.configuration())
    await bus.run { client.publish("user_changed", ["id": 1]) }
    client.publish("user_changed", ["id": 2])
    #expect(try bus.published.map { try $0["id"] as Int } == [1])
    #expect(try other.published.map { try $0["id"] as Int } == [2])
    #expect(other.wishes.isEmpty)
  }

  @Test func `work that is not needed is done with, and counted as such`() async throws {
    try await bus.client.enqueue(IndexUser(userID: 0), engine: "search")
    try await bus.drain()
    #expect(bus.runs.map(\.outcome) == [.notNeeded])
    #expect(try bus.jobs(state: .notNeeded).count == 1)
  }
}
