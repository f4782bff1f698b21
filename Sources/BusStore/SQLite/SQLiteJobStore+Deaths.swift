internal import BusProtocol

/// A job that dies says so: an event that is due at once is kept in the transaction in which it died, so that whoever
/// subscribes hears of each death, and of none that was not kept.
extension SQLiteJobStore {
  static let deathTopic: Topic = "job_dead"

  func announceDeath(of row: LiveRow, _ life: JobLifecycle, at now: Timestamp) throws {
    guard let job = try statements.job.bind(row.id).first({ try self.job($0) }) else { return }
    // What handles deaths and dies of it says nothing, or it would be told of itself for ever.
    guard job.wish.cause.topic != SQLiteJobStore.deathTopic else { return }
    var data = described(job)
    data["attempts"] = life.attempts.jsonValue
    data.set("reason", life.reason)
    data.set("error", job.failures.last?.error)
    try announce(SQLiteJobStore.deathTopic, data, of: job, at: now)
  }

  /// What every such event says of its job.
  func described(_ job: Job) -> JSONObject {
    [
      "job": job.wish.id.jsonValue, "queue": .string(job.wish.queue.description),
      "worker": .string(job.wish.worker.text), "inputs": .object(job.wish.inputs),
    ]
  }

  /// Keeps an event about a run that just ended; it goes on with the job's chain.
  func announce(_ topic: Topic, _ data: JSONObject, of job: Job, at now: Timestamp) throws {
    let (id, cause) = (job.wish.id, job.wish.cause)
    let headers = EventHeaders(
      source: "busd", trace: cause.trace, causation: .job(id),
      correlation: cause.correlation ?? CorrelationID(high: id.high, low: id.low), context: cause.context)
    // Of one job each run has its own lease, and each topic its own number: so each event has its own id.
    let number = job.token &* 2 &+ (topic == SQLiteJobStore.deathTopic ? 0 : 1)
    let chance = id.low ^ number &* 0x9E37_79B9_7F4A_7C15
    let event = EventID(at: now, random: (chance >> 32, chance))
    _ = try announce([
      Announcement(id: event, topic: topic, data: JSONValue.object(data).bytes, dueAt: now, headers: headers)
    ])
  }
}
