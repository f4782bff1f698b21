import Foundation
import Testing

@testable import BusSimulation

/// Whole buses in one thread each, from their seeds. Full runs: `swift run -c release BusSimulation --seeds 100000`.
@Suite(.serialized) struct SimulationTests {
  /// Worlds that are lived through before a mutant has to be found.
  static let mutantPatience: UInt64 = 120
  /// How long the many seeds may take; how many they are then depends on the machine.
  static let budget: Duration = .seconds(30)
  static let mostSeeds: UInt64 = 2000

  @Test func `I1 to I28 hold over many seeds, and all comes to rest`() async throws {
    let outcome = try await apart {
      Campaign(
        seeds: 1..<SimulationTests.mostSeeds + 1, stopsAtFailure: true, deadline: .now + SimulationTests.budget
      ).run()
    }
    for failure in outcome.failures {
      Issue.record("\(failure.violations)\n\(try await apart { try Shrinker.smallest(failure).line })")
    }
    #expect(outcome.errors.isEmpty)
    print(outcome.tally.lines.joined(separator: "\n"))
    #expect(outcome.tally.seeds >= 20)
    // Few worlds, on a busy machine, need not have come to all of them.
    for invariant in SimulationTests.invariants where outcome.tally.seeds >= 200 {
      #expect(outcome.tally.checked[invariant, default: 0] > 0, "\(invariant) was never looked at")
    }
  }

  static let invariants = [
    "I1", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I11", "I12", "I13", "I14", "I15", "I16", "I18", "I20",
    "I21", "I22", "I26", "I27", "I28", "I31",
  ]

  @Test(arguments: KeptSeeds.all) func `a seed that failed once holds`(scenario: Scenario) async throws {
    let finding = try await apart { try World.live(scenario) }
    #expect(finding.violations.isEmpty, "\(scenario.line)")
  }

  @Test(arguments: Mutant.allCases) func `a mistake that is built in is found`(mutant: Mutant) async throws {
    let found = try await apart {
      try (1...SimulationTests.mutantPatience).first { seed in
        try World.live(Scenario(seed: seed, mutant: mutant)).violations.contains { $0.invariant == mutant.invariant }
      }
    }
    print("mutant \(mutant): seed \(found.map(String.init) ?? "none")")
    #expect(found != nil, "\(mutant) was not found in \(SimulationTests.mutantPatience) seeds")
  }

  /// Sets and dictionaries have another order each time: nothing that happens may depend on it.
  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func `I35 the same seed gives the same trace`(seed: UInt64) async throws {
    let traces = try await apart { try (0..<2).map { _ in try World.live(Scenario(seed: seed)).trace } }
    #expect(traces[0] == traces[1])
  }

  /// All that belongs to a busd of a world holds its life, and a long campaign has a hundred thousand worlds. The last
  /// store of a world waits for another one.
  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `a world and a busd that died leave the memory`(seed: UInt64) async throws {
    let isLeft = try await apart {
      var world: World? = try World(Scenario(seed: seed))
      weak let life = world?.busd.life
      weak let left = world
      _ = world?.live()
      world = nil
      return (world: left != nil, busd: life != nil)
    }
    #expect(isLeft == (world: false, busd: false))
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
