package import BusProtocol

/// Decides which of those who follow hear what comes live: those whom it is about. What the others do not hear is told
/// to them together, so that an event costs nothing for all who do not want it.
///
/// Each is told marks that join: the one that it hears begins where the last one that it heard ended. So none can tell
/// this from hearing all of them.
package struct LiveAudience {
  /// A mark for one of those who follow.
  package struct Word: Hashable {
    package var number: Int
    package var mark: Mark
  }

  private struct Seat {
    var patterns: [TopicPattern]
    /// Through here it was told what there was.
    var told: Offset
  }

  private var seats: [Int: Seat] = [:]
  private var index = TopicIndex()
  /// Those who have not heard for the longest time, and who is next of them; some may have left.
  private var turns: [Int] = []
  private var nextTurn = 0
  /// Who hears the next mark, whatever it is about.
  private var insisting: Set<Int> = []
  private var last: (log: LogID, through: Offset)?

  /// So many hear a heartbeat that would say nothing new to the others: their cursors move in turn.
  static let turnsPerHeartbeat = 50

  package init() {}

  package var isEmpty: Bool { seats.isEmpty }
  var numbers: [Int] { seats.keys.sorted() }

  /// Someone follows from now on.
  package mutating func join(_ number: Int, _ patterns: [TopicPattern]) {
    seats[number] = Seat(patterns: patterns, told: last?.through ?? .zero)
    index.insert(number, patterns)
    turns.append(number)
    // So that it sees where it stands: marks may have gone by.
    insisting.insert(number)
  }

  package mutating func leave(_ number: Int) {
    guard let seat = seats.removeValue(forKey: number) else { return }
    index.remove(number, seat.patterns)
    insisting.remove(number)
  }

  /// It has something to make up for: it hears the next mark.
  package mutating func insist(_ number: Int) { if seats[number] != nil { insisting.insert(number) } }

  /// Who hears events of a topic.
  package mutating func hearers(of topic: [UInt8]) -> [Int] { index.numbers(wanting: topic) }

  /// A batch is over: who hears of it, and what.
  package mutating func words(of mark: Mark) -> [Word] {
    guard let last, last.log == mark.log, last.through == mark.after else { return everybody(mark) }
    self.last = (mark.log, mark.through)
    var numbers = insisting
    insisting = []
    for topic in mark.counts.keys { numbers.formUnion(index.numbers(wanting: Array(topic.utf8))) }
    if mark.counts.isEmpty { numbers.formUnion(takeTurns()) }
    return numbers.sorted().compactMap { word(of: mark, for: $0) }
  }

  private mutating func word(of mark: Mark, for number: Int) -> Word? {
    guard let told = seats[number]?.told else { return nil }
    seats[number]?.told = max(told, mark.through)
    var mark = mark
    mark.after = min(told, mark.after)
    return Word(number: number, mark: mark)
  }

  /// Marks are missing, or the log is another one: each has to see what that means for it.
  private mutating func everybody(_ mark: Mark) -> [Word] {
    let isSameLog = last?.log == mark.log
    last = (mark.log, isSameLog ? max(last?.through ?? .zero, mark.through) : mark.through)
    insisting = []
    return numbers.map { number in
      let told = isSameLog ? seats[number]?.told ?? .zero : .zero
      seats[number]?.told = max(told, mark.through)
      return Word(number: number, mark: mark)
    }
  }

  private mutating func takeTurns() -> [Int] {
    var numbers: [Int] = []
    for _ in 0..<min(LiveAudience.turnsPerHeartbeat, turns.count) {
      if nextTurn >= turns.count { nextTurn = 0 }
      guard nextTurn < turns.count else { break }
      let number = turns[nextTurn]
      if seats[number] == nil {
        turns.swapAt(nextTurn, turns.count - 1)
        turns.removeLast()
      } else {
        numbers.append(number)
        nextTurn += 1
      }
    }
    return numbers
  }
}
