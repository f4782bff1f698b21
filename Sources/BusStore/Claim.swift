public import BusProtocol

/// A process with free hands asks for jobs.
public struct Claim: Hashable, Sendable {
  /// A queue that the process works.
  public struct Source: Hashable, Sendable {
    /// Its name.
    public var queue: QueueName
    /// Neighbours of one priority take turns; nil for a queue that goes strictly by its place.
    public var priority: Int?
    /// Its share of the turns beside those of its priority.
    public var weight: Int
    /// From which age on a ready job takes turns with those of higher queues; nil for never.
    public var starveAfter: Duration?

    /// A queue, strictly by its place unless told otherwise.
    public init(_ queue: QueueName, priority: Int? = nil, weight: Int = 1, starveAfter: Duration? = nil) {
      self.queue = queue
      self.priority = priority
      self.weight = weight
      self.starveAfter = starveAfter
    }
  }

  /// The queues, those with the highest priority first and those of one priority side by side.
  public var sources: [Source]
  /// How many jobs at most.
  public var limit: Int
  /// Who asks: `search.2@web-3:4101`.
  public var process: String
  /// Workers that the process does not know: their jobs are passed over.
  public var except: Set<Name>

  /// A wish for jobs.
  public init(_ sources: [Source], limit: Int, process: String, except: Set<Name> = []) {
    self.sources = sources
    self.limit = limit
    self.process = process
    self.except = except
  }
}

/// A job under a lease: which, by which token, and who has it.
public struct JobLease: Hashable, Sendable {
  /// The job.
  public var job: JobID
  /// The lease's token.
  public var token: UInt64
  /// The process that runs the job.
  public var process: String

  /// A lease.
  public init(job: JobID, token: UInt64, process: String) {
    self.job = job
    self.token = token
    self.process = process
  }
}

/// A lease that ended without a result: the process died, or was silent for too long.
public struct LostLease: Hashable, Sendable {
  /// The job.
  public var id: JobID
  /// The lease's token.
  public var token: UInt64
  /// How it was lost, for people: `process search.2@web-3:4101 was killed by signal 9`.
  public var reason: String

  /// A lost lease.
  public init(id: JobID, token: UInt64, reason: String) {
    self.id = id
    self.token = token
    self.reason = reason
  }
}
