import BusProtocol
import Testing

@testable import Bus

private let zero = ContinuousClock.now

private func after(_ microseconds: Int) -> ContinuousClock.Instant { zero + .microseconds(microseconds) }

/// The tokens of the results that are sent.
private func sent(_ actions: [WorkerDesk.Action]) -> [UInt64] {
  actions.flatMap { action in
    if case .finish(let results) = action { results.map(\.token) } else { [UInt64]() }
  }
}

@Suite struct WaveTests {
  private var desk = WorkerDesk(concurrency: 2, maximumPrefetch: 32, workers: ["Work"], lease: .seconds(15))

  /// A desk whose runs are short: one has ended, and was answered.
  init() {
    _ = desk.sessionBegan()
    assign([1], at: -1000)
    #expect(end(1, at: -900) == [1])
    _ = desk.finished()
  }

  private mutating func assign(_ numbers: [UInt64], at moment: Int) {
    let assignments = numbers.map { number in
      Assignment(
        id: JobID(high: 0, low: number), token: number, attempt: 1,
        queue: QueueName(engine: "shop", name: "default"), worker: "Work", inputs: [:], cause: JobCause())
    }
    _ = desk.assigned(assignments, now: after(moment))
  }

  private mutating func end(_ number: UInt64, at moment: Int) -> [UInt64] {
    sent(desk.ended(JobID(high: 0, low: number), token: number, outcome: .done, now: after(moment)))
  }

  @Test func `jobs that came together end in one message`() {
    var test = self
    test.assign([2, 3], at: 0)
    #expect(test.end(3, at: 50) == [])
    #expect(test.desk.nextDeadline == after(2000))
    #expect(test.end(2, at: 60) == [3, 2])
  }

  @Test func `one that runs for longer is not waited for`() {
    var test = self
    test.assign([2, 3], at: 0)
    #expect(test.end(2, at: 600) == [2])
    test = self
    test.assign([2, 3], at: 0)
    #expect(test.end(2, at: 50) == [])
    #expect(sent(test.desk.tick(now: after(2000))) == [2])
  }

  @Test func `where others wait for a hand, ends go at once`() {
    var test = self
    test.assign([2, 3, 4, 5], at: 0)
    #expect(test.end(2, at: 10) == [2])
  }

  @Test func `ends that were gathered wait for those who stood in line behind others`() {
    var test = self
    test.assign([2, 3], at: 0)
    #expect(test.end(2, at: 600) == [2])
    #expect(test.end(3, at: 610) == [], "one message is unanswered")
    #expect(sent(test.desk.finished(now: after(900))) == [])
    test.assign([4], at: 920)
    #expect(test.end(4, at: 950) == [3, 4])
  }

  @Test func `nobody stands in line, and they go soon`() {
    var test = self
    test.assign([2, 3], at: 0)
    #expect(test.end(2, at: 600) == [2])
    #expect(test.end(3, at: 610) == [])
    #expect(sent(test.desk.finished(now: after(900))) == [])
    #expect(test.desk.nextDeadline == after(2900))
    #expect(sent(test.desk.tick(now: after(2900))) == [3])
  }

  @Test func `a process that stops waits for nothing`() {
    var test = self
    test.assign([2, 3], at: 0)
    #expect(test.end(2, at: 50) == [])
    #expect(sent(test.desk.stop(now: after(60), grace: .seconds(1))) == [2])
    #expect(sent(test.desk.finished(now: after(70))) == [])
    #expect(test.end(3, at: 80) == [3])
  }

  @Test func `long runs are sent as they end`() {
    var test = self
    for number: UInt64 in 2...9 {
      test.assign([number], at: Int(number) * 1_000_000)
      _ = test.end(number, at: Int(number) * 1_000_000 + 900_000)
      _ = test.desk.finished()
    }
    test.assign([20, 21], at: 20_000_000)
    #expect(test.end(20, at: 20_000_050) == [20])
  }
}
