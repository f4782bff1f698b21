/// The processes that work an engine's queues: the `workers` section.
public struct WorkersDefinition: Sendable, Equatable {
  /// One process with eight hands, and half a minute to finish.
  public static let standard = WorkersDefinition()

  /// How many processes are kept running; 0 for none on this machine.
  public var processes: Int
  /// How many jobs one process runs at once.
  public var concurrency: Int
  /// How long a process that is told to end may take to finish its jobs.
  public var shutdown: Duration
  /// What is put into the environment of the processes.
  public var environment: [String: String]

  /// After which time a process counts as ready; nil when it says so itself, as each engine made with Bus does.
  public var ready: Duration?
  /// How long a ready process may be silent before it counts as stuck; nil when nobody listens.
  public var watchdog: Duration?
  /// How long a process may take to say that it is ready; as long as it takes when nil.
  public var start: Duration?
  /// How their number follows the load; not at all when nil.
  public var autoscaling: AutoscaleDefinition?
  /// How much the processes give way to others, as nice(1) has it.
  public var niceness = 0
  /// When a process that is well is replaced.
  public var recycling = RecyclingDefinition()
  /// Where the processes accept connections.
  public var listen: [ListenAddress] = []

  /// Settings of processes.
  public init(
    processes: Int = 1, concurrency: Int = 8, shutdown: Duration = .seconds(30), environment: [String: String] = [:]
  ) {
    self.processes = processes
    self.concurrency = concurrency
    self.shutdown = shutdown
    self.environment = environment
  }
}

/// How the number of processes follows the load: the `autoscale` section.
public struct AutoscaleDefinition: Sendable, Equatable {
  /// How many there may be; never fewer than ``WorkersDefinition/processes``.
  public var maximum: Int
  /// How long a job may wait before there are more.
  public var latency: Duration
  /// After how long without such waiting there is one fewer.
  public var calm: Duration

  /// A rule.
  public init(maximum: Int, latency: Duration = .seconds(5), calm: Duration = .seconds(60)) {
    self.maximum = maximum
    self.latency = latency
    self.calm = calm
  }
}

/// When a process that is well is replaced by another one: the `recycle` section.
public struct RecyclingDefinition: Sendable, Equatable {
  /// The age that it may reach.
  public var age: Duration?
  /// The memory that it may have.
  public var memory: ByteCount?
  /// How many jobs it may do.
  public var jobs: Int?

  /// Limits; nil for none.
  public init(age: Duration? = nil, memory: ByteCount? = nil, jobs: Int? = nil) {
    self.age = age
    self.memory = memory
    self.jobs = jobs
  }
}
