internal import BusProtocol

/// The statement for a ``JobFilter``: only words of this file stand in it, what people asked for is bound.
struct FilterQuery {
  let sql: String
  private var values: [Value] = []

  private enum Value {
    case integer(Int64)
    case text(String)
    case event(EventID)
    case job(JobID)
  }

  init(_ filter: JobFilter, _ book: QueueBook) {
    var conditions: [String] = []
    var values: [Value] = []
    func demand(_ condition: String, _ bound: Value...) {
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
    if let event = filter.event { demand("event = ? AND event IS NOT NULL", .event(event)) }
    if let parent = filter.parent { demand("parent = ? AND parent IS NOT NULL", .job(parent)) }
    if let since = filter.since { demand("enqueued_at >= ?", .integer(since.microseconds)) }
    values.append(.integer(Int64(max(0, filter.limit))))
    let condition = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND ")) "
    let order = filter.sort == .newest ? "DESC" : "ASC"
    sql = "SELECT \(Columns.job) FROM job \(condition)ORDER BY seq \(order) LIMIT ?"
    self.values = values
  }

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
      case .event(let event): statement.bind(event)
      case .job(let job): statement.bind(job)
      }
    }
  }
}
