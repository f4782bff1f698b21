public import BusProtocol

extension BusClient {
  /// Asks for a job, and says what became of the wish: enqueued, merged into one that waits, parked, or refused because
  /// its queue is full or being drained.
  ///
  /// Asked again until busd answers, under one id, so that a lost answer makes no second job. Throws `unreachable` or
  /// `timeout` when it did not answer in time: then the job may still come to be.
  ///
  /// - Parameters:
  ///   - worker: what is to be done, with its inputs.
  ///   - engine: whose job it is; the worker's own when it names one, else that of the job that runs here.
  ///   - queue: where it waits, for a worker that names no queue itself; `default` when nil.
  ///   - at: not before then.
  ///   - delay: not before so long from now; the worker's own for nil.
  ///   - priority: higher ones of a queue go first; the worker's own when nil.
  ///   - expires: how long after it is due, or is asked for, it may still start; the worker's own when nil.
  ///   - notify: whose inbox is told of its end, such as `user:42`; the worker's own when nil.
  ///   - timeout: how long to wait for busd's answer.
  ///   - fallbacks: who takes it when there is none; those of the configuration when nil.
  @discardableResult
  public func enqueue(
    _ worker: some Worker, engine: Name? = nil, queue: Name? = nil, at: Timestamp? = nil, in delay: Duration? = nil,
    priority: Int? = nil, expires: Duration? = nil, notify: String? = nil, timeout: Duration = .seconds(10),
    fallbacks: [Fallback]? = nil
  ) async throws(BusError) -> EnqueueOutcome {
    var job = try wish(worker, engine: engine, queue: queue, at: at, in: delay, priority: priority, expires: expires)
    do { if let notify { job.notify = try InboxItem.checked(owner: notify) } } catch {
      throw BusError(code: error.code.rawValue, error.message)
    }
    return try await enqueue([job], timeout: timeout, fallbacks: fallbacks)[0]
  }

  /// The job that a worker asks for here and now.
  package func wish(
    _ worker: some Worker, engine: Name?, queue: Name? = nil, at: Timestamp? = nil, in delay: Duration? = nil,
    priority: Int? = nil, expires: Duration? = nil
  ) throws(BusError) -> NewJob {
    let draft: JobDraft
    do { draft = try JobDraft(worker) } catch { throw BusError(code: error.code.rawValue, error.message) }
    guard let engine = engine ?? draft.engine ?? RunSurroundings.currentEngine else {
      throw BusError(
        code: "configuration", "\(draft.worker) names no engine", help: "pass engine:, or give it a static engine")
    }
    let (id, now) = (nextJobID(), now())
    var job = draft.job(
      id: id, engine: engine, queue: queue,
      cause: BusContext.current.cause(source: configuration.source, job: id), askedAt: now,
      dueAt: at ?? delay.map { now + $0 })
    if let priority { job.priority = priority }
    if let expires { job.expires(expires, askedAt: now) }
    return job
  }

  /// Asks for a job of a worker that this program does not have, by its name.
  ///
  /// Locks are given as their text, `search.IndexUser(42)`. What else a ``NewJob`` has: `enqueue([job])`.
  @discardableResult
  public func enqueue(
    _ worker: Name, engine: Name, _ inputs: JSONObject, queue: Name? = nil, queueLock: String? = nil,
    workerLock: String? = nil, limit: JobLimit? = nil, priority: Int = 0, at: Timestamp? = nil,
    in delay: Duration? = nil, retry: RetryPolicy? = nil, timeout: Duration = .seconds(10),
    fallbacks: [Fallback]? = nil
  ) async throws(BusError) -> EnqueueOutcome {
    let id = nextJobID()
    let job = NewJob(
      id: id, queue: QueueName(engine: engine, name: queue ?? .defaultQueue), worker: worker, inputs: inputs,
      queueLock: queueLock, workerLock: workerLock, limit: limit, priority: priority,
      dueAt: at ?? delay.map { now() + $0 }, retry: retry,
      cause: BusContext.current.cause(source: configuration.source, job: id))
    return try await enqueue([job], timeout: timeout, fallbacks: fallbacks)[0]
  }

  /// Asks for jobs, all in one step; the outcomes are in the order of the wishes.
  public func enqueue(
    _ jobs: [NewJob], timeout: Duration = .seconds(10), fallbacks: [Fallback]? = nil
  ) async throws(BusError) -> [EnqueueOutcome] {
    switch route {
    case .busd(let connection):
      do { return try await enqueue(jobs, through: connection.link, timeout: timeout) } catch {
        return try await fallBack(jobs, error, fallbacks ?? configuration.fallbacks)
      }
    case .inline(let bus):
      do {
        let outcomes = try bus.enqueue(jobs)
        try await bus.settle()
        return outcomes
      } catch { throw BusError(caught: error) }
    case .nowhere: return jobs.map { tally.suppress(.dropped($0.id, reason: "the environment is suppress")) }
    case .unconnected: throw unconnected
    }
  }

  private func enqueue(
    _ jobs: [NewJob], through link: Link, timeout: Duration
  ) async throws(BusError) -> [EnqueueOutcome] {
    let reply = try await link.request(timeout: timeout) { .enqueue(request: $0, jobs: jobs) }
    guard case .enqueued(_, let outcomes) = reply, outcomes.count == jobs.count else {
      throw BusClient.unexpected(reply)
    }
    return outcomes
  }
}
