public import BusProtocol
public import BusStore

/// A store under test with a clock that stands still, and short words for what a test does over and over.
public final class JobStoreBench {
  /// The store.
  public private(set) var store: any JobStore
  /// What the store is told the time is.
  public var now = Timestamp(microseconds: 1_700_000_000_000_000)
  /// What the store is given for the jitter.
  public var chance: Double {
    get { jitter.chance }
    set { jitter.chance = newValue }
  }

  private let open: JobStoreConformance.Opening
  private let jitter: Jitter
  private var made: UInt64 = 0
  /// Whether there ever was a rate or an end of a pause, which are due by themselves as scheduled jobs are.
  var waitsForTime = false

  /// Shared with the store, which asks for it.
  private final class Jitter { var chance = 0.5 }

  /// Opens the store.
  public init(_ open: @escaping JobStoreConformance.Opening) throws {
    self.open = open
    let jitter = Jitter()
    self.jitter = jitter
    store = try open { jitter.chance }
  }

  /// Closes the store and opens it again: what it promised must still be there.
  public func reopen() throws {
    try store.close()
    store = try open { [jitter] in jitter.chance }
  }

  // MARK: Steps

  /// A job to ask for, in `shop/default` with worker `Work` unless told otherwise.
  public func wish(
    _ worker: Name = "Work", in queue: QueueName = shopDefault, queueLock: String? = nil,
    workerLock: String? = nil, limit: JobLimit? = nil, priority: Int = 0, dueIn delay: Duration? = nil,
    retry: RetryPolicy? = nil, cause: JobCause = JobCause()
  ) -> NewJob {
    if limit?.rate != nil { waitsForTime = true }
    return NewJob(
      id: newID(), queue: queue, worker: worker, inputs: ["n": .integer(Int64(made))], queueLock: queueLock,
      workerLock: workerLock, limit: limit, priority: priority, dueAt: delay.map { now + $0 }, retry: retry,
      cause: cause)
  }

  /// An id that was not there before.
  public func newID<Subject>() -> Identifier<Subject> {
    made += 1
    return Identifier(at: now, random: (0, made))
  }

  /// Asks for a job.
  @discardableResult public func enqueue(_ wish: NewJob) throws -> EnqueueOutcome {
    guard case .enqueued(let outcomes) = try one(.enqueue([wish])), outcomes.count == 1 else { throw unexpected }
    return outcomes[0]
  }

  /// Claims jobs for process `p`.
  public func claim(
    _ limit: Int = 1, from sources: [Claim.Source] = [Claim.Source(shopDefault)], except: Set<Name> = [],
    process: String = "p"
  ) throws -> [Assignment] {
    let claim = Claim(sources, limit: limit, process: process, except: except)
    guard case .claimed(let assignments) = try one(.claim(claim)) else { throw unexpected }
    return assignments
  }

  /// Claims the one job that there must be.
  public func claimOne(from queue: QueueName = shopDefault) throws -> Assignment {
    let claimed = try claim(1, from: [Claim.Source(queue)])
    guard claimed.count == 1 else { throw JobStoreConformance.Broken(description: "no job to claim in \(queue)") }
    return claimed[0]
  }

  /// Reports the end of a run.
  @discardableResult public func finish(_ run: Assignment, _ outcome: Outcome = .done) throws -> FinishReply {
    let result = JobResult(id: run.id, token: run.token, outcome: outcome)
    guard case .finished(let replies) = try one(.finish([result])), replies.count == 1 else { throw unexpected }
    return replies[0]
  }

  /// Reports the end of a run, and claims jobs in the same transaction.
  public func pass(on run: Assignment, _ limit: Int) throws -> [Assignment] {
    let claim = Claim([Claim.Source(shopDefault)], limit: limit, process: "p")
    let result = JobResult(id: run.id, token: run.token, outcome: .done)
    guard case .claimed(let assignments) = try store.perform([.finish([result]), .claim(claim)], at: now).last else {
      throw unexpected
    }
    return assignments
  }

  /// Reports the loss of the process that runs a job.
  @discardableResult public func lose(_ run: Assignment) throws -> FinishReply {
    let lost = LostLease(id: run.id, token: run.token, reason: "killed by signal 9")
    guard case .finished(let replies) = try one(.lose([lost])), replies.count == 1 else { throw unexpected }
    return replies[0]
  }

  /// Stops a queue.
  @discardableResult public func pause(
    _ queue: QueueName = shopDefault, _ kind: QueuePause.Kind = .pause, reason: String = "", for time: Duration? = nil
  ) throws -> QueuePause {
    if time != nil { waitsForTime = true }
    let pause = QueuePause(kind, reason: reason, since: now, until: time.map { now + $0 })
    try expect(try one(.pause(queue, pause)), is: .paused(.success(pause)), "the reply to a pause")
    return pause
  }

  /// Tells the store what the topology allows the queues; any name is one.
  public func limit(_ limits: [QueueName: QueueLimits]) throws {
    try store.configure(QueueWiring(.any, limits: limits), at: now)
  }

  /// Makes due jobs ready.
  @discardableResult public func promote() throws -> Int {
    guard case .promoted(let count) = try one(.promote) else { throw unexpected }
    return count
  }

  /// One command in a batch of its own.
  public func one(_ command: StoreCommand) throws -> StoreReply {
    let replies = try store.perform([command], at: now)
    guard replies.count == 1 else { throw unexpected }
    return replies[0]
  }

  private var unexpected: JobStoreConformance.Broken {
    JobStoreConformance.Broken(description: "the reply is that of another command")
  }

  // MARK: Questions

  /// The job, which must be there.
  public func job(_ id: JobID) throws -> Job {
    guard let job = try store.job(id) else { throw JobStoreConformance.Broken(description: "job \(id) is gone") }
    return job
  }

  /// Demands that something holds.
  public func expect(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    guard condition else { throw JobStoreConformance.Broken(description: message()) }
  }

  /// Demands that two values are equal.
  public func expect<Value: Equatable>(_ value: Value, is expected: Value, _ what: String) throws {
    try expect(value == expected, "\(what): expected \(expected), got \(value)")
  }

  /// Demands a job's state.
  public func expect(_ id: JobID, is state: JobState) throws {
    try expect(try job(id).state, is: state, "the state of job \(id)")
  }
}

/// The queue that jobs of a bench go to.
public let shopDefault = QueueName(engine: "shop", name: "default")
