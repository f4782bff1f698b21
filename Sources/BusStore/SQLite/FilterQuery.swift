internal import BusProtocol

/// The statement for a ``JobFilter``: only words of this file stand in it, what people asked for is bound.
struct FilterQuery {
  let sql: String
  private var values: [FilterSQL.Value] = []

  init(_ asked: JobFilter, _ book: QueueBook, among rows: [ClosedRange<Int64>]? = nil) {
    let filter = asked.narrowed
    var conditions: [String] = []
    var values: [FilterSQL.Value] = []
    func demand(_ condition: String, _ bound: FilterSQL.Value...) {
      conditions.append(condition)
      values += bound
    }
    if let queues = FilterQuery.queues(filter, book) { demand("queue IN (\(queues))") }
    if let state = filter.state {
      // Not bound: SQLite has to see which of the indexes of a state fits.
      demand("state = \(state.code)")
      demand(state.isHistory ? "state >= 6" : state == .dead ? "finished_at IS NOT NULL" : "finished_at IS NULL")
    }
    if let worker = filter.worker { demand("worker = ?", .text(worker.text)) }
    if let lock = filter.lock { demand("(queue_lock = ? OR worker_lock = ?)", .text(lock), .text(lock)) }
    if let event = filter.event { demand("event = ? AND event IS NOT NULL", .blob(event.bytes)) }
    if let parent = filter.parent { demand("parent = ? AND parent IS NOT NULL", .blob(parent.bytes)) }
    if let since = filter.since { demand("enqueued_at >= ?", .integer(since.microseconds)) }
    if let before = filter.before { demand("seq < (SELECT seq FROM job WHERE id = ?)", .blob(before.bytes)) }
    if let filter = filter.where.map({ FilterSQL($0, book) }) {
      conditions.append(filter.condition)
      values += filter.values
    }
    values.append(.integer(Int64(max(0, filter.limit))))
    let condition = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND ")) "
    let order =
      switch filter.sort {
      case .newest: "seq DESC"
      case .oldest: "seq ASC"
      case .next: filter.state == .scheduled ? "due_at, priority DESC, seq" : "priority DESC, seq"
      }
    var source = "job"
    if let rows {
      source = FilterQuery.stretches
      let list = rows.map { JSONValue.array([.integer($0.lowerBound), .integer($0.upperBound)]) }
      values.insert(.text(JSONValue.array(list).text), at: 0)
    }
    sql = "SELECT \(Columns.job) FROM \(source) \(condition)ORDER BY \(order) LIMIT ?"
    self.values = values
  }

  /// A cross join is done in the order in which it is written; left to choose, SQLite reads the whole table.
  private static let stretches = """
    (SELECT json_extract(value, '$[0]') AS first_row, json_extract(value, '$[1]') AS last_row FROM json_each(?))
    CROSS JOIN job ON seq BETWEEN first_row AND last_row
    """

  /// The numbers of the queues that may matter, nil for any. A state of interest is looked up queue by queue, which
  /// is how its index begins.
  private static func queues(_ filter: JobFilter, _ book: QueueBook) -> String? {
    let looksUpState = filter.state.map { !$0.isHistory } ?? false
    guard filter.queue != nil || filter.engine != nil || looksUpState else { return nil }
    return book.entries.enumerated().filter { _, entry in
      (filter.queue ?? entry.name) == entry.name && (filter.engine ?? entry.name.engine) == entry.name.engine
    }.map { String($0.offset + 1) }.joined(separator: ", ")
  }

  func bind(to statement: SQLStatement) {
    for value in values {
      switch value {
      case .integer(let integer): statement.bind(integer)
      case .text(let text): statement.bind(text)
      case .blob(let bytes): statement.bind(blob: bytes)
      }
    }
  }
}

extension JobFilter {
  /// With the state that `where` demands said outright, because only then its index is used.
  var narrowed: JobFilter {
    var filter = self
    guard let root = `where`?.root, state == nil else { return filter }
    var conjuncts = [root]
    while let node = conjuncts.popLast() {
      switch node {
      case .all(let nodes): conjuncts += nodes
      case .test(field: "state", _, .isAnyOf(let scalars)) where scalars.count == 1:
        if case .text(let word)? = scalars.first { filter.state = JobState(rawValue: word) }
      default: break
      }
    }
    return filter
  }
}
