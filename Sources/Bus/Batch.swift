public import BusProtocol

/// What became of the wish for a batch.
public struct BatchOutcome: Hashable, Sendable {
  /// The job that runs when the others have ended. The batch goes by its id: `bus why ID`.
  public var then: JobID
  /// What became of each job, in their order.
  public var jobs: [EnqueueOutcome]
  /// What became of the job behind them.
  public var outcome: EnqueueOutcome
}

extension BusClient {
  /// Asks for jobs, of whatever workers, and for one more that runs once when all of them have ended, whatever way.
  ///
  /// ```swift
  /// try await bus.enqueue(batch: sizes.map { ResizeImage(image: 7, width: $0) }, then: PublishAlbum(album: 7))
  /// ```
  /// All are kept, or none; where a queue takes none now all are refused. The last one sees what became of the others by
  /// ``Run/batch`` and ``Run/batchResults(as:)``. It waits as `parked` from the beginning, without its queue lock.
  ///
  /// A batch of more than about half a MiB is asked for in parts. Should this process end between two of them, the last
  /// job waits for ones that nobody asked for: `bus why` says so, and `bus jobs cancel` takes it out.
  ///
  /// - Parameters:
  ///   - workers: what is to be done, at most ``JobGroup/maximumBatchSize``.
  ///   - last: what is to be done then.
  ///   - engine: whose jobs those are whose workers name no engine; that of the job that runs here for nil.
  ///   - queue: where those wait whose workers name no queue; `default` when nil.
  ///   - timeout: how long to wait for busd's answer to each part.
  ///   - fallbacks: who takes it when there is none; those of the configuration when nil.
  @discardableResult
  public func enqueue(
    batch workers: [any Worker], then last: some Worker, engine: Name? = nil, queue: Name? = nil,
    timeout: Duration = .seconds(10), fallbacks: [Fallback]? = nil
  ) async throws(BusError) -> BatchOutcome {
    var then = try wish(last, engine: engine, queue: queue)
    var jobs: [NewJob] = []
    jobs.reserveCapacity(workers.count)
    for worker in workers { jobs.append(try wish(worker, engine: engine, queue: queue)) }
    BusClient.chain(&then, &jobs)
    var outcomes: [EnqueueOutcome] = []
    for part in BusClient.parts(of: jobs, then: then) {
      outcomes = outcomes.dropLast() + (try await enqueue(part, timeout: timeout, fallbacks: fallbacks))
    }
    guard let outcome = outcomes.popLast() else { throw BusClient.noOutcome }
    return BatchOutcome(then: then.id, jobs: outcomes, outcome: outcome)
  }

  /// Asks for jobs, of whatever workers, that run one after the other: each starts when the one before it is done.
  ///
  /// ```swift
  /// try await bus.enqueue(chain: [Fetch(page: 1), Convert(page: 1), Store(page: 1)], engine: "scans")
  /// ```
  /// A step sees the answer of the one before by ``Run/previous(as:)``. When one ends dead or cancelled, those behind it
  /// are cancelled and say why; when someone lets it run again, they wait again. All are kept, or none.
  @discardableResult
  public func enqueue(
    chain workers: [any Worker], engine: Name? = nil, queue: Name? = nil, timeout: Duration = .seconds(10),
    fallbacks: [Fallback]? = nil
  ) async throws(BusError) -> [EnqueueOutcome] {
    guard let first = workers.first else { return [] }
    var head = try wish(first, engine: engine, queue: queue)
    var steps: [NewJob] = []
    for worker in workers.dropFirst() { steps.append(try wish(worker, engine: engine, queue: queue)) }
    BusClient.chain(&head, &steps)
    return try await enqueue(JobGroup(chain: [head] + steps), timeout: timeout, fallbacks: fallbacks)
  }

  /// Asks for a batch, a part of one, or a chain; the outcomes in the order of ``JobGroup/all``.
  public func enqueue(
    _ group: JobGroup, timeout: Duration = .seconds(10), fallbacks: [Fallback]? = nil
  ) async throws(BusError) -> [EnqueueOutcome] {
    do { try group.check() } catch { throw BusError(code: error.code.rawValue, error.message) }
    switch route {
    case .busd(let connection):
      do { return try await enqueue(group, through: connection.link, timeout: timeout) } catch {
        return try await fallBack(group, error, fallbacks ?? configuration.fallbacks)
      }
    case .inline(let bus):
      do {
        let outcomes = try bus.enqueue(group)
        try await bus.settle()
        return outcomes
      } catch { throw BusError(caught: error) }
    case .nowhere: return group.all.map { tally.suppress(.dropped($0.id, reason: "the environment is suppress")) }
    case .unconnected: throw unconnected
    }
  }

