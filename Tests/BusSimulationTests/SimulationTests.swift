import Foundation
import Testing

@testable import BusSimulation

/// Whole buses in one thread each, from their seeds. Full runs: `swift run BusSimulation --seeds 100000`.
struct SimulationTests {
  /// Worlds that are lived through before a mutant has to be found.
  static let mutantPatience: UInt64 = 120
  /// How long the many seeds may take; how many they are depends on the machine.
  static let budget: Duration = .seconds(60)
  static let mostSeeds: UInt64 = 2000

  @Test func `I1 to I28 hold over many seeds, and all comes to rest`() async throws {
    let tally = try await apart {
      var tally = Tally()
      let end = ContinuousClock.now + SimulationTests.budget
      for seed in 1...SimulationTests.mostSeeds where ContinuousClock.now < end || seed <= 20 {
        let finding = try World.live(Scenario(seed: seed))
        tally.add(finding)
        guard finding.violations.isEmpty else {
          Issue.record("seed \(seed): \(finding.violations)\n\(try Shrinker.smallest(finding).line)")
          break
        }
      }
      return tally
    }
    print(tally.lines.joined(separator: "\n"))
    #expect(tally.seeds >= 20)
    for invariant in ["I1", "I3", "I4", "I5", "I8", "I9", "I10", "I11", "I12", "I13", "I14", "I15", "I16", "I20"] {
      #expect(tally.checked[invariant, default: 0] > 0, "\(invariant) was never looked at")
    }
  }

  @Test(arguments: KeptSeeds.all) func `a seed that failed once holds`(scenario: Scenario) async throws {
    let finding = try await apart { try World.live(scenario) }
    #expect(finding.violations.isEmpty, "\(scenario.line)")
  }

  @Test(arguments: Mutant.allCases) func `a mistake that is built in is found`(mutant: Mutant) async throws {
    let found = try await apart {
      try (1...SimulationTests.mutantPatience).first { seed in
        try !World.live(Scenario(seed: seed, mutant: mutant)).violations.isEmpty
      }
    }
    print("mutant \(mutant): seed \(found.map(String.init) ?? "none")")
    #expect(found != nil, "\(mutant) was not found in \(SimulationTests.mutantPatience) seeds")
  }

  /// The order of sets and dictionaries is a part of it, which differs from one to the next unless hashing is fixed.
  private static let isHashingFixed = ProcessInfo.processInfo.environment["SWIFT_DETERMINISTIC_HASHING"] == "1"

  @Test(.enabled(if: isHashingFixed, "needs SWIFT_DETERMINISTIC_HASHING=1"), arguments: [1, 2, 3] as [UInt64])
  func `I35 the same seed gives the same trace`(seed: UInt64) async throws {
    let traces = try await apart { try (0..<2).map { _ in try World.live(Scenario(seed: seed)).trace } }
    #expect(traces[0] == traces[1])
  }

  @Test func `a failure shrinks to the faults that it needs`() async throws {
    let (before, smallest) = try await apart { () -> (Scenario, Scenario) in
      for seed in 1...SimulationTests.mutantPatience {
        let finding = try World.live(Scenario(seed: seed, mutant: .syncDoesNothing))
        if !finding.violations.isEmpty { return (finding.scenario, try Shrinker.smallest(finding)) }
      }
      throw Unfound()
    }
    #expect(smallest.faults.count < before.faults.count)
    #expect(smallest.line.contains("mutant: .syncDoesNothing"))
  }

  private struct Unfound: Error {}

  /// On a thread of its own: worlds do not wait for anything, and would hold up the tests that do.
  private func apart<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
  }
}
