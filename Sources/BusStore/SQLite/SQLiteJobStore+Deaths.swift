internal import BusProtocol

/// A job that dies says so: an event that is due at once is kept in the transaction in which it died, so that whoever
/// subscribes hears of each death, and of none that was not kept.
extension SQLiteJobStore {
  static let deathTopic: Topic = "job_dead"

  func announceDeath(of row: LiveRow, _ life: JobLifecycle, at now: Timestamp) throws {
    guard let job = try statements.job.bind(row.id).first({ try self.job($0) }) else { return }
    // What handles deaths and dies of it says nothing, or it would be told of itself for ever.
    guard job.wish.cause.topic != SQLiteJobStore.deathTopic else { return }
    var data: JSONObject = [
      "job": row.id.jsonValue, "queue": .string(job.wish.queue.description), "worker": .string(job.wish.worker.text),
      "inputs": .object(job.wish.inputs), "attempts": life.attempts.jsonValue,
    ]
    data.set("reason", life.reason)
    data.set("error", job.failures.last?.error)
    let headers = EventHeaders(
      source: "busd", trace: job.wish.cause.trace, causation: .job(row.id),
      correlation: job.wish.cause.correlation ?? CorrelationID(high: row.id.high, low: row.id.low),
      context: job.wish.cause.context)
    // Of one job each death has its own lease, and so its own id.
    let chance = row.id.low ^ job.token &* 0x9E37_79B9_7F4A_7C15
    let event = EventID(at: now, random: (chance >> 32, chance))
    _ = try announce([
      Announcement(
        id: event, topic: SQLiteJobStore.deathTopic, data: JSONValue.object(data).bytes, dueAt: now, headers: headers)
    ])
  }
}
