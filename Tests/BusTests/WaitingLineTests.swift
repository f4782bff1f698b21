import BusProtocol
import Testing

@testable import Bus

@Suite struct `The line of jobs that wait in a process` {
  private let now = ContinuousClock.now

  private func assignment(_ number: UInt64) -> Assignment {
    Assignment(
      id: JobID(high: 0, low: number), token: number, attempt: 1, queue: QueueName(engine: "search", name: "default"),
      worker: "IndexUser", inputs: [:], cause: JobCause())
  }

  @Test func `it goes as a list would, whatever is taken from where`() {
    var random = SeededRandom(seed: 5)
    var line = WaitingLine()
    var list: [(job: Assignment, since: ContinuousClock.Instant)] = []
    var last: UInt64 = 0
    for step in 0..<20_000 {
      switch random.next() % 8 {
      case 0..<4 where list.count < 600:
        last += 1
        let since = now + .milliseconds(step)
        line.append(assignment(last), since: since)
        list.append((assignment(last), since))
      case 4 where !list.isEmpty:
        let index = Int(random.next() % UInt64(list.count))
        #expect(line.remove(list[index].job.id) == list.remove(at: index).job)
      case 5 where !list.isEmpty && random.next() % 500 == 0:
        #expect(line.removeAll() == list.map(\.job))
        list = []
      default:
        #expect(line.popFirst { _ in true } == (list.isEmpty ? nil : list.removeFirst().job))
      }
      #expect(line.count == list.count && line.isEmpty == list.isEmpty)
      #expect(line.since == list.first?.since)
      if step % 100 == 0 { #expect(line.assignments == list.map(\.job)) }
    }
  }

  @Test func `who may not go yet lets others past`() {
    var line = WaitingLine()
    for number in 1...3 as ClosedRange<UInt64> { line.append(assignment(number), since: now) }
    #expect(line.popFirst { $0.low != 1 } == assignment(2))
    #expect(line.remove(JobID(high: 0, low: 9)) == nil)
    #expect(line.assignments == [assignment(1), assignment(3)])
    #expect(line.popFirst { _ in false } == nil)
  }
}
