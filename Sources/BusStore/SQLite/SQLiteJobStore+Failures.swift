internal import BusProtocol

/// A queue may tell of each attempt that failed, the last one included: as an event that is due at once, kept in the
/// transaction in which the attempt failed.
extension SQLiteJobStore {
  static let failureTopic: Topic = "job_failed"
  /// So many parents of a job are looked at.
  private static let maximumAncestors = 16

  func announceFailure(of row: LiveRow, _ life: JobLifecycle, error: String, at now: Timestamp) throws {
    guard wiring.announcing.contains(book[row.queue].name) else { return }
    guard let job = try statements.job.bind(row.id).first({ try self.job($0) }) else { return }
    guard try !comesFromFailure(job.wish.cause) else { return }
    var data = described(job)
    data["attempt"] = life.attempts.jsonValue
    data["error"] = .string(error.prefix(byteCount: Outcome.maximumErrorByteCount))
    data["will_retry"] = .bool(life.state != .dead && life.state != .cancelled)
    data.set("due_at", life.state == .scheduled ? life.dueAt?.description : nil)
    try announce(SQLiteJobStore.failureTopic, data, of: job, at: now)
  }

  /// What handles failures and fails says nothing, nor does what it enqueues: it would be told of itself for ever.
  private func comesFromFailure(_ cause: JobCause) throws -> Bool {
    var (topic, parent) = (cause.topic?.text, cause.job)
    for _ in 0..<SQLiteJobStore.maximumAncestors {
      let isOfFailure = topic == SQLiteJobStore.failureTopic.text || topic == SQLiteJobStore.deathTopic.text
      guard !isOfFailure, let job = parent else { return isOfFailure }
      guard let next: (String?, JobID?) = try statements.origin.bind(job).first({ ($0.text(), $0.id()) }) else {
        return false
      }
      (topic, parent) = next
    }
    // A chain this long is no failure's.
    return false
  }
}
