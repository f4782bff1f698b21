import BusStore
import Testing

@Suite struct QueueTurnsTests {
  @Test(arguments: [[1, 1], [3, 1], [5, 3, 2], [1000, 1], [7, 7, 7, 1], [1, 2, 3, 4, 5, 6]])
  func `X28 at every moment each queue is less than the number of queues away from its share`(_ weights: [Int]) {
    var turns = QueueTurns()
    let candidates = weights.enumerated().map { QueueTurns.Candidate(queue: Int64($0), weight: $1, ready: .max) }
    var given = weights.map { _ in 0 }
    let sum = Double(weights.reduce(0, +))
    var count = 0
    for hands in (1...400).map({ 1 + $0 % 7 }) {
      for (index, dealt) in turns.deal(hands, to: candidates).enumerated() { given[index] += dealt }
      count += hands
      for (index, weight) in weights.enumerated() {
        let share = Double(count) * Double(weight) / sum
        #expect(abs(Double(given[index]) - share) < Double(weights.count), "after \(count) of \(weights)")
      }
    }
    #expect(given.reduce(0, +) == count)
  }

  @Test func `hands that some cannot use go to the others, and no turn is saved up`() {
    var turns = QueueTurns()
    func candidates(_ first: Int, _ second: Int) -> [QueueTurns.Candidate] {
      [.init(queue: 1, weight: 1, ready: first), .init(queue: 2, weight: 1, ready: second)]
    }
    #expect(turns.deal(10, to: candidates(2, 100)) == [2, 8])
    #expect(turns.deal(100, to: candidates(0, 100)) == [0, 100])
    let next = turns.deal(10, to: candidates(100, 100))
    #expect(next.reduce(0, +) == 10 && next.allSatisfy { (4...6).contains($0) }, "\(next)")
    #expect(turns.deal(5, to: candidates(0, 0)) == [0, 0])
    #expect(turns.deal(-1, to: candidates(3, 3)) == [0, 0])
  }

  @Test func `what a queue gave back does not count`() {
    var turns = QueueTurns()
    let candidates = [QueueTurns.Candidate(queue: 1, weight: 1, ready: 9), .init(queue: 2, weight: 1, ready: 9)]
    #expect(turns.deal(2, to: candidates) == [1, 1])
    turns.giveBack(1, of: candidates[0])
    #expect(turns.deal(1, to: candidates) == [1, 0])
  }
}
