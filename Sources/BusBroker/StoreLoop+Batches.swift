internal import BusProtocol
internal import BusStore

/// What is told of batches and chains.
extension StoreLoop {
  /// So many jobs are in one part of a batch at the most; a part is also bounded by its bytes.
  private static let longestPart = 250
  /// So many of those that are still waited for `why` names.
  private static let namedCount = 5

  /// A part of the batch that a job waits for, or waited for.
  func batch(_ asked: JSONMembers) throws -> JSONValue {
    let id: JobID = try asked.read("job")
    let limit = min(max(try asked.optional("limit") ?? StoreLoop.longestPart, 1), StoreLoop.longestPart)
    let batch = try store.batch(
      of: id, from: try asked.optional("from") ?? 0, limit: limit, onlyOpen: try asked.optional("open") ?? false)
    guard let batch else { throw notFound("batch of job", id.description) }
    return batch.json
  }

  /// A job, and whom it waits for.
  func oneJob(_ asked: JSONMembers) throws -> JSONValue {
    let job = try job(asked)
    var answer: JSONObject = ["job": job.json]
    try addBatch(of: job, to: &answer)
    return .object(answer)
  }

  /// For `job` and `why`: whom the job waits for, and who waits for it.
  func addBatch(of job: Job, to answer: inout JSONObject) throws {
    if let batch = try store.batch(of: job.id, from: 0, limit: StoreLoop.namedCount, onlyOpen: true) {
      answer["batch"] = batch.json
    }
    let awaiters = try store.awaiters(of: job.id)
    if !awaiters.isEmpty { answer["awaited_by"] = .array(awaiters.map(\.jsonValue)) }
  }
}
