public import BusProtocol

/// A durable subscription as its engine declares it.
public struct SubscriptionDeclaration: Hashable, Sendable {
  /// Its name.
  public var name: SubscriptionName
  /// The topics that it wants.
  public var patterns: [TopicPattern]
  /// The cursor that it gets if it is new.
  public var start: Offset
  /// What it asks of an event's data, in its engine's words.
  public var conditions: JSONObject

  /// A subscription; `start` counts only the first time.
  public init(name: SubscriptionName, patterns: [TopicPattern], start: Offset, conditions: JSONObject = [:]) {
    self.name = name
    self.patterns = patterns
    self.start = start
    self.conditions = conditions
  }
}

/// A durable subscription as the store keeps it.
public struct SubscriptionStatus: Hashable, Sendable {
  /// Its name.
  public var name: SubscriptionName
  /// The topics that it wants.
  public var patterns: [TopicPattern]
  /// What it asks of an event's data, in its engine's words.
  public var conditions: JSONObject
  /// The last event that was before its time: where it began. Nil for one from before this was kept.
  public var start: Offset?
  /// The last event that it has handled.
  public var cursor: Offset
  /// When it was last declared.
  public var declaredAt: Timestamp
  /// The token of its present runner, 0 if it never had one.
  public var token: UInt64
  /// Who stopped it; nil when it is not.
  public var pause: Pause?

  /// A subscription and where it stands.
  public init(
    name: SubscriptionName, patterns: [TopicPattern], conditions: JSONObject = [:], start: Offset? = nil,
    cursor: Offset, declaredAt: Timestamp, token: UInt64,
    pause: Pause? = nil
  ) {
    self.name = name
    self.patterns = patterns
    self.conditions = conditions
    self.start = start
    self.cursor = cursor
    self.declaredAt = declaredAt
    self.token = token
    self.pause = pause
  }
}

/// The jobs that a subscription asks for on account of a range of events, and the range.
public struct CursorCommit: Hashable, Sendable {
  /// The subscription.
  public var subscription: SubscriptionName
  /// Its runner's token.
  public var token: UInt64
  /// Where the cursor was: the range begins behind it.
  public var from: Offset
  /// The range's last event: where the cursor will be.
  public var through: Offset
  /// The jobs, in the order of their events.
  public var jobs: [NewJob]

  /// A step of a subscription's cursor.
  public init(subscription: SubscriptionName, token: UInt64, from: Offset, through: Offset, jobs: [NewJob]) {
    self.subscription = subscription
    self.token = token
    self.from = from
    self.through = through
    self.jobs = jobs
  }
}

/// What became of an event: the jobs that it led to, and the wishes that were merged into jobs that waited already.
public struct EventDecisions: Hashable, Sendable {
  /// A wish for a job that a queue lock merged into a waiting one.
  public struct Merge: Hashable, Sendable {
    /// The id that the job would have had.
    public var wish: JobID
    /// The job that does the work.
    public var into: JobID
    /// The subscription that asked, nil for a direct enqueue.
    public var subscription: SubscriptionName?
    /// When.
    public var at: Timestamp
    /// What became of the inputs.
    public var policy: MergePolicy
    /// Whether the job ran, and runs once more for it.
    public var isRerun: Bool

    /// A merged wish.
    public init(
      wish: JobID, into: JobID, subscription: SubscriptionName?, at: Timestamp, policy: MergePolicy = .keep,
      isRerun: Bool = false
    ) {
      self.wish = wish
      self.into = into
      self.subscription = subscription
      self.at = at
      self.policy = policy
      self.isRerun = isRerun
    }
  }

  /// The jobs, oldest first.
  public var jobs: [Job]
  /// The merged wishes, oldest first.
  public var merges: [Merge]

  /// Decisions.
  public init(jobs: [Job] = [], merges: [Merge] = []) {
    self.jobs = jobs
    self.merges = merges
  }
}
