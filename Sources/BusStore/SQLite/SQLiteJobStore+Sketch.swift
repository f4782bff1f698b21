internal import BusProtocol

extension SQLiteJobStore {
  /// So many rows one question reads for the sketch at most: a twentieth of a second.
  private static let rowsPerQuestion = 100_000
  /// In more stretches than that a value is frequent: from the end of the table on the answer is soon full.
  private static let maximumRangeCount = 256

  /// The rows among which all jobs are that may pass; nil where the whole table is to be looked at.
  func rows(thatMayPass filter: JobFilter) throws -> [ClosedRange<Int64>]? {
    // Jobs that wait or run are few, and have an index.
    guard filter.narrowed.state?.isHistory ?? true, let needles = filter.where.map(FilterSQL.needles),
      !needles.isEmpty
    else { return nil }
    try refreshSketch()
    let rows = sketch.rows(thatMayHave: needles)
    return rows.count <= SQLiteJobStore.maximumRangeCount ? rows : nil
  }

  private func refreshSketch() throws {
    while let last = sketch.stretches.last, try job(inRow: last.lastRow) != last.lastJob { sketch.removeLast() }
    guard !sketch.isFull else { return }
    sketch.begin()
    try statements.inputsBehind.bind(sketch.lastRow).bind(SQLiteJobStore.rowsPerQuestion).each { row in
      let number = row.integer()
      guard let id: JobID = row.id() else { throw StoreError(.corrupt, "job \(number) has no id") }
      row.withText { sketch.note(number, id, $0) }
    }
  }

  private func job(inRow row: Int64) throws -> JobID? { try statements.jobInRow.bind(row).first { $0.id() } ?? nil }
}
