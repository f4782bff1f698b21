/// All processes of one program: how many there are to be, and of which generation.
struct PoolCrew: Equatable {
  let definition: ProcessDefinition
  /// How many are wanted.
  var wanted: Int
  /// None is started, whatever is wanted.
  var isQuiet = false
  /// Of which generation they are to be; those of others are replaced.
  var generation = 0
  /// The number that the next upgrade gets: a generation that failed is not named again.
  var nextGeneration = 1
  /// Whether as many as are wanted were ready once.
  var wasUp = false
  /// Whether people were told that its processes do not stay up.
  var isAlarmed = false
  /// The replacement of all of them that is under way.
  var upgrade: Upgrade?

  init(_ definition: ProcessDefinition) {
    self.definition = definition
    wanted = max(0, definition.count)
  }

  /// How many are to be there.
  var target: Int { isQuiet ? 0 : wanted }

  /// A replacement that is under way.
  struct Upgrade: Equatable {
    let plan: UpgradePlan
    let from: Int
    let to: Int
    let startedAt: ContinuousClock.Instant
    /// How many were there to be replaced.
    let count: Int
    /// Starts of the new ones that failed.
    var failures = 0
    /// Those that were killed because they did not end in time.
    var killed = 0
    /// Why it is taken back.
    var cause: UpgradeFailure?
  }
}

/// How processes are replaced by those of the program as it is now.
public struct UpgradePlan: Sendable, Equatable {
  /// Whether all new ones have to be ready before the first old one is told to end.
  public var isFleet: Bool
  /// How many processes more than wanted there may be meanwhile; a quarter of them, at least one, when nil.
  public var extra: Int?
  /// How long a new one may take to get ready.
  public var deadline: Duration
  /// After how many failed starts it is taken back.
  public var maximumFailures: Int

  /// A plan; without words one after the other.
  public init(isFleet: Bool = false, extra: Int? = nil, deadline: Duration = .seconds(30), maximumFailures: Int = 3) {
    self.isFleet = isFleet
    self.extra = extra.map { min(1000, max(1, $0)) }
    self.deadline = deadline
    self.maximumFailures = max(1, maximumFailures)
  }

  func extra(over count: Int) -> Int { isFleet ? max(count, 1) : extra ?? max(1, count / 4) }
}

/// Why an upgrade was taken back.
public enum UpgradeFailure: Sendable, Equatable {
  /// New processes ended before they were ready: the last one, and after how many tries.
  case ended(process: String, ProcessEnd, tries: Int)
  /// A new process was not ready in time.
  case late(process: String, Duration)
  /// Everything is told to end.
  case stopped
}

/// How an upgrade came out.
public enum UpgradeOutcome: Sendable, Equatable {
  /// All are of the new program; so many of the old ones had to be killed.
  case replaced(count: Int, killed: Int, duration: Duration)
  /// The old ones are at full strength again.
  case takenBack(UpgradeFailure, count: Int)
}
