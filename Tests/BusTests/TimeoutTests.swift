import BusProtocol
import Testing

@testable import Bus

private let zero = ContinuousClock.now
private let queue = QueueName(engine: "search", name: "default")

private func id(_ number: UInt64) -> JobID { JobID(high: 0, low: number) }

private func assignment(_ number: UInt64, token: UInt64? = nil) -> Assignment {
  Assignment(
    id: id(number), token: token ?? number, attempt: 1, queue: queue, worker: "IndexUser", inputs: [:],
    cause: JobCause())
}

private func failed(_ number: UInt64, _ error: String, token: UInt64? = nil) -> JobResult {
  JobResult(id: id(number), token: token ?? number, outcome: .failed(error: error, retryAfter: nil))
}

/// Two minutes, and ten seconds to stop.
private func desk(concurrency: Int = 2, worker: Timeout? = Timeout(.seconds(120))) -> WorkerDesk {
  var desk = WorkerDesk(
    concurrency: concurrency, maximumPrefetch: 0, workers: ["IndexUser"], lease: .seconds(10_000),
    timeouts: Timeouts(workers: worker.map { ["IndexUser": $0] } ?? [:]))
  _ = desk.sessionBegan()
  return desk
}

extension WorkerDesk {
  /// Runs a job until its time is over.
  fileprivate mutating func overrun(_ number: UInt64 = 1) {
    _ = assigned([assignment(number)], now: zero)
    #expect(tick(now: zero + .seconds(120)) == [.cancel(id(number), token: number, leaseIsLost: false)])
  }

  fileprivate mutating func ended(_ number: UInt64, _ outcome: Outcome, token: UInt64? = nil) -> [Action] {
    ended(id(number), token: token ?? number, outcome: outcome, now: zero + .seconds(121))
  }
}

private let cancellation = Outcome.failed(error: "CancellationError: CancellationError()", retryAfter: nil)
private let surrender = "did not stop within 10s after it timed out after 2m"

@Suite struct `The timeouts of a worker process` {
  @Test func `X19 OT9 a run is cancelled when its time is over, not before`() {
    var desk = desk()
    _ = desk.assigned([assignment(1)], now: zero)
    #expect(desk.nextDeadline == zero + .seconds(120))
    #expect(desk.tick(now: zero + .milliseconds(119_999)) == [])
    #expect(desk.tick(now: zero + .seconds(120)) == [.cancel(id(1), token: 1, leaseIsLost: false)])
    #expect(desk.tick(now: zero + .seconds(121)) == [], "once")
    #expect(desk.nextDeadline == zero + .seconds(130))
  }

  @Test(arguments: [
    (cancellation, Outcome.failed(error: "timed out after 2m", retryAfter: nil)),
    (.returned, .failed(error: "timed out after 2m", retryAfter: nil)),
    (.failed(error: "Gone", retryAfter: nil), .failed(error: "timed out after 2m: Gone", retryAfter: nil)),
    (.failed(error: "", retryAfter: .seconds(3)), .failed(error: "timed out after 2m", retryAfter: .seconds(3))),
    (.done, .done), (.notNeeded, .notNeeded), (.dead(error: "x"), .dead(error: "x")),
    (.snoozed(after: .seconds(1)), .snoozed(after: .seconds(1))), (.cancelled(reason: "x"), .cancelled(reason: "x")),
  ])
  func `X19 what timed out has failed, unless the work got done or said what is to happen`(
    _ said: Outcome, _ heard: Outcome
  ) {
    var desk = desk()
    desk.overrun()
    #expect(desk.ended(1, said) == [.finish([JobResult(id: id(1), token: 1, outcome: heard)])])
  }

