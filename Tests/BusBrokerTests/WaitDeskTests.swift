import BusProtocol
import Testing

@testable import BusBroker

struct WaitDeskTests {
  private let start = ContinuousClock.now
  private let job = JobID(high: 1, low: 1)
  private let other = JobID(high: 1, low: 2)
  private let first = WaitDesk.Waiter(session: SessionID(rawValue: 1), request: 7)
  private let second = WaitDesk.Waiter(session: SessionID(rawValue: 2), request: 7)

  @Test func `who waits is told when a result ended the job, once`() {
    var desk = WaitDesk()
    #expect(desk.nextLook == nil)
    let areAdded = [first, second, first].map { desk.add($0, for: job, now: start) }
    #expect(areAdded == [true, true, true])
    desk.touch([other])
    #expect(desk.due(now: start).isEmpty)
    desk.touch([job, other])
    #expect(desk.due(now: start) == [job])
    #expect(desk.told(job, hasEnded: true, now: start) == [first, second])
    desk.touch([job])
    #expect(desk.due(now: start + .seconds(9)).isEmpty)
    #expect(desk.told(job, hasEnded: true, now: start).isEmpty)
    #expect(desk.nextLook == nil)
  }

  @Test func `who waits for news is told when there is some, who waits for the end is not`() {
    var desk = WaitDesk()
    var reader = second
    reader.known = WaitDesk.Known(line: 3, progressAt: nil)
    for waiter in [first, reader] { _ = desk.add(waiter, for: job, now: start) }
    desk.touch([job])
    #expect(desk.due(now: start) == [job])
    #expect(desk.told(job, hasEnded: false, now: start) { $0.line < 3 }.isEmpty)
    #expect(desk.told(job, hasEnded: false, now: start) { $0.line < 4 } == [reader])
    #expect(desk.told(job, hasEnded: true, now: start) { _ in true } == [first])
  }

  @Test func `news are a line behind the last known one, and progress of another time`() {
    var job = Job(
      NewJob(id: job, queue: QueueName(engine: "a", name: "b"), worker: "W"), state: .running,
      enqueuedAt: Timestamp(microseconds: 0))
    let (old, new) = (Timestamp(microseconds: 1), Timestamp(microseconds: 2))
    #expect(!WaitDesk.Known(line: 0).isOld(for: job))
    job.lineCount = 2
    #expect([1, 2, 3].map { WaitDesk.Known(line: $0).isOld(for: job) } == [true, false, false])
    job.progress = JobProgress(1, at: new)
    #expect([old, new, nil].map { WaitDesk.Known(line: 2, progressAt: $0).isOld(for: job) } == [true, false, true])
  }

  @Test func `a job that goes on is told to those who have waited long enough`() {
    var desk = WaitDesk()
    _ = desk.add(first, for: job, now: start)
    _ = desk.add(second, for: job, now: start + .milliseconds(600))
    desk.touch([job])
    #expect(desk.due(now: start) == [job])
    #expect(desk.told(job, hasEnded: false, now: start).isEmpty)
    #expect(desk.nextLook == start + .seconds(1))
    #expect(desk.due(now: start + .seconds(1)) == [job])
    #expect(desk.told(job, hasEnded: false, now: start + .seconds(1)) == [first])
    #expect(desk.nextLook == start + .milliseconds(1600))
  }

  @Test func `a session that is gone is told nothing and takes no room`() {
    var desk = WaitDesk()
    _ = desk.add(first, for: job, now: start)
    _ = desk.add(second, for: job, now: start)
    desk.left(first.session)
    #expect(desk.due(now: start + .seconds(1)) == [job])
    #expect(desk.told(job, hasEnded: true, now: start + .seconds(1)) == [second])
  }

  @Test func `no more questions wait than may`() {
    var desk = WaitDesk()
    let session = first.session
    for number in 1...UInt64(WaitDesk.limit) {
      let waiter = WaitDesk.Waiter(session: session, request: number)
      let isAdded = desk.add(waiter, for: JobID(high: 2, low: number % 3), now: start)
      #expect(isAdded)
    }
    let isOneTooMany = desk.add(second, for: job, now: start)
    #expect(!isOneTooMany)
    let again = WaitDesk.Waiter(session: session, request: 3)
    let isKept = desk.add(again, for: JobID(high: 2, low: 0), now: start)
    #expect(isKept)
    for low in 0..<3 { _ = desk.told(JobID(high: 2, low: UInt64(low)), hasEnded: true, now: start) }
    let isAdded = desk.add(second, for: job, now: start)
    #expect(isAdded)
  }
}
