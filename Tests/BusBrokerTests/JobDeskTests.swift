import BusProtocol
import BusStore
import Testing

@testable import BusBroker

struct JobDeskTests {
  static let lease: Duration = .seconds(15)
  let start = ContinuousClock.now
  let search = "search" as Name
  let urgent = QueueName(engine: "search", name: "urgent")
  let bulk = QueueName(engine: "search", name: "bulk")

  private func desk() -> JobDesk {
    JobDesk(
      lease: JobDeskTests.lease,
      ranks: [
        urgent: JobDesk.QueueRank(priority: 100, starveAfter: nil),
        bulk: JobDesk.QueueRank(priority: -5000, starveAfter: .seconds(60)),
      ])
  }

  private func hands(_ count: Int, queues: [QueueName]? = nil) -> Hands {
    Hands(engine: search, queues: queues ?? [bulk, urgent], workers: ["IndexUser"], concurrency: count)
  }

  private func assignments(_ range: Range<UInt64>, token: UInt64 = 1) -> [Assignment] {
    range.map {
      Assignment(
        id: JobID(high: 0, low: $0), token: token, attempt: 1, queue: urgent, worker: "IndexUser", inputs: [:],
        cause: JobCause())
    }
  }

  private func session(_ number: UInt64) -> SessionID { SessionID(rawValue: number) }

  @Test func `TR11 queues are asked in the order of the topology's priorities`() throws {
    var desk = desk()
    desk.setHands(hands(2), of: session(1), process: "p")
    let claim = try #require(desk.claims().first).claim
    #expect(claim.sources.map(\.queue) == [urgent, bulk])
    #expect(claim.sources.map(\.starveAfter) == [nil, .seconds(60)])
    #expect(claim.limit == 2)
  }

  @Test func `nothing is claimed while nothing can have become ready`() throws {
    var desk = desk()
    desk.setHands(hands(2), of: session(1), process: "p")
    let (owner, claim) = try #require(desk.claims().first)
    desk.assigned([], to: owner, for: claim, now: start)
    #expect(desk.claims().isEmpty)
    desk.expectWork(in: bulk)
    #expect(desk.claims().count == 1)
  }

  @Test func `a process is never given more than its hands`() throws {
    var desk = desk()
    desk.setHands(hands(3), of: session(1), process: "p")
    let claim = try #require(desk.claims().first).claim
    desk.assigned(assignments(0..<3), to: session(1), for: claim, now: start)
    desk.expectWork(in: urgent)
    #expect(desk.claims().isEmpty)
    desk.ended([JobResult(id: JobID(high: 0, low: 1), token: 1, outcome: .done)])
    #expect(try #require(desk.claims().first).claim.limit == 1)
  }

  @Test func `who asks alone gets all that it has hands for in one claim, who shares gets a part`() throws {
    var desk = desk()
    desk.setHands(hands(400), of: session(1), process: "a")
    #expect(desk.claims().map(\.claim.limit) == [400])
    desk.setHands(hands(1000), of: session(1), process: "a")
    #expect(desk.claims().map(\.claim.limit) == [JobDesk.maximumClaim])
    desk.setHands(hands(400), of: session(2), process: "b")
    #expect(desk.claims().map(\.claim.limit) == [JobDesk.sharedClaim, JobDesk.sharedClaim])
  }

