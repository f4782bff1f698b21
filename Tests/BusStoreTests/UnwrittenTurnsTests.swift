import Testing

@testable import BusStore

@Suite struct UnwrittenTurnsTests {
  @Test func `a lock has turns until the last of its jobs was taken`() {
    var turns = UnwrittenTurns()
    turns.insert(7, under: "a")
    turns.insert(9, under: "a")
    turns.insert(8, under: "b")
    #expect(turns.has("a") && turns.has("b") && !turns.has("c"))
    let first = turns.remove(7)
    #expect(first && turns.has("a"))
    let second = turns.remove(9)
    #expect(second && !turns.has("a") && turns.has("b") && !turns.isEmpty)
  }

  @Test func `a job whose turn is not here changes nothing`() {
    var turns = UnwrittenTurns()
    turns.insert(7, under: "a")
    let removed = [8, 7, 7].map { turns.remove($0) }
    #expect(removed == [false, true, false])
    #expect(turns.isEmpty && !turns.has("a"))
  }

  @Test func `the turn of a job counts once`() {
    var turns = UnwrittenTurns()
    turns.insert(7, under: "a")
    turns.insert(7, under: "a")
    let removed = turns.remove(7)
    #expect(removed && !turns.has("a"))
  }

  @Test func `all are taken in the order of their rows`() {
    var turns = UnwrittenTurns()
    let rows = (1...1000).map { Int64($0) }
    for row in rows.shuffled() { turns.insert(row, under: "lock \(row % 3)") }
    let taken = turns.takeAll()
    let rest = turns.takeAll()
    #expect(taken == rows && rest.isEmpty)
    #expect(turns.isEmpty && !turns.has("lock 0"))
  }

  @Test func `nothing is left of a transaction that was given up`() {
    var turns = UnwrittenTurns()
    turns.insert(7, under: "a")
    turns.removeAll()
    let removed = turns.remove(7)
    #expect(turns.isEmpty && !turns.has("a") && !removed)
    turns.insert(7, under: "b")
    #expect(turns.has("b") && !turns.has("a"))
  }
}
