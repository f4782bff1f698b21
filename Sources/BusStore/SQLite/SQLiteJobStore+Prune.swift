internal import BusProtocol

extension SQLiteJobStore {
  /// Forgets finished jobs, and merged wishes, that are too old; then the oldest of those that are too many.
  func prune(_ retention: HistoryRetention, limit: Int, at now: Timestamp) throws -> Int {
    let old = now - retention.age
    try pruneLedger(before: old, limit: limit)
    var count = try forgetJobs(before: old, limit: limit)
    let excess = min(book.historyCount - retention.maximumCount, limit - count)
    if excess > 0 { count += try forgetJobs(before: Timestamp(microseconds: .max), limit: excess) }
    book.mergeCount -= try statements.pruneMerges.bind(old).bind(limit).run()
    let mergeExcess = min(book.mergeCount - retention.maximumCount, limit)
    if mergeExcess > 0 { book.mergeCount -= try statements.pruneMerges.bind(Int64.max).bind(mergeExcess).run() }
    _ = try statements.inbox.prune.bind(old).bind(limit).run()
    return count
  }

  private func forgetJobs(before time: Timestamp, limit: Int) throws -> Int {
    guard limit > 0 else { return 0 }
    let forgotten = try statements.pruneJobs.bind(time).bind(limit).all {
      (seq: $0.integer(), queue: $0.integer(), waited: $0.id() as JobID?, hasLines: $0.optionalInteger() != nil)
    }
    for (seq, queue, waited, hasLines) in forgotten {
      try statements.pruneFailures.bind(seq).run()
      if let waited { try forgetBatch(of: waited) }
      if hasLines { try statements.notes.forget.bind(seq).run() }
      book.forget(of: queue)
    }
    return forgotten.count
  }
}