  private func enqueue(
    _ group: JobGroup, through link: Link, timeout: Duration
  ) async throws(BusError) -> [EnqueueOutcome] {
    let reply = try await link.request(timeout: timeout) { .enqueueGroup(request: $0, group: group) }
    guard case .enqueued(_, let outcomes) = reply, outcomes.count == group.all.count else {
      throw BusClient.unexpected(reply)
    }
    return outcomes
  }

  /// Jobs that nothing led to belong to one chain of causes all the same.
  private static func chain(_ one: inout NewJob, _ others: inout [NewJob]) {
    let correlation = one.cause.correlation
    for index in others.indices where others[index].cause.job == nil && others[index].cause.event == nil {
      others[index].cause.correlation = correlation
    }
  }

  private static var noOutcome: BusError {
    BusError(
      code: "protocol", "busd answered a batch without saying what became of it", help: "upgrade the older of the two")
  }

  // MARK: Parts

  /// So many bytes of jobs go into one part, and so many jobs: with the job behind them it fits into one message.
  private static let partByteCount = 512 << 10
  private static let maximumPartCount = 2000

  /// The batch in parts that each fit into a message; one where it is small, or empty.
  static func parts(of jobs: [NewJob], then: NewJob) -> [JobGroup] {
    var parts: [JobGroup] = []
    var (first, byteCount) = (0, 0)
    for (index, job) in jobs.enumerated() {
      let own = job.json.bytes.count
      if index > first, byteCount + own > partByteCount || index - first == maximumPartCount {
        parts.append(JobGroup(Array(jobs[first..<index]), .batch(then: then, size: jobs.count, first: first)))
        (first, byteCount) = (index, 0)
      }
      byteCount += own
    }
    return parts + [JobGroup(Array(jobs[first...]), .batch(then: then, size: jobs.count, first: first))]
  }

  // MARK: Reading

  /// All jobs that a job waits for, or waited for: its batch, or the step before it; nil for one that never did.
  public func batch(of job: JobID, timeout: Duration = .seconds(10)) async throws(BusError) -> JobBatch? {
    guard var batch = try await part(of: job, from: 0, timeout) else { return nil }
    while let next = batch.next {
      guard let more = try await part(of: job, from: next, timeout) else { return nil }
      batch.jobs += more.jobs
      batch.next = more.next
    }
    return batch
  }

  private func part(of job: JobID, from place: Int, _ timeout: Duration) async throws(BusError) -> JobBatch? {
    switch route {
    case .inline(let bus): do { return try bus.batch(of: job, from: place) } catch { throw BusError(caught: error) }
    case .nowhere: return nil
    case .busd, .unconnected: break
    }
    let answer: JSONValue
    do { answer = try await ask("batch", ["job": job.jsonValue, "from": place.jsonValue], timeout: timeout) } catch {
      guard error.code != "not_found" else { return nil }
      throw error
    }
    do { return try JobBatch(json: answer) } catch {
      throw BusError(code: error.code.rawValue, error.message, help: "use a client and a busd of one version")
    }
  }
}

extension Run {
  /// The jobs that this one waited for, in their order: how each ended, what it answered, what went wrong. Nil for a job
  /// that waited for none. Asked of busd each time.
  public var batch: JobBatch? {
    get async throws(BusError) {
      if let givenBatch { return givenBatch }
      return try await bus?.batch(of: job)
    }
  }

  /// What the jobs of the batch answered, in their order; nil for one that did not get done, or did not answer.
  public func batchResults<Answer: Decodable>(as type: Answer.Type = Answer.self) async throws(BusError) -> [Answer?] {
    try await batch?.answers(as: type) ?? []
  }

  /// What the step before this one in its chain answered; nil for the first step, and where it did not answer.
  public func previous<Answer: Decodable>(as type: Answer.Type = Answer.self) async throws(BusError) -> Answer? {
    guard let batch = try await batch, batch.step != nil else { return nil }
    return try batch.answers(as: type).first ?? nil
  }
}

extension JobBatch {
  fileprivate func answers<Answer: Decodable>(as type: Answer.Type) throws(BusError) -> [Answer?] {
    var answers: [Answer?] = []
    answers.reserveCapacity(jobs.count)
    for member in jobs {
      do {
        answers.append(
          try member.result.map { (result) throws(ProtocolError) in
            try JSONValueDecoder().decode(Answer.self, from: result, of: "the answer of job \(member.job)")
          })
      } catch {
        throw BusError(code: error.code.rawValue, error.message, help: "read it as the type that the worker answers")
      }
    }
    return answers
  }
}
