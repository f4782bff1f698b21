/// Jobs that are asked for in one step, of which some wait for others: a batch with the job behind it, or a chain.
///
/// All of them are kept, or none. A job that waits stands in its queue as `parked` from the beginning, and says so; it
/// holds no queue lock until its turn comes.
public struct JobGroup: Hashable, Sendable {
  /// Who waits for whom.
  public enum Kind: Hashable, Sendable {
    /// One more job runs when all have ended, whatever way. These are some of `size`, the first of them at the place
    /// `first`: a batch that is too large for one message comes in parts, each with the same job to run then.
    case batch(then: NewJob, size: Int, first: Int)
    /// Each starts when the one before it is done.
    case chain
  }

  /// The most jobs of a batch.
  public static let maximumBatchSize = 100_000
  /// The most steps of a chain.
  public static let maximumChainLength = 100

  /// The jobs, in their order; without the one that waits for a batch.
  public var jobs: [NewJob]
  /// Who waits for whom.
  public var kind: Kind

  /// A whole batch.
  public init(batch jobs: [NewJob], then: NewJob) {
    self.init(jobs, .batch(then: then, size: jobs.count, first: 0))
  }

  /// A chain.
  public init(chain jobs: [NewJob]) { self.init(jobs, .chain) }

  /// Jobs of a kind.
  public init(_ jobs: [NewJob], _ kind: Kind) {
    self.jobs = jobs
    self.kind = kind
  }

  /// Everything that is asked for; of a batch the job that waits is the last. Outcomes come in this order.
  public var all: [NewJob] {
    switch kind {
    case .batch(let then, _, _): jobs + [then]
    case .chain: jobs
    }
  }

  /// Refuses what is larger than may be, and a part that lies outside of its batch.
  public func check() throws(ProtocolError) {
    switch kind {
    case .batch(_, let size, let first):
      guard size <= JobGroup.maximumBatchSize else {
        throw ProtocolError(
          .tooLarge, "a batch of \(size) jobs is asked for, the limit is \(JobGroup.maximumBatchSize): use several")
      }
      guard first >= 0, jobs.count <= size, first <= size - jobs.count else {
        throw ProtocolError(
          .badMessage, "\(jobs.count) jobs from place \(first) on are no part of a batch of \(size)")
      }
    case .chain:
      guard jobs.count <= JobGroup.maximumChainLength else {
        throw ProtocolError(
          .tooLarge,
          "a chain of \(jobs.count) steps is asked for, the limit is \(JobGroup.maximumChainLength): let the last step "
            + "ask for the next chain")
      }
    }
    guard Set(all.map(\.id)).count == all.count else {
      throw ProtocolError(.badMessage, "two jobs of one batch or chain have the same id")
    }
  }

  // MARK: On the wire

  func json(request: UInt64) -> JSONObject {
    var object: JSONObject = ["request": request.jsonValue, "jobs": .array(jobs.map(\.json))]
    switch kind {
    case .batch(let then, let size, let first):
      var batch: JSONObject = ["then": then.json]
      if size != jobs.count { batch["size"] = size.jsonValue }
      if first != 0 { batch["first"] = first.jsonValue }
      object["batch"] = .object(batch)
    case .chain: object["chain"] = true
    }
    return object
  }

  /// What an `enqueue` asks for besides single jobs; nil when it names neither batch nor chain.
  init?(_ members: JSONMembers, jobs: [NewJob]) throws(ProtocolError) {
    if let batch = members.optionalValue("batch") {
      let batch = try batch.members("batch")
      self.init(
        jobs,
        .batch(
          then: try NewJob(json: try batch.value("then")), size: try batch.optional("size") ?? jobs.count,
          first: try batch.optional("first") ?? 0))
    } else if try members.optional("chain") ?? false {
      self.init(chain: jobs)
    } else {
      return nil
    }
    try check()
  }
}
