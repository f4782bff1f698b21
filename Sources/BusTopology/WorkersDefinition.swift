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
