/// One process that is to be kept running.
public struct ProcessDefinition: Sendable, Equatable {
  /// What people call it: `search.1`.
  public var name: String
  /// The program's path.
  public var executable: String
  /// What it is started with.
  public var arguments: [String]
  /// What is put into its environment beside what all have.
  public var environment: [String: String]
  /// How long it may take to end after it was told to; then it is killed.
  public var grace: Duration
  /// Processes of a stage are started when those of all earlier stages are ready, and told to end before those.
  public var stage: Int
  /// How the line begins with which it says that it is ready; nil when it counts as ready once it is started.
  public var readyPrefix: String?
  /// Whether everything ends when it ends before it was ever ready.
  public var isRequired: Bool

  /// A process to be kept running.
  public init(
    name: String, executable: String, arguments: [String] = [], environment: [String: String] = [:],
    grace: Duration = .seconds(30), stage: Int = 0, readyPrefix: String? = nil, isRequired: Bool = false
  ) {
    self.name = name
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.grace = grace
    self.stage = stage
    self.readyPrefix = readyPrefix
    self.isRequired = isRequired
  }
}