  @Test func `hands are free again however their jobs went`() throws {
    var desk = desk()
    desk.setHands(hands(4), of: session(1), process: "a")
    let claim = try #require(desk.claims().first).claim
    desk.assigned(assignments(0..<4, token: 7), to: session(1), for: claim, now: start)
    // One is done, one moves to another process, and what both say twice counts once.
    for _ in 0..<2 {
      desk.ended([JobResult(id: JobID(high: 0, low: 0), token: 7, outcome: .done)])
      #expect(
        desk.beat([Held(JobID(high: 0, low: 1), token: 7)], from: session(2), process: "b", now: start + .seconds(9))
          .isEmpty)
    }
    desk.setHands(hands(4), of: session(2), process: "b")
    #expect(desk.occupancy(of: urgent) == (hands: 8, busy: 3))
    #expect(desk.expire(now: start + .seconds(20)).count == 2)
    #expect(desk.occupancy(of: urgent) == (hands: 8, busy: 1))
    #expect(desk.left(session(2)).map(\.id) == [JobID(high: 0, low: 1)])
    #expect(desk.occupancy(of: urgent) == (hands: 4, busy: 0))
  }

  @Test func `two processes share, and neither is always first`() {
    var desk = desk()
    desk.setHands(hands(8), of: session(1), process: "a")
    desk.setHands(hands(8), of: session(2), process: "b")
    var firsts: Set<SessionID> = []
    for _ in 0..<4 { if let first = desk.claims().first { firsts.insert(first.session) } }
    #expect(firsts == [session(1), session(2)])
  }

  @Test func `hands of zero take nothing more and keep what they have`() throws {
    var desk = desk()
    desk.setHands(hands(2), of: session(1), process: "p")
    let claim = try #require(desk.claims().first).claim
    desk.assigned(assignments(0..<2), to: session(1), for: claim, now: start)
    desk.setHands(hands(0), of: session(1), process: "p")
    #expect(desk.claims().isEmpty)
    #expect(desk.leaseCount == 2)
    #expect(desk.beat([Held(JobID(high: 0, low: 0), token: 1)], from: session(1), process: "p", now: start).isEmpty)
  }

  @Test func `I14 a beat renews a lease, and one with another token is told that it lost`() throws {
    var desk = desk()
    desk.setHands(hands(2), of: session(1), process: "p")
    let claim = try #require(desk.claims().first).claim
    desk.assigned(assignments(0..<2, token: 7), to: session(1), for: claim, now: start)
    let later = start + .seconds(10)
    let held = [Held(JobID(high: 0, low: 0), token: 7), Held(JobID(high: 0, low: 1), token: 6)]
    #expect(desk.beat(held, from: session(1), process: "p", now: later) == [JobID(high: 0, low: 1)])
    let ended = desk.expire(now: start + .seconds(16))
    #expect(ended.map(\.id) == [JobID(high: 0, low: 1)])
    #expect(desk.nextExpiry == later + JobDeskTests.lease)
  }

  @Test func `HK5 what crossed with a goodbye is told at once, under its token, and forgotten`() throws {
    var desk = desk()
    desk.setHands(hands(2), of: session(1), process: "p")
    let claim = try #require(desk.claims().first).claim
    desk.assigned(assignments(0..<2, token: 7), to: session(1), for: claim, now: start)
    let held = desk.left(session(1))
    #expect(held.map(\.id) == [JobID(high: 0, low: 0), JobID(high: 0, low: 1)] && held.map(\.token) == [7, 7])
    #expect(desk.left(session(1)).isEmpty)
    #expect(desk.expire(now: start + .seconds(60)).isEmpty, "it did not get lost")
  }

  @Test func `I17 a broken connection ends its leases after the grace, not after the lease`() throws {
    var desk = desk()
    desk.setHands(hands(1), of: session(1), process: "p")
    let claim = try #require(desk.claims().first).claim
    desk.assigned(assignments(0..<1), to: session(1), for: claim, now: start)
    desk.disconnected(session(1), now: start)
    #expect(desk.expire(now: start).isEmpty)
    #expect(desk.expire(now: start + JobDesk.reconnectGrace).count == 1)
  }

  @Test func `a process that comes back over a new connection keeps its jobs`() throws {
    var desk = desk()
    desk.setHands(hands(1), of: session(1), process: "p")
    let claim = try #require(desk.claims().first).claim
    desk.assigned(assignments(0..<1), to: session(1), for: claim, now: start)
    desk.disconnected(session(1), now: start)
    let held = [Held(JobID(high: 0, low: 0), token: 1)]
    #expect(desk.beat(held, from: session(2), process: "p", now: start + .milliseconds(300)).isEmpty)
    desk.setHands(hands(1), of: session(2), process: "p")
    #expect(desk.expire(now: start + .seconds(2)).isEmpty)
    desk.expectWork(in: urgent)
    #expect(desk.claims().isEmpty, "its one hand is taken by the job that it kept")
  }

  @Test func `after a restart the leases that the store remembers have one full period`() {
    var desk = desk()
    desk.remember(JobID(high: 0, low: 9), token: 3, now: start)
    #expect(desk.expire(now: start + .seconds(14)).isEmpty)
    #expect(desk.expire(now: start + .seconds(15)).map(\.token) == [3])
  }

  @Test func `X15 a worker that this process does not know is left to others`() throws {
    var desk = desk()
    desk.setHands(hands(1), of: session(1), process: "old")
    desk.doesNotKnow("IndexUser", session: session(1))
    #expect(try #require(desk.claims().first).claim.except == ["IndexUser"])
    #expect(!desk.isKnown("IndexUser", of: search))
    desk.setHands(hands(1), of: session(2), process: "new")
    #expect(desk.isKnown("IndexUser", of: search))
  }
}
