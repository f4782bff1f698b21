internal import BusProtocol
internal import GRDB

extension Job {
  /// Reads a row of the table `job`.
  init(_ row: Row) throws {
    func time(_ column: String) -> Timestamp? { (row[column] as Int64?).map { Timestamp(microseconds: $0) } }
    guard let state = Schema.state(row["state"]) else { throw StoreError(.damaged, "a job is in no known state") }
    let wish = NewJob(
      id: try JobID(row["id"] as String), queue: try QueueName(row["queue"] as String),
      worker: try Name(row["worker"], of: "worker"),
      inputs: try JSONParser.parse((row["inputs"] as String).utf8).members("inputs").object,
      queueLock: row["queue_lock"], workerLock: row["worker_lock"], priority: row["priority"],
      dueAt: time("due_at"),
      retry: try (row["retry"] as String?).map { try RetryPolicy(json: try JSONParser.parse($0.utf8)) },
      cause: try JobCause(json: try JSONParser.parse((row["cause"] as String).utf8)))
    self.init(
      wish, state: state, reason: row["reason"], attempts: row["attempts"], crashes: row["crashes"],
      merges: row["merges"], enqueuedAt: Timestamp(microseconds: row["enqueued_at"]), startedAt: time("started_at"),
      finishedAt: time("finished_at"), process: row["process"], token: UInt64(row["token"] as Int64),
      failures: try Job.failures(row["failures"]))
  }

  /// The failures as the table keeps them; nil for none.
  var failuresText: String? {
    guard !failures.isEmpty else { return nil }
    let list = failures.map { failure -> JSONValue in
      [failure.attempt.jsonValue, failure.at.microseconds.jsonValue, .string(failure.error)]
    }
    return JSONValue.array(list).text
  }

  private static func failures(_ text: String?) throws -> [Failure] {
    guard let text, case .array(let list) = try JSONParser.parse(text.utf8) else { return [] }
    return try list.map { item in
      guard case .array(let parts) = item, parts.count == 3, let attempt = Int(jsonValue: parts[0]),
        let at = Int64(jsonValue: parts[1]), let error = String(jsonValue: parts[2])
      else { throw StoreError(.damaged, "a job's failures cannot be read") }
      return Failure(attempt: attempt, at: Timestamp(microseconds: at), error: error)
    }
  }
}

extension Merge {
  /// Reads a row of the table `merge`.
  init(_ row: Row) throws {
    self.init(
      event: try (row["event"] as String?).map { try EventID($0) },
      offset: (row["offset"] as Int64?).map { Offset(UInt64($0)) },
      subscription: try (row["subscription"] as String?).map { try SubscriptionName($0) },
      job: try JobID(row["job"] as String), at: Timestamp(microseconds: row["at"]))
  }
}
