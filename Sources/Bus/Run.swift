public import BusProtocol
public import Logging

/// One run of a worker: what it gets besides its inputs.
///
/// A test makes one by hand and needs no bus: `try await IndexUser(userID: 42).work(Run(services: fakes))`.
///
/// A run has to end soon after its task is cancelled: its lease was lost, or its process stops.
public struct Run<Services: Sendable>: Sendable {
  /// What the engine made for its workers.
  public let services: Services
  /// The job that is run.
  public let job: JobID
  /// Which run of the job this is, from 1.
  public let attempt: Int
  /// Names this run's lease; larger than that of every run before. Writes to other stores can be fenced with it: refuse
  /// what comes with a smaller one.
  public let fence: UInt64
  /// The queue from which the job came.
  public let queue: QueueName
  /// Why the job exists.
  public let cause: JobCause
  /// The bus of the engine; nil in a run made by hand.
  public let bus: BusClient?

  /// What a test gave for ``batch``.
  let givenBatch: JobBatch?

  private let lease: RunLease
  private let baseLogger: Logger

  var notes: RunNotes { lease.notes }

  /// Logs with the job's id; what is logged at info and above is kept with the job too.
  public var logger: Logger {
    var logger = baseLogger
    logger[metadataKey: "job.id"] = "\(job)"
    logger[metadataKey: "job.attempt"] = "\(attempt)"
    logger.handler = RunLogHandler(logger.handler, notes)
    return logger
  }

  /// Whether the job is not this run's any more: what it does now another run may do too.
  public var isLeaseLost: Bool { lease.isLost }

  /// What goes back to whoever waits for the job, once its work is done; nil before ``answer(_:)``.
  public var answer: JSONValue? { lease.result }

  /// Says what the job's result is: kept with the job as JSON, for ``BusClient/call(_:engine:queue:returning:timeout:)``
  /// and for whoever looks at it later. The last one counts, and only when the work is done.
  ///
  /// Throws when it is larger than 64 KiB: keep it elsewhere then, and answer with its id.
  public func answer(_ result: some Encodable) throws {
    let json = try JSONValueEncoder().encode(result)
    try JobResult.check(json)
    lease.result = json
  }

  /// A run made by hand, for a test; `batch` are the jobs that it is to have waited for.
  public init(
    services: Services, job: JobID = JobID(high: 0, low: 1), attempt: Int = 1, fence: UInt64 = 1,
    queue: QueueName = QueueName(engine: "test", name: "default"), cause: JobCause = JobCause(),
    logger: Logger = Logger(label: "bus.run"), bus: BusClient? = nil, batch: JobBatch? = nil
  ) {
    givenBatch = batch
    self.services = services
    self.job = job
    self.attempt = attempt
    self.fence = fence
    self.queue = queue
    self.cause = cause
    self.bus = bus
    baseLogger = logger
    lease = RunLease()
  }

  init(services: Services, assignment: Assignment, surroundings: RunSurroundings, lease: RunLease) {
    self.services = services
    givenBatch = nil
    job = assignment.id
    attempt = assignment.attempt
    fence = assignment.token
    queue = assignment.queue
    cause = assignment.cause
    bus = surroundings.bus
    baseLogger = surroundings.logger
    self.lease = lease
  }

  private init<Other>(_ run: Run<Other>, services: Services) {
    self.services = services
    givenBatch = run.givenBatch
    job = run.job
    attempt = run.attempt
    fence = run.fence
    queue = run.queue
    cause = run.cause
    bus = run.bus
    baseLogger = run.baseLogger
    lease = run.lease
  }

  /// The same run with other services: for a worker that needs none, in an engine that has some.
  func with<Other: Sendable>(_ services: Other) -> Run<Other> { Run<Other>(self, services: services) }
}
