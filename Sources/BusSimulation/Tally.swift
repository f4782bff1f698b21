/// Sums over many worlds.
struct Tally: Sendable {
  private(set) var seeds = 0
  private(set) var failedSeeds = 0
  private(set) var faults = 0
  /// Of all traces: the same for the same seeds, in whatever order.
  private(set) var trace: UInt64 = 0
  private(set) var checked: [String: Int] = [:]

  mutating func add(_ finding: Finding) {
    seeds += 1
    faults += finding.faultCount
    trace ^= finding.trace
    if !finding.violations.isEmpty { failedSeeds += 1 }
    checked.merge(finding.checked, uniquingKeysWith: +)
  }

  /// The sums in words.
  var lines: [String] {
    let names = checked.sorted { Tally.order($0.key) < Tally.order($1.key) }.map { "\($0.key) \($0.value)" }
    return [
      "\(seeds) seeds, \(faults) faults, \(failedSeeds) failed, trace \(trace)",
      "checked: \(names.joined(separator: ", "))",
    ]
  }

  /// By number; those without one last.
  private static func order(_ name: String) -> Int { Int(name.dropFirst()) ?? .max }
}
