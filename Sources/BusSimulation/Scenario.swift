/// One world to live through: a seed, and what was left out of it to make a failure smaller.
struct Scenario: Hashable, Sendable {
  /// All chance comes from it.
  var seed: UInt64
  /// How many events and jobs are asked for.
  var eventCount = 40
  /// How many faults the plan has.
  var faultCount = 24
  /// The faults of the plan that happen, by their places; nil for all.
  var keptFaults: [Int]?
  /// A mistake that is built in.
  var mutant: Mutant?

  /// How long things go wrong, in microseconds.
  static let unrest: Int64 = 12_000_000
  /// How long all may take to come to rest then.
  static let patience: Int64 = 240_000_000

  /// How long it stays at rest before it is looked at.
  static let silence: Int64 = 6_000_000

  /// What goes wrong.
  var faults: [Fault] {
    let plan = Fault.plan(seed: seed, count: faultCount, through: Scenario.unrest)
    guard let keptFaults else { return plan }
    return keptFaults.filter { plan.indices.contains($0) }.map { plan[$0] }
  }

  /// The scenario as a line of a test.
  var line: String {
    var parts = ["seed: \(seed)"]
    if eventCount != 40 { parts.append("eventCount: \(eventCount)") }
    if faultCount != 24 { parts.append("faultCount: \(faultCount)") }
    if let keptFaults { parts.append("keptFaults: \(keptFaults)") }
    if let mutant { parts.append("mutant: .\(mutant)") }
    return "Scenario(\(parts.joined(separator: ", ")))"
  }
}

/// What became of a world.
struct Finding: Sendable {
  let scenario: Scenario
  let violations: [Violation]
  let trace: UInt64
  /// How often each invariant was looked at.
  let checked: [String: Int]
  let faultCount: Int
  let lines: [String]
}
