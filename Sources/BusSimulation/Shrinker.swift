/// Makes a failing scenario smaller: leaves out faults, then work, for as long as the same invariant does not hold.
enum Shrinker {
  /// The most worlds that are lived through for it.
  private static let patience = 60

  static func smallest(_ finding: Finding) throws -> Scenario {
    guard let invariant = finding.violations.first?.invariant else { return finding.scenario }
    var left = patience
    func fails(_ scenario: Scenario) throws -> Bool {
      guard left > 0 else { return false }
      left -= 1
      return try World.live(scenario).violations.contains { $0.invariant == invariant }
    }
    var smallest = finding.scenario
    smallest.keptFaults = try fewest(smallest.keptFaults ?? Array(0..<smallest.faultCount)) { kept in
      var scenario = smallest
      scenario.keptFaults = kept
      return try fails(scenario)
    }
    while smallest.eventCount > 1 {
      var scenario = smallest
      scenario.eventCount /= 2
      guard try fails(scenario) else { break }
      smallest = scenario
    }
    return smallest
  }

  /// Leaves out parts of a list, halves first, then ever smaller ones.
  private static func fewest(_ all: [Int], fails: ([Int]) throws -> Bool) rethrows -> [Int] {
    var kept = all
    var length = max(1, kept.count / 2)
    while true {
      var start = 0
      while start < kept.count {
        var rest = kept
        rest.removeSubrange(start..<min(start + length, kept.count))
        if try fails(rest) { kept = rest } else { start += length }
      }
      guard length > 1 else { return kept }
      length /= 2
    }
  }
}
