/// What busd says to a client: the answer to a request, or something pushed to whoever asked for it before.
public enum Reply: Hashable, Sendable {
  /// The answer to a hello.
  case welcome(Welcome)
  /// All records of the outbox up to this sequence are on disk. Repeats count as there.
  case carried(request: UInt64, through: UInt64, head: Offset)
  /// The event is on disk.
  case published(request: UInt64, id: EventID, offset: Offset)
  /// The event to come is on disk.
  case announced(request: UInt64, id: EventID, dueAt: Timestamp)
  /// These events to come are forgotten; the others were none, or are published already.
  case withdrawn(request: UInt64, ids: [EventID])
  /// Events that were asked for.
  case events(request: UInt64, chunk: EventsChunk)
  /// The subscriptions are known and keep their place from now on.
  case subscribed(request: UInt64)
  /// Pushed: this process runs these subscriptions from now on.
  case granted([Grant])
  /// Jobs and cursor are on disk.
  case committed(request: UInt64, outcomes: [EnqueueOutcome])
  /// The jobs are on disk.
  case enqueued(request: UInt64, outcomes: [EnqueueOutcome])
  /// Pushed: jobs to run.
  case jobs([Assignment])
  /// Pushed: somebody wants these jobs not to go on; what a run makes of it is its result.
  case cancel([JobID])
  /// The results are on disk, except those of leases that had ended; of those that failed, these jobs do not run again.
  case finished(request: UInt64, stale: [JobID], ended: [JobID] = [])
  /// The notes are on disk, except those of leases that had ended.
  case noted(request: UInt64, stale: [JobID])
  /// The beat was heard; these leases had ended: stop that work.
  case beaten(jobs: [JobID], subscriptions: [SubscriptionName])
  /// The answer to a question.
  case answer(request: UInt64, JSONValue)
  /// What an operator wished is done and on disk; what came of it.
  case changed(request: UInt64, JSONValue)
  /// The request was not done. `no_session` asks for a hello first.
  case refused(request: UInt64?, Refusal)
  /// Pushed to who reads and cannot listen live: events up to here are on disk.
  case head(Offset)
  /// Pushed: only to see whether the client is there.
  case ping
}

/// Events as a reader gets them.
public struct EventsChunk: Hashable, Sendable {
  /// How far busd looked: go on reading behind it.
  public var through: Offset
  /// The last event on disk.
  public var head: Offset
  /// Events that were asked for and are no longer kept.
  public var missing: ClosedRange<UInt64>?
  /// Records one behind the other.
  public var records: [UInt8]

  /// A chunk of records.
  public init(through: Offset, head: Offset, missing: ClosedRange<UInt64>? = nil, records: [UInt8]) {
    self.through = through
    self.head = head
    self.missing = missing
    self.records = records
  }
}

/// The right to run a subscription.
public struct Grant: Hashable, Sendable {
  /// The subscription.
  public var subscription: SubscriptionName
  /// Names the lease; goes with each commit.
  public var token: UInt64
  /// Everything up to here is handled.
  public var cursor: Offset

  /// A lease of a subscription.
  public init(subscription: SubscriptionName, token: UInt64, cursor: Offset) {
    self.subscription = subscription
    self.token = token
    self.cursor = cursor
  }
}

/// Why a request was not done.
public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
  /// A stable word: see the protocol article.
  public var code: String
  /// What failed on what, and why.
  public var message: String
  /// What to do.
  public var help: String?
  /// Where asking again later can help: how much later.
  public var retryAfter: Duration?
  /// Where an outbox has to go on: the sequence that busd expects next.
  public var expected: UInt64?
  /// Of a batch of an outbox: the sequences that may not be published. The others before `expected` are on disk.
  public var denied: [UInt64] = []

  /// A refusal with its words.
  public init(
    code: String, message: String, help: String? = nil, retryAfter: Duration? = nil, expected: UInt64? = nil
  ) {
    self.code = code
    self.message = message
    self.help = help
    self.retryAfter = retryAfter
    self.expected = expected
  }

  /// A refusal of bytes that were not understood.
  public init(_ error: ProtocolError) { self.init(code: error.code.rawValue, message: error.message) }

  /// Code, message and help on one line.
  public var description: String { "\(message)\(help.map { "; \($0)" } ?? "") [\(code)]" }
}