  @Test func `X19 a run that does not stop is given up: it has failed, and keeps its hand`() {
    var desk = desk()
    desk.overrun()
    _ = desk.assigned([assignment(2), assignment(3)], now: zero + .seconds(129))
    #expect(desk.waitingCount == 1)
    #expect(
      desk.tick(now: zero + .seconds(130)) == [
        .giveUp(id(1), token: 1), .hands(1),
        .finish([JobResult(id: id(3), token: 3, outcome: .returned), failed(1, surrender)]),
      ], "busd hears of the hand before it counts the result")
    #expect(desk.held == [Held(id(2), token: 2), Held(id(3), token: 3), Held(id(1), token: 1)])
    _ = desk.finished()
    #expect(desk.held == [Held(id(2), token: 2)], "its lease has ended")
    #expect(desk.ended(1, .done) == [.hands(2)], "what it did does not count, its hand is free")
  }

  @Test func `X19 the job of a run that was given up may run again beside it`() {
    var desk = desk()
    desk.overrun()
    _ = desk.tick(now: zero + .seconds(130))
    _ = desk.finished()
    #expect(desk.assigned([assignment(1, token: 7)], now: zero + .seconds(132)) == [.start(assignment(1, token: 7))])
    #expect(desk.ended(1, .done, token: 1) == [.hands(2)])
    #expect(desk.ended(1, .done, token: 7) == [.finish([JobResult(id: id(1), token: 7, outcome: .done)])])
  }

  @Test func `EH15 a process whose hands are all taken by such runs asks to be replaced`() {
    var desk = desk(concurrency: 1)
    desk.overrun()
    #expect(
      desk.tick(now: zero + .seconds(130))
        == [.giveUp(id(1), token: 1), .hands(0), .exhausted, .finish([failed(1, surrender)])])
    #expect(desk.tick(now: zero + .seconds(131)) == [])
    #expect(desk.sessionBegan() == [.hands(0)])
    #expect(desk.stop(now: zero + .seconds(132), grace: .seconds(25)) == [])
    #expect(desk.finished() == [.settled], "nobody waits for the run")
  }

  @Test func `a late look gives a run its grace all the same`() {
    var desk = desk()
    _ = desk.assigned([assignment(1)], now: zero)
    #expect(desk.tick(now: zero + .seconds(1000)) == [.cancel(id(1), token: 1, leaseIsLost: false)])
    #expect(desk.nextDeadline == zero + .seconds(1010))
  }

  @Test func `a worker's own timeout goes before its queue's, of which the session says the newest`() {
    var own = desk(worker: Timeout(.seconds(5)))
    _ = own.sessionBegan(queueTimeouts: [queue: Timeout(.seconds(60))])
    _ = own.assigned([assignment(1)], now: zero)
    #expect(own.nextDeadline == zero + .seconds(5))
    var desk = desk(worker: nil)
    _ = desk.assigned([assignment(1)], now: zero)
    #expect(desk.nextDeadline == zero + .seconds(10_000), "the lease's alone")
    _ = desk.sessionBegan(queueTimeouts: [queue: Timeout(.seconds(60))])
    _ = desk.assigned([assignment(2)], now: zero)
    #expect(desk.nextDeadline == zero + .seconds(60))
    #expect(desk.tick(now: zero + .seconds(60)) == [.cancel(id(2), token: 2, leaseIsLost: false)])
  }

  @Test func `a run that was cancelled by hand and does not stop is given up too`() {
    var desk = desk()
    _ = desk.assigned([assignment(1)], now: zero)
    _ = desk.cancel([id(1)])
    #expect(desk.tick(now: zero + .seconds(120)) == [])
    #expect(desk.tick(now: zero + .seconds(130)).first == .giveUp(id(1), token: 1))
  }

  @Test func `of a run whose lease was lost nothing is said but that it has its hand`() {
    var desk = desk()
    _ = desk.assigned([assignment(1)], now: zero)
    _ = desk.beaten(lost: [id(1)], sentAt: zero)
    #expect(desk.tick(now: zero + .seconds(120)) == [])
    #expect(desk.tick(now: zero + .seconds(130)) == [.giveUp(id(1), token: 1), .hands(1)])
  }

  @Test func `a timeout is held within what a clock can count`() {
    #expect(Timeout(.zero).duration == .milliseconds(1))
    #expect(Timeout(.seconds(-5), grace: .seconds(-5)).grace == .zero)
    #expect(Timeout(.seconds(Int64.max), grace: .seconds(Int64.max)).duration == .seconds(36_500 * 86_400))
  }
}
