public import BusProtocol

/// What stands in a job's way: read from the rows when somebody asks, never kept.
extension SQLiteJobStore {
  /// So many of those that hold something are told one by one, and so many merged wishes.
  private static let toldCount = 5

  /// What a job waits for, or others for it.
  public func standing(of job: Job, at now: Timestamp) throws(StoreError) -> JobStanding {
    try reading("the standing of job \(job.id)") {
      var standing = JobStanding()
      switch job.state {
      case .ready:
        standing.ahead = try ahead(of: job.id)
        standing.opensAt = opening(of: job.wish.queue, after: now)
      case .blocked: try tellObstacle(of: job, &standing, at: now)
      case .running:
        let insight = statements.insight
        if let key = job.wish.workerLock {
          standing.waiting += try insight.lockLineCount.bind(key).first { Int($0.integer()) } ?? 0
        }
        if let key = job.wish.limit?.key {
          standing.waiting += try insight.limitLineCount.bind(key).first { Int($0.integer()) } ?? 0
        }
      case .scheduled, .parked, .done, .notNeeded, .merged, .dead, .cancelled, .expired: break
      }
      if job.merges > 0 {
        // After it was asked for and, since only a waiting job takes one in, before its end.
        let last = job.finishedAt?.microseconds ?? Int64.max
        standing.merges = try statements.insight.mergesOfJob.bind(job.enqueuedAt).bind(last).bind(job.id)
          .bind(SQLiteJobStore.toldCount).all { try SQLiteJobStore.merge($0) }
      }
      return standing
    }
  }

  private func tellObstacle(of job: Job, _ standing: inout JobStanding, at now: Timestamp) throws {
    let insight = statements.insight
    let place = try insight.place.bind(job.id).first {
      (queue: $0.integer(), priority: $0.integer(), seq: $0.integer(), by: $0.optionalInteger())
    }
    guard let place else { return }
    standing.waitsForLimit = place.by == BlockedBy.limit.rawValue
    if standing.waitsForLimit, let limit = job.wish.limit {
      standing.holders = try insight.underLimit.bind(limit.key).bind(SQLiteJobStore.toldCount)
        .all { try self.job($0) }
      standing.holderCount = try running(underLimit: limit.key)
      standing.opensAt = try limit.rate.flatMap { rate in
        try meter(of: limit.key).opening(rate, at: now).flatMap { $0 > now ? $0 : nil }
      }
      standing.ahead = try insight.limitLineAhead.bind(limit.key).bind(place.queue).bind(place.priority)
        .bind(place.seq).first { Int($0.integer()) }
    } else if let key = job.wish.workerLock {
      standing.holders = try statements.holder.bind(key).all { try self.job($0) }
      standing.holderCount = standing.holders.count
      standing.ahead = try insight.lockLineAhead.bind(key).bind(place.queue).bind(place.priority)
        .bind(place.seq).first { Int($0.integer()) }
      if standing.holders.isEmpty { standing.next = try insight.firstOfLock.bind(key).first { $0.id() } ?? nil }
    }
  }

  /// When the rate or the pause of a queue lets its next job start; nil when it may now, or time does not help.
  private func opening(of queue: QueueName, after now: Timestamp) -> Timestamp? {
    guard let number = book.number(of: queue) else { return nil }
    return book[number].gate.opening(running: book[number][.running], after: now)
  }
}
