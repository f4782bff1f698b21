internal import BusProtocol
internal import GRDB

/// What the store knows by heart: the queues' numbers and counts, and the last token.
///
/// Kept in step with every change of a row, thrown away with a transaction that fails, and loaded when the store
/// is opened. So a dashboard may ask for the counts as often as it likes.
struct QueueBook {
  /// One queue.
  struct Entry {
    let name: QueueName
    var states: [Int]
    var totals = QueueCounts.Totals()
    var totalsAreDirty = false

    init(_ name: QueueName) {
      self.name = name
      states = Array(repeating: 0, count: JobState.allCases.count)
    }

    subscript(state: JobState) -> Int { states[Int(state.code)] }
  }

  /// By number, from 1: the place in the array, plus one.
  private(set) var entries: [Entry] = []
  private var numbers: [QueueName: Int64] = [:]
  /// The largest token that was ever given.
  var token: UInt64 = 0
  var tokenIsDirty = false
  /// Finished jobs, and merged wishes, that are kept.
  var historyCount = 0
  var mergeCount = 0
  var counters = StoreCounters()

  func number(of queue: QueueName) -> Int64? { numbers[queue] }

  subscript(number: Int64) -> Entry { entries[Int(number) - 1] }

  /// Whether the number is one that the book gave.
  func contains(_ number: Int64) -> Bool { number >= 1 && number <= entries.count }

  /// Gives the next number to a queue.
  mutating func add(_ queue: QueueName) -> Int64 {
    entries.append(Entry(queue))
    let number = Int64(entries.count)
    numbers[queue] = number
    return number
  }

  /// A row of the tables, while the store is opened.
  mutating func load(_ totals: QueueCounts.Totals, of number: Int64) { entries[Int(number) - 1].totals = totals }
  mutating func load(_ count: Int, in state: JobState, of number: Int64) {
    entries[Int(number) - 1].states[Int(state.code)] = count
  }

  /// A job was kept.
  mutating func enter(_ state: JobState, of number: Int64) {
    entries[Int(number) - 1].states[Int(state.code)] += 1
    changeTotals(of: number) { $0.enqueued += 1 }
  }

  /// Jobs went from one state to another.
  mutating func move(from old: JobState, to new: JobState, count: Int = 1, of number: Int64) {
    guard old != new else { return }
    entries[Int(number) - 1].states[Int(old.code)] -= count
    guard new.isHistory else {
      entries[Int(number) - 1].states[Int(new.code)] += count
      return
    }
    historyCount += count
    changeTotals(of: number) {
      switch new {
      case .done: $0.done += count
      case .notNeeded: $0.notNeeded += count
      default: $0.merged += count
      }
    }
  }

  /// A wish was merged into a waiting job.
  mutating func mergeWish(of number: Int64) {
    mergeCount += 1
    changeTotals(of: number) { $0.mergedWishes += 1 }
  }

  mutating func nextToken() -> UInt64 {
    token += 1
    tokenIsDirty = true
    return token
  }

  /// The numbers of queues whose totals are to be saved; they count as saved from now on.
  mutating func takeDirty() -> [Int64] {
    var dirty: [Int64] = []
    for index in entries.indices where entries[index].totalsAreDirty {
      entries[index].totalsAreDirty = false
      dirty.append(Int64(index + 1))
    }
    return dirty
  }

  private mutating func changeTotals(of number: Int64, _ change: (inout QueueCounts.Totals) -> Void) {
    change(&entries[Int(number) - 1].totals)
    entries[Int(number) - 1].totalsAreDirty = true
  }
}

extension QueueBook {
  /// Reads the tables when the store is opened: only indexes of what is not finished, and the number of what is.
  init(loadedFrom database: Database) throws {
    for row in try Row.fetchAll(database, sql: "SELECT * FROM queue ORDER BY number") {
      let number = add(try QueueName(row["name"]))
      guard number == row["number"] else { throw StoreError(.corrupt, "the queues are not numbered 1, 2, 3 …") }
      let totals = QueueCounts.Totals(
        enqueued: row["enqueued"], mergedWishes: row["merged_wishes"], done: row["done"],
        notNeeded: row["not_needed"], merged: row["merged"])
      load(totals, of: number)
    }
    let counts = """
      SELECT queue, state, count(*) FROM job WHERE finished_at IS NULL GROUP BY queue, state
      UNION ALL SELECT queue, 5, count(*) FROM job WHERE state = 5 GROUP BY queue
      """
    for row in try Row.fetchAll(database, sql: counts) {
      let number: Int64 = row[0]
      guard contains(number) else { throw StoreError(.corrupt, "a job is in queue \(number), which is not there") }
      load(row[2], in: try JobState(code: row[1]), of: number)
    }
    historyCount = try Int.fetchOne(database, sql: "SELECT count(*) FROM job WHERE state >= 6") ?? 0
    mergeCount = try Int.fetchOne(database, sql: "SELECT count(*) FROM merge") ?? 0
    token = UInt64(bitPattern: try Int64.fetchOne(database, sql: "SELECT last FROM token") ?? 0)
  }
}
