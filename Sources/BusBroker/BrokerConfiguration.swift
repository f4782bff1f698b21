public import BusProtocol
public import BusSpool
public import BusStore
public import BusTopology

/// Where a busd listens.
public struct BrokerEndpoints: Hashable, Sendable {
  /// Requests with answers: a ROUTER socket.
  public var requests: String
  /// Live events: an XPUB socket.
  public var live: String
  /// Events from plain PUB sockets: a SUB socket that takes all.
  public var intake: String

  /// Three endpoints, each `ipc://path` or `tcp://host:port`.
  public init(requests: String, live: String, intake: String) {
    self.requests = requests
    self.live = live
    self.intake = intake
  }

  /// One machine, no options: ipc in the runtime directory.
  public init(_ directories: BusDirectories) {
    self.init(
      requests: directories.requestsEndpoint, live: directories.liveEndpoint, intake: directories.intakeEndpoint)
  }
}

/// All that a busd is told before it starts.
public struct BrokerConfiguration: Sendable {
  /// Where it listens.
  public var endpoints: BrokerEndpoints
  /// Where the spool's segments are.
  public var spoolDirectory: String
  /// The file of the job store.
  public var storePath: String
  /// The queues and what wires them; nil accepts every queue as it comes.
  public var topology: Topology?
  /// The file that the topology was read from, for people.
  public var topologyFile: String?
  /// Whether nobody is asked for a key, also where the topology has some; on this machine alone.
  public var isInsecure = false
  /// How long a lease lasts without a beat.
  public var lease: Duration
  /// How the spool's files are made.
  public var spool: SpoolOptions
  /// How long events are kept that no topic says otherwise of, and how much of them.
  public var retention: BusSpool.Retention
  /// How long finished jobs are kept.
  public var history: HistoryRetention
  /// What this busd calls itself.
  public var version: String
  /// The process, for people.
  public var processID: Int32

  /// A busd on the given directories; the rest as one machine needs it.
  public init(
    endpoints: BrokerEndpoints, stateDirectory: String, topology: Topology? = nil, topologyFile: String? = nil,
    version: String = ProjectVersion.text, processID: Int32
  ) {
    self.endpoints = endpoints
    spoolDirectory = topology?.bus.spool.directory ?? "\(stateDirectory)/spool"
    storePath = topology?.bus.store?.path ?? "\(stateDirectory)/jobs.db"
    self.topology = topology
    self.topologyFile = topologyFile
    lease = .seconds(15)
    spool = SpoolOptions()
    retention = BusSpool.Retention(topology)
    history = HistoryRetention(age: .seconds(7 * 86_400), maximumCount: 1_000_000)
    self.version = version
    self.processID = processID
  }
}

extension BusSpool.Retention {
  /// What a topology says of how long events are kept: two weeks where it says nothing.
  init(_ topology: Topology?) {
    let retain = topology?.bus.spool.retain
    let age = retain?.age ?? .seconds(14 * 86_400)
    self.init(
      age: age, byteCount: retain?.size.map { Int(clamping: $0.bytes) },
      topicAge: { topic in
        switch topology?.retain(of: topic) ?? .asSpool {
        case .asSpool: age
        case .kept(let retention): retention.age ?? age
        case .none: .zero
        }
      })
  }
}

extension StoreLocation {
  fileprivate var path: String {
    switch self {
    case .sqlite(let path): path
    }
  }
}

extension QueueWiring {
  /// The queues of a topology with their retry policies; nil without a topology.
  init(_ topology: Topology?) {
    guard let topology else {
      self = .any
      return
    }
    var queues: [QueueName: RetryPolicy?] = [:]
    var limits: [QueueName: QueueLimits] = [:]
    var announcing: Set<QueueName> = []
    for engine in topology.engines {
      for queue in engine.queues {
        let name = QueueName(engine: engine.name, name: queue.name)
        queues[name] = topology.retryPolicy(of: name)
        limits[name] = QueueLimits(
          concurrency: queue.concurrency, rate: queue.rate, waiting: queue.limit, retries: queue.retryBudget)
        if queue.announcesFailures { announcing.insert(name) }
      }
    }
    self.init(.only(queues), limits: limits, announcing: announcing)
  }
}
