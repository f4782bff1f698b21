internal import BusProtocol
internal import BusStore
internal import BusTopology
internal import Synchronization

/// What does not change while busd runs, and the few numbers that one loop leaves for another.
final class BrokerFacts: Sendable {
  let version: String
  let processID: Int32
  let log: LogID
  let endpoints: BrokerEndpoints
  let lease: Duration
  let history: HistoryRetention
  let topology: Topology?
  let topologyFile: String?
  /// The most data of one event.
  let payload: Int
  let maximumSessions: Int
  let maximumSubscriptions: Int
  /// What each process may send, before any has sent.
  let quotas: QuotaDesk
  /// What people do not see.
  let redaction: Redaction
  let ranks: [QueueName: JobDesk.QueueRank]
  let startedAt: Timestamp

  private let sessionCount = Atomic<Int>(0)
  private let cursor = Mutex<Offset?>(nil)

  init(configuration: BrokerConfiguration, log: LogID, startedAt: Timestamp) {
    version = configuration.version
    processID = configuration.processID
    self.log = log
    endpoints = configuration.endpoints
    lease = configuration.lease
    history = configuration.history
    topology = configuration.topology
    topologyFile = configuration.topologyFile
    let limits = configuration.topology?.bus.limits ?? .standard
    payload = limits.payload
    maximumSessions = limits.sessions
    maximumSubscriptions = limits.subscriptions
    quotas = QuotaDesk(limits)
    redaction = configuration.topology?.redaction ?? Redaction()
    ranks = BrokerFacts.ranks(configuration.topology)
    self.startedAt = startedAt
  }

  private static func ranks(_ topology: Topology?) -> [QueueName: JobDesk.QueueRank] {
    var ranks: [QueueName: JobDesk.QueueRank] = [:]
    for engine in topology?.engines ?? [] {
      for queue in engine.queues {
        ranks[QueueName(engine: engine.name, name: queue.name)] = JobDesk.QueueRank(
          priority: queue.priority, weight: queue.weight, starveAfter: queue.starveAfter)
      }
    }
    return ranks
  }

  /// How the topology wires an engine; nil where it says nothing of it.
  func wiring(of engine: Name) -> EngineWiring? {
    guard let engine = topology?.engine(engine) else { return nil }
    return EngineWiring(
      queues: engine.queuesByPriority.map {
        EngineWiring.Queue(name: $0.name, priority: $0.priority, timeout: $0.timeout)
      },
      subscriptions: engine.subscriptions.map {
        EngineWiring.Subscription(name: $0.name, queue: $0.queue, isEnabled: $0.isEnabled, where: $0.where)
      }, concurrency: engine.workers.concurrency)
  }

  /// How many are connected, for those who ask another loop.
  var sessions: Int {
    get { sessionCount.load(ordering: .relaxed) }
    set { sessionCount.store(newValue, ordering: .relaxed) }
  }

  /// The lowest cursor of all subscriptions: the spool keeps what lies behind it.
  func noteCursor(_ offset: Offset?) { cursor.withLock { $0 = offset } }

  var lowestCursor: Offset? { cursor.withLock { $0 } }
}
