public import BusProtocol

/// Keeps jobs and cursors: a few verbs, named after the life of a job. One conformance suite holds every store to it.
///
/// A store belongs to one thread. The unit of work is a batch of commands in one transaction.
public protocol JobStore: AnyObject {
  /// Does all commands in their order, each seeing those before it; durable when it returns.
  ///
  /// Throws when the transaction could not be made durable; then nothing happened.
  func perform(_ commands: [StoreCommand], at now: Timestamp) throws(StoreError) -> [StoreReply]

  /// Says which queues there are; jobs of others are parked, and those parked for it come back.
  func configure(_ wiring: QueueWiring, at now: Timestamp) throws(StoreError)

  /// The job of an id.
  func job(_ id: JobID) throws(StoreError) -> Job?
  /// Jobs whose id begins with the characters, at most so many.
  func jobs(withPrefix prefix: String, limit: Int) throws(StoreError) -> [Job]
  /// Jobs that match, the newest first.
  func jobs(_ filter: JobFilter) throws(StoreError) -> [Job]
  /// What each queue holds and has done.
  func queueCounts() throws(StoreError) -> [QueueCounts]
  /// Every subscription that was ever declared.
  func subscriptions() throws(StoreError) -> [SubscriptionStatus]
  /// The lowest cursor; nil without subscriptions.
  func minimumCursor() throws(StoreError) -> Offset?
  /// The jobs that an event made, and the jobs into which its wishes were merged.
  func decisions(forEvent event: EventID) throws(StoreError) -> (jobs: [Job], merges: [Merge])
  /// The wishes that were merged into a job, oldest first, at most a hundred.
  func merges(into job: JobID) throws(StoreError) -> [Merge]
  /// How many ready jobs of its queue go before a ready job.
  func ahead(of job: Job) throws(StoreError) -> Int
  /// The running job that holds a worker lock.
  func holder(ofWorkerLock lock: String) throws(StoreError) -> Job?
  /// The leases that are out.
  func running() throws(StoreError) -> [Lease]
  /// When the next scheduled job is due.
  func nextDue() throws(StoreError) -> Timestamp?
}

/// One change of the store.
public enum StoreCommand: Hashable, Sendable {
  /// Jobs are asked for. Asking again with the same ids gives the same answer and no second job.
  case enqueue([NewJob])
  /// A subscription exists; a new one gets its cursor here, a known one keeps its own.
  case declare(SubscriptionDeclaration)
  /// A process is to run a subscription: gives a new token, which makes every older one void.
  case lease(subscription: SubscriptionName)
  /// A subscription handled events: jobs and cursor in one step, under the lease's token.
  case commit(subscription: SubscriptionName, token: UInt64, from: Offset, through: Offset, jobs: [NewJob])
  /// A process has free hands.
  case claim(Claim)
  /// Runs ended.
  case finish([JobResult])
  /// Processes were lost: their jobs go back, the attempt counts.
  case lose([LostJob])
  /// Scheduled jobs whose time has come become ready.
  case promote
  /// Processes know these workers: jobs that were parked for want of one become ready.
  case unpark(workersKnown: [Name: Set<Name>])
  /// Finished jobs that are old enough go.
  case prune(HistoryRetention)
}

/// The answer to a ``StoreCommand``.
public enum StoreReply: Hashable, Sendable {
  /// What became of each wish.
  case enqueued([EnqueueOutcome])
  /// Where the subscription's cursor stands.
  case declared(cursor: Offset, isNew: Bool)
  /// The lease's token and where the cursor stands.
  case leased(token: UInt64, cursor: Offset)
  /// What became of each wish; the cursor has moved.
  case committed([EnqueueOutcome])
  /// The commit or lease was refused; nothing changed.
  case refused(CommitRefusal)
  /// Jobs, each under a lease.
  case claimed([Assignment])
  /// What became of each result.
  case finished([FinishReply])
  /// How many jobs changed.
  case changed(Int)
}

/// Why a subscription's step was not taken.
public enum CommitRefusal: Hashable, Sendable {
  /// Another lease was given since.
  case staleLease
  /// The cursor stands elsewhere.
  case cursorMoved(to: Offset)
  /// The subscription was never declared.
  case unknownSubscription
}

/// What became of one result.
public enum FinishReply: Hashable, Sendable {
  /// It counts; the job is in this state now, due again then.
  case accepted(JobState, dueAt: Timestamp?)
  /// The lease had ended: nothing changed.
  case stale
}

/// A process with free hands.
public struct Claim: Hashable, Sendable {
  /// A queue that the process works.
  public struct Queue: Hashable, Sendable {
    /// Its name.
    public var name: QueueName
    /// A job that waits longer goes before the queues of higher priority.
    public var starveAfter: Duration?

    /// A queue to claim from.
    public init(name: QueueName, starveAfter: Duration? = nil) {
      self.name = name
      self.starveAfter = starveAfter
    }
  }

  /// The queues, highest priority first.
  public var queues: [Queue]
  /// The most jobs to give.
  public var limit: Int
  /// Which process it is, for people.
  public var process: String
  /// Workers that the process does not know.
  public var except: Set<Name>

  /// A claim.
  public init(queues: [Queue], limit: Int, process: String, except: Set<Name> = []) {
    self.queues = queues
    self.limit = limit
    self.process = process
    self.except = except
  }
}

/// A job whose process was lost.
public struct LostJob: Hashable, Sendable {
  /// The job.
  public var id: JobID
  /// The token of its lease.
  public var token: UInt64
  /// How the process was lost.
  public var reason: String

  /// A lost run.
  public init(id: JobID, token: UInt64, reason: String) {
    self.id = id
    self.token = token
    self.reason = reason
  }
}

/// A subscription as a process declares it.
public struct SubscriptionDeclaration: Hashable, Sendable {
  /// Its name.
  public var name: SubscriptionName
  /// Which topics it wants.
  public var patterns: [TopicPattern]
  /// The cursor that it gets when it is new.
  public var start: Offset

  /// A declared subscription.
  public init(name: SubscriptionName, patterns: [TopicPattern], start: Offset) {
    self.name = name
    self.patterns = patterns
    self.start = start
  }
}

/// How long finished jobs are kept; dead ones stay until someone acts.
public struct HistoryRetention: Hashable, Sendable {
  /// Kept at least so long.
  public var age: Duration
  /// So many go in one transaction at the most.
  public var limit: Int

  /// A week, unless said otherwise.
  public init(age: Duration = .seconds(7 * 86_400), limit: Int = 5000) {
    self.age = age
    self.limit = limit
  }
}

/// The queues that there are, with the retry policy of each.
public struct QueueWiring: Hashable, Sendable {
  /// The policies by queue; nil accepts every queue, with the standard policy.
  public var queues: [QueueName: RetryPolicy]?

  /// A wiring.
  public init(queues: [QueueName: RetryPolicy]?) { self.queues = queues }
}
