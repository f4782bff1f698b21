public import BusTopology

/// A program, and how many processes of it are to be kept running.
public struct ProcessDefinition: Sendable, Equatable {
  /// What people call it: `search`; its processes are `search.1`, `search.2` …
  public var name: String
  /// The program's path.
  public var executable: String
  /// What it is started with.
  public var arguments: [String]
  /// What is put into its environment beside what all have.
  public var environment: [String: String]
  /// How many processes are kept running.
  public var count = 1
  /// Whether its processes are counted: without, there is one and it has the program's name.
  public var isNumbered = true
  /// How long a process may take to end after it was told to; then it is killed.
  public var grace: Duration
  /// Processes of a stage are started when those of all earlier stages are ready, and told to end before those.
  public var stage: Int
  /// How one knows that a process is ready.
  public var readiness: Readiness
  /// Whether everything ends when it ends before it was ever ready.
  public var isRequired: Bool
  /// How long a ready process may go without `WATCHDOG=1`; nil when nobody listens for it.
  public var watchdog: Duration?
  /// How its number follows its load, which is never below ``count``; not at all when nil.
  public var autoscaling: Autoscaling?
  /// How long a process may take to say that it is ready; as long as it takes when nil.
  public var startLimit: Duration?
  /// When a process that is well is replaced.
  public var recycling = Recycling.never
  /// How much a process gives way to others: 0 to 19, as nice(1) has it.
  public var niceness: Int32 = 0

  /// Where its processes accept connections, on sockets that the supervisor binds.
  public var listen: [ListenAddress] = []

  /// What the first process finds in `PORT`, each further one a number higher; nothing when nil.
  public var firstPort: Int?

  /// A program to be kept running.
  public init(
    name: String, executable: String, arguments: [String] = [], environment: [String: String] = [:],
    grace: Duration = .seconds(30), stage: Int = 0, readiness: Readiness = .after(.seconds(1)),
    isRequired: Bool = false
  ) {
    self.name = name
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.grace = grace
    self.stage = stage
    self.readiness = readiness
    self.isRequired = isRequired
  }

  /// What the process in a slot is called.
  func processName(slot: Int) -> String { isNumbered ? "\(name).\(slot)" : name }
}
