import BusProtocol
import BusStore
import BusTesting
import Testing

@Suite struct QueueAgesTests {
  private let directory: TemporaryDirectory
  private let begin = Timestamp(microseconds: 1_700_000_000_000_000)

  init() throws { directory = try TemporaryDirectory() }

  private func open() throws -> SQLiteJobStore { try SQLiteJobStore(path: directory.store) { 0 } }

  private func enqueue(_ number: UInt64, priority: Int, after seconds: Int, _ store: SQLiteJobStore) throws {
    var wish = NewJob(id: JobID(high: 1, low: number), queue: shopDefault, worker: "Work", inputs: [:])
    wish.priority = priority
    _ = try store.perform([.enqueue([wish])], at: begin + .seconds(seconds))
  }

  private func claim(_ count: Int, _ store: SQLiteJobStore) throws {
    let claim = Claim([Claim.Source(shopDefault)], limit: count, process: "p")
    _ = try store.perform([.claim(claim)], at: begin + .seconds(60))
  }

  /// For how many seconds after the beginning the oldest ready job was not there.
  private func oldest(_ store: SQLiteJobStore) throws -> Int? {
    let counts = try store.queueCounts().first { $0.queue == shopDefault }
    return counts?.oldestReady.map { Int(($0 - begin) / .seconds(1)) }
  }

  @Test func `how long jobs wait counts none that a claim took, whether or not its row says so`() throws {
    var store = try open()
    try enqueue(1, priority: 5, after: 1, store)
    try enqueue(2, priority: 5, after: 2, store)
    try enqueue(3, priority: 0, after: 3, store)
    try enqueue(4, priority: 9, after: 4, store)
    #expect(try oldest(store) == 1)
    try claim(1, store)
    #expect(try oldest(store) == 1, "the one of 4 s was taken")
    try claim(1, store)
    #expect(try oldest(store) == 2)
    try store.close()
    store = try open()
    #expect(try oldest(store) == 2, "nothing is known by heart")
    try claim(1, store)
    #expect(try oldest(store) == 3)
    try store.close()
    store = try open()
    #expect(try oldest(store) == 3)
    try claim(1, store)
    #expect(try oldest(store) == nil)
    try store.close()
  }

  @Test func `the oldest may stand behind others of a higher priority`() throws {
    let store = try open()
    try enqueue(1, priority: 0, after: 1, store)
    for number: UInt64 in 2...40 { try enqueue(number, priority: 5, after: Int(number), store) }
    try claim(3, store)
    #expect(try oldest(store) == 1)
    try store.close()
  }
}
