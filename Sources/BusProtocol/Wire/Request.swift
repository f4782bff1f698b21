/// What a client says to busd's request socket: a verb, a JSON object, and for some verbs bytes. See the protocol article.
///
/// A `request` number is the client's own; the answer carries it back.
public enum Request: Hashable, Sendable {
  /// Who comes; the first message of a connection.
  case hello(Hello)
  /// Records from an outbox, in its order. `oldest` is the first sequence that the outbox still has.
  case carry(request: UInt64, publisher: PublisherID, oldest: UInt64, records: [UInt8])
  /// One event as JSON, for those who write no records.
  case publish(request: UInt64, publication: Publication, data: [UInt8])
  /// An event to come.
  case announce(request: UInt64, announcement: Announcement)
  /// Events to come that are not wanted any more.
  case withdraw(request: UInt64, ids: [EventID])
  /// Events after an offset whose topics match, oldest first.
  case read(request: UInt64, after: Offset, patterns: [TopicPattern], limit: Int)
  /// These subscriptions exist, and this process would run them. With `schedules` these are all that its binary has.
  case subscribe(request: UInt64, subscriptions: [SubscriptionWish], schedules: [ScheduleWish]? = nil)
  /// Events were handled: jobs and cursor in one step.
  case commit(request: UInt64, commit: Commit)
  /// Jobs without an event.
  case enqueue(request: UInt64, jobs: [NewJob])
  /// Jobs of which some wait for others: a batch, or a chain. On the wire an `enqueue` too.
  case enqueueGroup(request: UInt64, group: JobGroup)
  /// How many jobs this process runs at once, of which queues, and which workers it knows. Zero: no more jobs.
  case hands(Hands)
  /// Runs ended.
  case finish(request: UInt64, results: [JobResult])
  /// What runs have to say while they run.
  case note(request: UInt64, notes: [JobNote])
  /// Still alive, and still at these.
  case beat(jobs: [Held<JobID>], subscriptions: [Held<SubscriptionName>])
  /// A question about the state: see the protocol article for what can be asked.
  case ask(request: UInt64, about: String, parameters: JSONObject)
  /// An operator's wish to change what is kept: see the protocol article for what can be changed.
  case change(request: UInt64, what: String, parameters: JSONObject)
  /// Goes; what it holds is given back at once.
  case bye
}

/// One event as someone without an outbox publishes it.
public struct Publication: Hashable, Sendable {
  /// What it is about.
  public var topic: Topic
  /// Its name, where the publisher gives one: the same id is stored once.
  public var id: EventID?
  /// Where it came from, and what it carries along.
  public var headers: EventHeaders

  /// One event.
  public init(topic: Topic, id: EventID? = nil, headers: EventHeaders = EventHeaders()) {
    self.topic = topic
    self.id = id
    self.headers = headers
  }
}

/// A durable subscription that a process would run.
public struct SubscriptionWish: Hashable, Sendable {
  /// The most that one process declares.
  public static let maximumCount = 1000

  /// Where a new subscription begins.
  public enum Start: Hashable, Sendable {
    /// With what is published from now on.
    case now
    /// With the oldest event that is kept.
    case beginning
    /// Behind an offset.
    case after(Offset)
  }

  /// Its full name; its cursor is kept under it for ever.
  public var name: SubscriptionName
  /// Which topics it wants.
  public var patterns: [TopicPattern]
  /// Where it begins when it is new.
  public var start: Start
  /// What its engine asks of an event's data, by member, in the engine's own words: kept for `bus why`.
  public var conditions: JSONObject

  /// The process does not want it any more: another one may run it at once.
  public var isLeaving = false

  /// A subscription by name.
  public init(
    name: SubscriptionName, patterns: [TopicPattern], start: Start = .now, conditions: JSONObject = [:]
  ) {
    self.name = name
    self.patterns = patterns
    self.start = start
    self.conditions = conditions
  }
}

/// What a subscription made of the events up to a place.
public struct Commit: Hashable, Sendable {
  /// The subscription.
  public var subscription: SubscriptionName
  /// The token of its lease.
  public var token: UInt64
  /// Where its cursor stood.
  public var from: Offset
  /// Where its cursor goes.
  public var through: Offset
  /// The jobs that the events between ask for, in their order.
  public var jobs: [NewJob]

  /// A step of a subscription.
  public init(subscription: SubscriptionName, token: UInt64, from: Offset, through: Offset, jobs: [NewJob]) {
    self.subscription = subscription
    self.token = token
    self.from = from
    self.through = through
    self.jobs = jobs
  }
}

/// What a worker process can take.
public struct Hands: Hashable, Sendable {
  /// The engine whose workers it has.
  public var engine: Name
  /// The queues it works; their order is the topology's.
  public var queues: [QueueName]
  /// The workers that it knows.
  public var workers: [Name]
  /// How many jobs it takes at once, running and waiting in it.
  public var concurrency: Int

  /// What a process can take.
  public init(engine: Name, queues: [QueueName], workers: [Name], concurrency: Int) {
    self.engine = engine
    self.queues = queues
    self.workers = workers
    self.concurrency = concurrency
  }
}

/// Something held under a lease.
public struct Held<ID: Hashable & Sendable>: Hashable, Sendable {
  /// What is held.
  public var id: ID
  /// The token of the lease.
  public var token: UInt64

  /// Something and the token of its lease.
  public init(_ id: ID, token: UInt64) {
    self.id = id
    self.token = token
  }
}
